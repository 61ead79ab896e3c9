"""Tables of text as people save them: UTF-8 or UTF-16, commas, semicolons or tabs."""

from __future__ import annotations

import codecs
import csv
import io
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from ...errors import UsageError

SEPARATORS = ",;\t|"
"""What may stand between the cells of a table; its heading says which it is."""


def text_of(path: str | os.PathLike[str]) -> str:
    """Return the text of a file.

    Args:
        path: of a file as for `decoded`.

    Raises:
        UsageError: if it cannot be read, or is no text.
    """
    try:
        return decoded(Path(path).read_bytes(), os.fspath(path))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error


def decoded(data: bytes, name: str) -> str:
    """Return the text in the bytes of a file.

    Args:
        data: UTF-8, or UTF-16 with a byte order mark; bytes that are neither are kept as Python
            keeps them in names of files.
        name: of the file, for messages.

    Raises:
        UsageError: if it is no text.
    """
    is_wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16") if is_wide else data.decode("utf-8-sig", "surrogateescape")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is no text: {error}") from error
    if "\0" in text:
        raise UsageError(f"{name} is no table of text: it holds a NUL; save it as CSV")
    return text


def heading_of(text: str) -> list[str]:
    """Return the names of the columns of a table, in small letters.

    Args:
        text: the table.
    """
    first = text.lstrip("\r\n").partition("\n")[0]
    return [cell.strip().casefold() for cell in next(csv.reader([first], delimiter=_of(first)), [])]


def rows_of(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield the rows of a table, each with the number of the line in which it ends.

    Args:
        text: the table; cells that are missing at the end of a row are empty.

    Raises:
        csv.Error: if quotes do not end.
    """
    heading = heading_of(text)
    body = text.lstrip("\r\n")
    before = text[: len(text) - len(body)].count("\n")
    rows = csv.reader(
        io.StringIO(body, newline=""), delimiter=_of(body.partition("\n")[0]), strict=True
    )
    next(rows, None)
    for row in rows:
        if any(cell.strip() for cell in row):
            cells = [*row, *[""] * (len(heading) - len(row))]
            yield rows.line_num + before, dict(zip(heading, cells, strict=False))


def _of(heading: str) -> str:
    return max(SEPARATORS, key=heading.count)
