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
    for result in results:
        begin = ""
        if not columns:
            columns = columns_of(result)
            begin = BYTE_ORDER_MARK if selection.excel else ""
            begin += line([column.name for column in columns], selection)
        yield begin + "".join(
            line(map(_cell, columns, row, itertools.repeat(selection)), selection)
            for row in rows_of(result, columns, selection)
        )


def tab_separated(
    results: Iterable[Tagging | Detection | Embedding], selection: Selection
) -> Iterator[str]:
    """The same with tabs.

    Args:
        results: results of one type.
        selection: which tags, and how cells are written.
    """
    return texts(results, selection._replace(delimiter="\t"))


def _cell(column: Column, value: Any, selection: Selection) -> str:
    if value is None:
        return ""
    if column.kind is Kind.TEXT:
        return defused(value, selection)
    return WRITTEN[column.kind](value).replace(".", selection.decimal)


def defused(text: str, selection: Selection) -> str:
    """Return a text as a spreadsheet is to show it, unless texts are to stay as they are.

    Args:
        text: of a cell.
        selection: whether they are.
    """
    is_formula = FORMULA.match(text) and not NUMBER.fullmatch(text)
    return f"'{text}" if is_formula and not selection.raw else text


def line(cells: Iterable[object], selection: Selection) -> str:
    """Return a line of cells.

    Args:
        cells: texts and whole numbers.
        selection: what stands between them.
    """
    text = io.StringIO()
    # What ends a line is quoted inside a cell: with the writer's own \r\n, both characters are.
    writer = csv.writer(text, delimiter=selection.separator, lineterminator="\r\n")
    writer.writerow(cells)
    return text.getvalue().removesuffix("\r\n") + "\n"
