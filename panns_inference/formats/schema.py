"""The columns of tables: CSV, Excel and Parquet have a row for each tag, event or embedding.

A column is a line of `COLUMNS`; the first ones have the names of DCASE (filename, onset, offset,
event_label). A recording in which nothing was found has one row, in which only the columns are
filled that are about the recording.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from typing import Any, NamedTuple

from ..errors import UsageError
from ..events import Event
from ..results import Detection, Embedding, Result, Tagging
from .spans import Selection, spans_or_none

SCHEMA = 1
"""Version of what columns and keys mean: it grows when one of them changes or goes, and stays when
one is added."""

Row = Event | Embedding | None
"""What a row is about, beside the recording; None where nothing was found."""


class Kind(Enum):
    """What a column holds."""

    TEXT = "text"
    NUMBER = "whole number"
    SECONDS = "seconds"
    PROBABILITY = "probability"
    SIMILARITY = "cosine"
    THRESHOLD = "threshold"
    VALUE = "value of an embedding"
    VECTOR = "embedding"


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        name: its header.
        kind: what it holds.
        value: returns the cell for a result and what a row is about; None is an empty cell.
        is_there: whether a table has the column whose first result is this one.
    """

    name: str
    kind: Kind
    value: Callable[[Result, Row], Any]
    is_there: Callable[[Result], bool] = lambda _: True


def _of_row(name: str) -> Callable[[Result, Row], Any]:
    return lambda _, row: getattr(row, name, None)


def _has_times(result: Result) -> bool:
    """Whether there are times: the tags of a whole recording have none."""
    return isinstance(result, Detection) or bool(getattr(result, "stretches", ()))


def _has_no_times(result: Result) -> bool:
    return not _has_times(result)


def _clock(result: Result, row: Row) -> str | None:
    """The time of day at which the event or window begins."""
    return None if row is None else result.clock_text(row.onset)


COLUMNS = (
    Column("filename", Kind.TEXT, lambda result, _: result.source or ""),
    Column("onset", Kind.SECONDS, _of_row("onset"), _has_times),
    Column("offset", Kind.SECONDS, _of_row("offset"), _has_times),
    Column("event_label", Kind.TEXT, _of_row("label")),
    Column("mid", Kind.TEXT, _of_row("mid")),
    Column("index", Kind.NUMBER, _of_row("index")),
    Column("probability", Kind.PROBABILITY, _of_row("probability")),
    Column("track", Kind.NUMBER, lambda result, _: result.track, lambda r: r.track is not None),
    Column("channel", Kind.NUMBER, lambda result, _: result.channel),
    Column("model", Kind.TEXT, lambda result, _: result.model),
    Column("threshold", Kind.THRESHOLD, _of_row("threshold")),
    Column("duration", Kind.SECONDS, lambda result, _: result.duration, _has_no_times),
    Column("clock", Kind.TEXT, _clock, lambda result: result.is_clocked),
)
"""The columns of tags and events, in their order: new ones come at the end."""

_NAMED = {column.name: column for column in COLUMNS}


def columns_of(result: Result, *, spread: bool = True) -> list[Column]:
    """Return the columns of a table whose first result is this one.

    Args:
        result: of any kind.
        spread: whether each value of an embedding has a column; else all are in one.
    """
    if not isinstance(result, Embedding):
        return [column for column in COLUMNS if column.is_there(result)]
    names = "filename", *result.chosen, "onset", "offset"
    values = [Column("embedding", Kind.VECTOR, _of_row("vector"))]
    if spread:
        values = [Column(str(i), Kind.VALUE, _value(i)) for i in range(len(result.vector))]
    return [*map(_NAMED.__getitem__, names), *values]


def rows_of(
    result: Tagging | Detection | Embedding, columns: Sequence[Column], selection: Selection
) -> Iterator[list[Any]]:
    """Yield the cells of each row of a recording; it has at least one.

    Args:
        result: of any kind.
        columns: of the table.
        selection: which tags.

    Raises:
        UsageError: if it is a tagging along a recording, and the table has no times.
    """
    there = {column.name for column in columns}
    if "onset" not in there and _has_times(result):
        raise UsageError(
            f"the tags of {result.source} have times, and those of the recordings before it have "
            "none: they go into different tables"
        )
    rows: Iterator[Row] = (
        iter(result.stretches or (result,))
        if isinstance(result, Embedding)
        else spans_or_none(result, selection)
    )
    for row in rows:
        yield [column.value(result, row) for column in columns]


def rows_of_all(
    first: Tagging | Detection | Embedding,
    others: Iterable[Tagging | Detection | Embedding],
    columns: Sequence[Column],
    selection: Selection,
) -> Iterator[list[Any]]:
    """Return the rows of several recordings, made one recording at a time; none is kept.

    Args:
        first: the first of them.
        others: those that follow.
        columns: as for `rows_of`.
        selection: as for `rows_of`.
    """
    following = (row for result in others for row in rows_of(result, columns, selection))
    return itertools.chain(rows_of(first, columns, selection), following)


def _value(index: int) -> Callable[[Result, Row], Any]:
    return lambda _, row: row.vector[index] if isinstance(row, Embedding) else None
