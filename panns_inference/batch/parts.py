"""Results of single recordings on the disk, until they are put into one table; nothing is lost.

A part is an `.npz` without pickled objects: each field of a result is an array, a number or a text;
events are a table, and the fields of stretches are stacked.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from ..audioset import mid_of
from ..events import Event
from ..files import Fingerprint, open_partial
from ..results import Detection, Embedding, Result, Tagging
from .repair import set_aside

KINDS: dict[str, Any] = {kind.__name__: kind for kind in (Tagging, Detection, Embedding)}

APART = frozenset({"source", "labels", "events", "stretches"})
"""Fields that the reader knows, and those that are kept in their own way."""

NUMBERS = ("onset", "offset", "probability", "mean_probability")
"""What is kept of an event, beside its index."""

EVENT = np.dtype([("index", np.int64), *((name, np.float64) for name in NUMBERS)])

Arrays = dict[str, Any]


def write_part(path: Path, result: Result) -> Fingerprint:
    """Write a result; its name never stands for half of it while the system is up.

    Args:
        path: of the part; its folder is made if need be.
        result: of any kind.

    Returns:
        The fingerprint of the file. After a power cut it may be another one: nothing waits here
        until the disk has it.
    """
    arrays = _fields(result)
    if isinstance(result, Detection):
        rows = [(e.index, *(getattr(e, name) for name in NUMBERS)) for e in result.events]
        arrays["events"] = np.array(rows, EVENT)
    elif isinstance(result, Tagging | Embedding) and result.stretches:
        columns = zip(*(_fields(each).items() for each in result.stretches), strict=True)
        for cells in columns:
            arrays[f"stretches/{cells[0][0]}"] = np.stack([value for _, value in cells])
    # Made in memory: on a full disk, zipfile hides the cause behind an error of its own.
    content = io.BytesIO()
    np.savez(content, kind=np.asarray(type(result).__name__), **arrays)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    for name in (path, temporary):
        set_aside(name, stat.S_ISREG, [])
    with open_partial(temporary) as file:
        file.write(content.getbuffer())
    os.replace(temporary, path)
    digest = hashlib.sha256(content.getbuffer()).hexdigest()
    return Fingerprint(content.tell(), path.stat().st_mtime_ns, digest)


def read_part(path: Path, source: str | None, labels: Sequence[str]) -> Result:
    """Read a result.

    Args:
        path: of the part.
        source: what the recording is called now.
        labels: display names of the classes.
    """
    with np.load(path) as file:
        arrays = dict(file)
    kind = KINDS[arrays.pop("kind").item()]
    given: dict[str, Any] = {"source": source}
    if "labels" in {each.name for each in fields(kind)}:
        given["labels"] = tuple(labels)
    columns = {name: arrays.pop(name) for name in list(arrays) if name.startswith("stretches/")}
    names = [name.removeprefix("stretches/") for name in columns]
    stretches = tuple(
        kind(**given, **_values(kind, dict(zip(names, cells, strict=True))))
        for cells in zip(*columns.values(), strict=True)
    )
    events = tuple(_event(row, labels) for row in arrays.pop("events", ()))
    more = {"events": events} if kind is Detection else {"stretches": stretches}
    result: Result = kind(**given, **_values(kind, arrays), **more)
    return result


def _fields(result: Result) -> Arrays:
    """What is in the fields of a result, as arrays."""
    values = {each.name: getattr(result, each.name) for each in fields(result)}
    kept = {name: value for name, value in values.items() if name not in APART}
    return {name: np.asarray(value) for name, value in kept.items() if value is not None}


def _values(kind: Any, arrays: Arrays) -> dict[str, Any]:
    """The fields again; those that are not there are None."""
    names = {each.name for each in fields(kind)} - APART
    values: dict[str, Any] = dict.fromkeys(names)
    return values | {
        name: array[()] if array.ndim else array.item() for name, array in arrays.items()
    }


def _event(row: Any, labels: Sequence[str]) -> Event:
    index, *numbers = row.tolist()
    label = labels[index]
    return Event(
        **dict(zip(NUMBERS, numbers, strict=True)), label=label, mid=mid_of(label), index=index
    )
