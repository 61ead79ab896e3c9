"""Groups in files: for people, for spreadsheets, for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any

from ..formats import csv, xlsx
from ..formats.schema import Kind
from ..formats.spans import Selection, unicode
from ..terminal import printable
from .summarise import Group

Kinds = Mapping[str, Kind]
Rows = Sequence[Sequence[str | int | float]]


def write(
    form: str, by: Sequence[str], groups: Sequence[Group], file: IO[Any], selection: Selection
) -> None:
    """Write groups to a file.

    Args:
        form: name of one of `WRITERS`.
        by: what events are grouped by: the first columns.
        groups: the groups.
        file: open for text; for xlsx, for bytes.
        selection: how cells are written.
    """
    kinds = {name: _kind(place, groups) for place, name in enumerate(by)}
    kinds |= {"events": Kind.NUMBER, "seconds": Kind.SECONDS}
    rows = [(*group.values, group.events, round(group.seconds, 6)) for group in groups]
    WRITERS[form](kinds, rows, file, selection)


def _kind(place: int, groups: Sequence[Group]) -> Kind:
    are_numbers = all(isinstance(group.values[place], int) for group in groups)
    return Kind.NUMBER if groups and are_numbers else Kind.TEXT


def _table(kinds: Kinds, rows: Rows, file: IO[str], _: Selection) -> None:
    """Columns side by side: texts begin below each other, and numbers end so."""
    cells = [[*kinds], *([_shown(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        padded = (
            cell.ljust(width) if kind is Kind.TEXT else cell.rjust(width)
            for cell, width, kind in zip(line, widths, kinds.values(), strict=True)
        )
        file.write("  ".join(padded).rstrip() + "\n")


def _shown(value: str | int | float) -> str:
    return f"{value:.2f}" if isinstance(value, float) else printable(str(value))


def _csv(kinds: Kinds, rows: Rows, file: IO[str], selection: Selection) -> None:
    file.write(csv.header(kinds, selection))
    for row in rows:
        file.write(unicode(csv.row(kinds, row, selection)))


def _tsv(kinds: Kinds, rows: Rows, file: IO[str], selection: Selection) -> None:
    _csv(kinds, rows, file, selection._replace(delimiter="\t"))


def _xlsx(kinds: Kinds, rows: Rows, file: IO[bytes], _: Selection) -> None:
    with xlsx.workbook(file) as book:
        xlsx.fill(book, "summary", kinds, iter(rows))


def _json(kinds: Kinds, rows: Rows, file: IO[str], _: Selection) -> None:
    objects = (json.dumps(dict(zip(kinds, row, strict=True))) for row in rows)
    file.write("[\n" + ",\n".join(objects) + "\n]\n")


WRITERS: Mapping[str, Callable[[Kinds, Rows, IO[Any], Selection], None]] = {
    "table": _table,
    "csv": _csv,
    "tsv": _tsv,
    "xlsx": _xlsx,
    "json": _json,
}
"""The formats by name."""
