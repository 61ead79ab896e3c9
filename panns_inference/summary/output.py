"""Groups as text: for people, for spreadsheets, for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from ..formats import csv
from ..formats.spans import Selection, unicode
from ..terminal import printable
from .summarise import Group

Row = tuple[str | int | float, ...]


def texts(form: str, by: Sequence[str], groups: Sequence[Group], selection: Selection) -> str:
    """Return groups as a text of a format.

    Args:
        form: name of one of `FORMATS`.
        by: what events are grouped by: the first columns.
        groups: the groups.
        selection: how cells are written.
    """
    columns = [*by, "events", "seconds"]
    rows: list[Row] = [(*g.values, g.events, round(g.seconds, 3)) for g in groups]
    return unicode("".join(FORMATS[form](columns, rows, selection)))


def _table(columns: Sequence[str], rows: Sequence[Row], _: Selection) -> Iterator[str]:
    """Columns side by side: texts begin below each other, and numbers end so."""
    cells = [columns, *([_shown(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    is_text = [all(isinstance(row[i], str) for row in rows) for i in range(len(columns))]
    for line in cells:
        padded = (
            cell.ljust(width) if left else cell.rjust(width)
            for cell, width, left in zip(line, widths, is_text, strict=True)
        )
        yield "  ".join(padded).rstrip() + "\n"


def _shown(value: str | int | float) -> str:
    return f"{value:.2f}" if isinstance(value, float) else printable(str(value))


def _csv(columns: Sequence[str], rows: Sequence[Row], selection: Selection) -> Iterator[str]:
    yield csv.line(columns, selection)
    for row in rows:
        yield csv.line(
            [csv.defused(cell, selection) if isinstance(cell, str) else cell for cell in row],
            selection,
        )


def _json(columns: Sequence[str], rows: Sequence[Row], _: Selection) -> Iterator[str]:
    objects = (dict(zip(columns, row, strict=True)) for row in rows)
    yield "[\n" + ",\n".join(map(json.dumps, objects)) + "\n]\n"


FORMATS: Mapping[str, Callable[[Sequence[str], Sequence[Row], Selection], Iterator[str]]] = {
    "table": _table,
    "csv": _csv,
    "json": _json,
}
"""The formats by name."""
