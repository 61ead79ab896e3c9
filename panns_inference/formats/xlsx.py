"""Workbooks of Excel (extra `xlsx`): the columns of CSV, with numbers as numbers.

Texts are texts, also those that begin as a formula does. The header stays in sight, and has arrows
that filter and sort. A sheet is followed by another one where it is full. Rows go to a temporary
file as they come, so that memory does not grow with the table.

The properties of the workbook (File > Info > Properties > Advanced) name the version of the schema,
the network and the version of this package.
"""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any

from .. import __version__
from ..errors import UsageError
from ..files import explained
from ..results import Detection, Embedding, Tagging
from .schema import SCHEMA, Kind, columns_of, rows_of_all
from .spans import Selection, unicode

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

Results = Iterable[Tagging | Detection | Embedding]

LAST_ROW = 2**20 - 1
"""Of a sheet, counted from 0: Excel has no more."""

NAMES = {Tagging: "tags", Detection: "events", Embedding: "embeddings"}
"""Names of the sheets."""

DATE = datetime(1970, 1, 1)
"""The format wants a date; with this one, the same result is the same file."""

SHOWN = {
    Kind.TEXT: (30, "@"),
    Kind.NUMBER: (9, "0"),
    Kind.SECONDS: (11, "0.000"),
    Kind.PROBABILITY: (11, "0.000"),
    Kind.SIMILARITY: (11, "0.000"),
    Kind.THRESHOLD: (11, "General"),
    Kind.VALUE: (11, "0.000"),
}
"""Width of a column in characters, and how its cells are shown; the cells hold all digits."""


def write(results: Results, file: IO[bytes], selection: Selection) -> None:
    """Write the workbook; without any result, nothing.

    Args:
        results: results of one type.
        file: open for bytes.
        selection: which tags.
    """
    results = iter(results)
    first = next(results, None)
    if first is None:
        return
    name, columns = NAMES[type(first)], columns_of(first)
    with workbook(file) as book:
        book.set_custom_property("schema", SCHEMA)
        book.set_custom_property("model", unicode(first.model))
        rows = rows_of_all(first, results, columns, selection)
        del first  # Its rows are all that is needed.
        fill(book, name, {column.name: column.kind for column in columns}, rows)


class Archive(io.BytesIO):
    """A workbook in memory: it is small, for it is compressed."""

    def close(self) -> None:
        # The writer of one that is given up writes its end whenever it is collected.
        pass


@contextmanager
def workbook(file: IO[bytes]) -> Iterator[Workbook]:
    """Open a workbook, which is written when the `with` block ends, also by an error.

    Args:
        file: open for bytes.
    """
    from xlsxwriter import Workbook
    from xlsxwriter.exceptions import FileCreateError

    archive = Archive()
    book = Workbook(archive, {"constant_memory": True})
    book.set_properties({"author": f"panns_inference {__version__}", "created": DATE})
    book.set_custom_property("panns_inference", __version__)
    try:
        yield book
    finally:
        with explained(_path_of(file)):  # its sheets are in temporary files until then
            try:
                book.close()
            except FileCreateError as error:
                raise error.args[0] from None
        file.write(archive.getbuffer())


def _path_of(file: IO[bytes]) -> str:
    """What the user calls a file, for messages."""
    written = getattr(file, "raw", file)
    return str(getattr(written, "path", getattr(written, "name", "the workbook")))


def fill(
    book: Workbook, name: str, kinds: Mapping[str, Kind], rows: Iterator[Sequence[Any]]
) -> None:
    """Write rows to sheets.

    Args:
        book: of the sheets.
        name: of the first sheet; further ones get a number behind it.
        kinds: of the columns, by their names.
        rows: a text or a number for each column; None is an empty cell.

    Raises:
        UsageError: for a number that is not finite.
    """
    for row in rows:
        number = len(book.worksheets()) + 1
        sheet = _sheet(book, name if number == 1 else f"{name} {number}", kinds)
        of_sheet = itertools.chain([row], itertools.islice(rows, LAST_ROW - 1))
        place = 0
        try:
            for place, cells in enumerate(of_sheet, start=1):
                _write_row(sheet, place, cells)
        finally:
            sheet.autofilter(0, 0, place, len(kinds) - 1)


def _sheet(book: Workbook, name: str, kinds: Mapping[str, Kind]) -> Worksheet:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    bold = book.add_format({"bold": True})
    formats = {kind: book.add_format({"num_format": shown}) for kind, (_, shown) in SHOWN.items()}
    for number, (column, kind) in enumerate(kinds.items()):
        sheet.set_column(number, number, SHOWN[kind][0], formats[kind])
        sheet.write_string(0, number, column, bold)
    return sheet


def _write_row(sheet: Worksheet, row: int, cells: Sequence[Any]) -> None:
    for number, value in enumerate(cells):
        if isinstance(value, str):
            sheet.write_string(row, number, unicode(value))
        elif value is not None and not math.isfinite(value):
            raise UsageError(
                f"the result of {cells[0]} holds values that are not finite, which a workbook "
                "cannot hold; the formats table and csv can"
            )
        elif value is not None:
            sheet.write_number(row, number, value)
