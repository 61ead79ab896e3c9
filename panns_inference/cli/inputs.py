"""What a command line names: recordings, folders, stdin, and lists of them.

`--files-from` reads a list:

    one a line    UTF-8, or whatever bytes names have here; UTF-16, UTF-32 with a byte order mark
    --null        what `find -print0` writes: a NUL behind each, so that names may hold line ends

Neither a byte order mark nor the CR of CR LF at the end of a line belongs to a name; white space
does.
"""

from __future__ import annotations

import argparse
import codecs
import io
import os
import sys
from pathlib import Path

from ..errors import AudioError, UsageError

MARKS = (
    (codecs.BOM_UTF8, None),
    # Before UTF-16, whose mark is the beginning of this one.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks, and how what follows is encoded; None is as names are."""


def named_inputs(given: argparse.Namespace) -> list[str]:
    """Return the names on a command line and in its list of files.

    Args:
        given: the command line.

    Raises:
        UsageError: if there is none, or the list cannot be read.
    """
    if given.null and given.files_from is None:
        raise UsageError("--null is for the list that --files-from names")
    if given.files_from == "-" and "-" in given.recordings:
        raise UsageError("stdin is either a recording or the list of them")
    inputs = list(given.recordings)
    if given.files_from is not None:
        inputs += read_list(given.files_from, given.null)
    if not inputs:
        wrong = "name recordings or folders, or a list of them with --files-from"
        raise UsageError(wrong, given.usage)
    return inputs


def open_stdin() -> io.BytesIO:
    """Return what is read from stdin, as a file."""
    if sys.stdin is None:
        raise AudioError("stdin cannot be read: it is closed")
    try:
        stdin = io.BytesIO(sys.stdin.buffer.read())
    except OSError as error:
        raise AudioError(f"stdin cannot be read: {error.strerror}") from error
    stdin.name = "stdin"
    return stdin


def read_list(place: str, is_null: bool) -> list[str]:
    """Return the names in a list.

    Args:
        place: the file that holds it, or - for stdin.
        is_null: whether names end with a NUL instead of a line end.

    Raises:
        UsageError: if it cannot be read, holds no name, or one that cannot be.
    """
    title = "stdin" if place == "-" else repr(place)
    text = _decoded(_bytes_of(place, title), title)
    names = text.split("\0") if is_null else [line.removesuffix("\r") for line in text.split("\n")]
    for number, name in enumerate(names, start=1):
        if "\0" in name:
            raise UsageError(
                f"the list {title} has a NUL in line {number}, which no name can hold: if it is a "
                "list with a NUL behind each name, as of find -print0, give --null; if it is "
                "UTF-16, it needs a byte order mark"
            )
    # On the command line - is stdin; in a list it is a file.
    found = [os.path.join(os.curdir, name) if name == "-" else name for name in names if name]
    if not found:
        raise UsageError(f"the list {title} holds no name of a recording")
    return found


def _bytes_of(place: str, title: str) -> bytes:
    if place == "-" and sys.stdin is None:
        raise UsageError("the list cannot be read from stdin, which is closed")
    try:
        return sys.stdin.buffer.read() if place == "-" else Path(place).read_bytes()
    except OSError as error:
        raise UsageError(f"the list {title} cannot be read: {error.strerror}") from error


def _decoded(data: bytes, title: str) -> str:
    mark, encoding = next(((m, e) for m, e in MARKS if data.startswith(m)), (b"", None))
    if encoding is None:
        return os.fsdecode(data.removeprefix(mark))
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UsageError(
            f"the list {title} begins as {encoding.upper()}, and is not: {error.reason} at byte "
            f"{error.start}"
        ) from error
