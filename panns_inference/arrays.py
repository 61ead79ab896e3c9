"""Results as arrays, and back: how the journal of a run keeps them, and what NPZ files hold.

Each field of a result is an array, a number or a text; events are a table, and the fields of
stretches are stacked. Nothing is lost, to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .audioset import mid_of
from .events import Event
from .results import Detection, Embedding, Result, Tagging

Arrays = Mapping[str, NDArray[Any]]

KINDS: dict[str, type[Tagging | Detection | Embedding]] = {
    kind.__name__: kind for kind in (Tagging, Detection, Embedding)
}

APART = frozenset({"source", "labels", "events", "stretches"})
"""Fields that the reader knows, and those that are kept in their own way."""

NUMBERS = ("onset", "offset", "probability", "mean_probability", "threshold")
"""What is kept of an event, beside its index."""

EVENT = np.dtype([("index", np.int64), *((name, np.float64) for name in NUMBERS)])

STRETCHES = "stretches/"
"""Beginning of the names of what is kept of stretches."""


def to_arrays(result: Result) -> dict[str, NDArray[Any]]:
    """Return a result as arrays, without the name of its recording and the labels of the network.

    Args:
        result: of any kind.
    """
    arrays = {"kind": np.asarray(type(result).__name__), **_fields(result)}
    if isinstance(result, Detection):
        rows = [(e.index, *(getattr(e, name) for name in NUMBERS)) for e in result.events]
        arrays["events"] = np.array(rows, EVENT)
    elif isinstance(result, Tagging | Embedding) and result.stretches:
        stretches = [_fields(each) for each in result.stretches]
        arrays |= {
            f"{STRETCHES}{name}": np.stack([each[name] for each in stretches])
            for name in stretches[0]
        }
    return arrays


def from_arrays(arrays: Arrays, source: str | None, labels: Sequence[str]) -> Result:
    """Return the result that `to_arrays` was given.

    Args:
        arrays: as `to_arrays` returned them.
        source: what the recording is called now.
        labels: display names of the network's classes.
    """
    kind = KINDS[arrays["kind"].item()]
    given: dict[str, Any] = {"source": source}
    if kind is not Embedding:
        given["labels"] = tuple(labels)
    columns = {
        name.removeprefix(STRETCHES): array
        for name, array in arrays.items()
        if name.startswith(STRETCHES)
    }
    stretches = tuple(
        kind(**given, **_values(kind, dict(zip(columns, cells, strict=True))))
        for cells in zip(*columns.values(), strict=True)
    )
    if kind is Detection:
        given["events"] = tuple(_event(row, labels) for row in arrays["events"])
    else:
        given["stretches"] = stretches
    return kind(**given, **_values(kind, arrays))


def _fields(result: Result) -> dict[str, NDArray[Any]]:
    """The fields of a result that are one array, number or text; None is left out."""
    from .audio.clock import to_text  # a command line is parsed without it

    values = {each.name: getattr(result, each.name) for each in fields(result)}
    return {
        name: np.asarray(to_text(value) if isinstance(value, datetime) else value)
        for name, value in values.items()
        if name not in APART and value is not None
    }


def _values(kind: type[Result], arrays: Arrays) -> dict[str, Any]:
    """The same fields as values again; those that are not there are None."""
    arrays_of = {each.name: arrays.get(each.name) for each in fields(kind)}
    from .audio.clock import from_text

    values = {
        name: array if array is None or array.ndim else array.item()
        for name, array in arrays_of.items()
        if name not in APART
    }
    start = values["start"]
    return {**values, "start": from_text(start) if isinstance(start, str) else None}


def _event(row: np.void, labels: Sequence[str]) -> Event:
    index, *numbers = row.tolist()
    label = labels[index]
    values = dict(zip(NUMBERS, numbers, strict=True))
    return Event(**values, label=label, mid=mid_of(label), index=index)
