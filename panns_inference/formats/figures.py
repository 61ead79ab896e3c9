"""Figures in files: for people, for spreadsheets, for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, Any, TypeVar

from ..terminal import printable
from . import csv, parquet, xlsx
from .schema import Kind
from .spans import Selection, unicode

T = TypeVar("T")

Kinds = Mapping[str, Kind]
"""The columns: their names, and what they hold."""

Rows = Sequence[Sequence[str | int | float | None]]
"""A cell for each column; None is an empty one."""

SHOWN: Mapping[Kind, str] = {
    Kind.SECONDS: ".2f",
    Kind.PROBABILITY: ".3f",
    Kind.SIMILARITY: ".3f",
}
"""How numbers are shown to people."""


def write(
    form: str, title: str, kinds: Kinds, rows: Rows, file: IO[Any], selection: Selection
) -> None:
    """Write figures to a file; those that are no number (NaN) are empty cells.

    Args:
        form: name of one of `WRITERS`.
        title: name of the sheet in a workbook.
        kinds: of the columns.
        rows: the figures.
        file: open for text; for xlsx, for bytes.
        selection: how cells are written.
    """
    cells = [[without_nan(value) for value in row] for row in rows]
    WRITERS[form](title, kinds, cells, file, selection)


def without_nan(value: T) -> T | None:
    """Return a value as tables and JSON hold it: None where it is no number (NaN).

    Args:
        value: any value.
    """
    return None if isinstance(value, float) and math.isnan(value) else value


def _table(_: str, kinds: Kinds, rows: Rows, file: IO[str], __: Selection) -> None:
    """Columns side by side: texts begin below each other, and numbers end so."""
    shown = ([_shown(*cell) for cell in zip(row, kinds.values(), strict=True)] for row in rows)
    cells = [[*kinds], *shown]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        padded = (
            cell.ljust(width) if kind is Kind.TEXT else cell.rjust(width)
            for cell, width, kind in zip(line, widths, kinds.values(), strict=True)
        )
        file.write("  ".join(padded).rstrip() + "\n")


def _shown(value: str | int | float | None, kind: Kind) -> str:
    if value is None:
        return "-"
    return format(value, SHOWN[kind]) if kind in SHOWN else printable(str(value))


def _csv(_: str, kinds: Kinds, rows: Rows, file: IO[str], selection: Selection) -> None:
    file.write(csv.header(kinds, selection))
    for row in rows:
        file.write(unicode(csv.row(kinds, row, selection)))


def _tsv(title: str, kinds: Kinds, rows: Rows, file: IO[str], selection: Selection) -> None:
    _csv(title, kinds, rows, file, selection._replace(delimiter="\t"))


def _xlsx(title: str, kinds: Kinds, rows: Rows, file: IO[bytes], _: Selection) -> None:
    with xlsx.workbook(file) as book:
        xlsx.fill(book, title, kinds, iter(rows))


def _json(_: str, kinds: Kinds, rows: Rows, file: IO[str], __: Selection) -> None:
    file.write("[\n" + ",\n".join(_objects(kinds, rows)) + "\n]\n")


def _jsonl(_: str, kinds: Kinds, rows: Rows, file: IO[str], __: Selection) -> None:
    file.writelines(f"{each}\n" for each in _objects(kinds, rows))


def _objects(kinds: Kinds, rows: Rows) -> Iterator[str]:
    return (json.dumps(dict(zip(kinds, row, strict=True))) for row in rows)


def _parquet(_: str, kinds: Kinds, rows: Rows, file: IO[bytes], __: Selection) -> None:
    parquet.write_rows(kinds, rows, file)


WRITERS: Mapping[str, Callable[[str, Kinds, Rows, IO[Any], Selection], None]] = {
    "table": _table,
    "csv": _csv,
    "tsv": _tsv,
    "xlsx": _xlsx,
    "json": _json,
    "jsonl": _jsonl,
    "parquet": _parquet,
}
"""The formats by name."""
