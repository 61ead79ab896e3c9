"""Comma-separated values.

The columns are those of `schema.COLUMNS`; each value of an embedding has one. Of a recording that
was processed in stretches, the rows are those of the stretches.

A text that a spreadsheet would take for a formula gets a `'` in front, as OWASP recommends; one
that has it already, another one: the text itself lacks the first `'`.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..results import Detection, Embedding, Tagging
from .schema import Column, Kind, columns_of, rows_of
from .spans import Selection, seconds

FORMULA = re.compile("'*[=+\\-@\t\r\n\0\uff1d\uff0b\uff0d\uff20]")
"""How a text begins that a spreadsheet may take for a formula; the last four are full-width."""

NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?")

BYTE_ORDER_MARK = "\ufeff"
"""By it Excel knows a file of UTF-8: without it, umlauts are read as two characters each."""

WRITTEN: Mapping[Kind, Callable[[Any], str]] = {
    Kind.NUMBER: str,
    Kind.SECONDS: seconds,
    Kind.PROBABILITY: "{:.6f}".format,
    Kind.SIMILARITY: "{:.6f}".format,
    Kind.THRESHOLD: "{:.6g}".format,
    Kind.VALUE: str,  # the shortest digits that give the same float32 again
}
"""How each kind of number is written."""


def texts(
    results: Iterable[Tagging | Detection | Embedding], selection: Selection
) -> Iterator[str]:
    """The header with the rows of the first recording, then the rows of each.

    Args:
        results: results of one type.
        selection: which tags, and how cells are written.
    """
    columns: Sequence[Column] = ()
    kinds: Mapping[str, Kind] = {}
    for result in results:
        begin = ""
        if not columns:
            columns = columns_of(result)
            kinds = {column.name: column.kind for column in columns}
            begin = header(kinds, selection)
        rows = rows_of(result, columns, selection)
        yield begin + "".join(row(kinds, cells, selection) for cells in rows)


def tab_separated(
    results: Iterable[Tagging | Detection | Embedding], selection: Selection
) -> Iterator[str]:
    """The same with tabs.

    Args:
        results: results of one type.
        selection: which tags, and how cells are written.
    """
    return texts(results, selection._replace(delimiter="\t"))


def header(kinds: Mapping[str, Kind], selection: Selection) -> str:
    """Return the first line of a table.

    Args:
        kinds: of the columns, by their names.
        selection: how cells are written.
    """
    begin = BYTE_ORDER_MARK if selection.excel else ""
    return begin + _line(kinds, selection)


def row(kinds: Mapping[str, Kind], cells: Iterable[Any], selection: Selection) -> str:
    """Return a line of a table.

    Args:
        kinds: of the columns, by their names.
        cells: a text or a number of each; None is an empty cell.
        selection: how cells are written.
    """
    return _line(map(_cell, kinds.values(), cells, itertools.repeat(selection)), selection)


def _cell(kind: Kind, value: Any, selection: Selection) -> str:
    if value is None:
        return ""
    if kind is Kind.TEXT:
        return _text(str(value), selection)
    return WRITTEN[kind](value).replace(".", selection.decimal)


def _text(text: str, selection: Selection) -> str:
    """A text as a spreadsheet is to show it."""
    return f"'{text}" if _is_formula(text) and not selection.raw else text


def unmarked(text: str) -> str:
    """Return a text without the `'` by which a spreadsheet does not take it for a formula.

    Args:
        text: of a cell.
    """
    rest = text.removeprefix("'")
    return rest if rest != text and _is_formula(rest) else text


def _is_formula(text: str) -> bool:
    return bool(FORMULA.match(text)) and not NUMBER.fullmatch(text)


def _line(cells: Iterable[str], selection: Selection) -> str:
    text = io.StringIO()
    # What ends a line is quoted inside a cell: with the writer's own \r\n, both characters are.
    writer = csv.writer(text, delimiter=selection.separator, lineterminator="\r\n")
    writer.writerow(cells)
    return text.getvalue().removesuffix("\r\n") + "\n"
