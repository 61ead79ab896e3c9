"""Opening: a path, an open file or a stream becomes a section of bytes; what cannot be says why."""

from __future__ import annotations

import io
import os
import re
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from ..errors import AudioError, AudioTypeError
from .files import SHOWN, File, Refused, Section

_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}

_ADDRESS = re.compile("([a-z][a-z0-9+.-]+):/", re.IGNORECASE)
"""How an address begins; one slash is left of it in a `Path`, and a drive has one letter."""

_IN_MEMORY = 1 << 26
"""Bytes of a stream that are held in memory; more go into a temporary file."""


@contextmanager
def opened(source: File, name: str) -> Iterator[Section]:
    """Yield the bytes of a file from its position on; a path is closed afterwards.

    What is found out about the file meanwhile is raised with its name.

    Args:
        source: path of a regular file, or an open binary file, which stands afterwards where it
            stood before; a stream that cannot be rewound is read to its end.
        name: its name in messages.

    Raises:
        AudioError: if it is no regular file, is not there, is empty, may not be read, is no
            recording, or has no such track; AudioTypeError if it is not binary.
    """
    opening: AbstractContextManager[BinaryIO] = (
        _open(source, name) if isinstance(source, (str, os.PathLike)) else _rewound(source, name)
    )
    with opening as file:
        section = _section(file, name)
        try:
            yield section
        except Refused as finding:
            raise AudioError(f"{name} {finding}") from None
        finally:
            for failure in section.failures[:1]:
                if not isinstance(failure, Exception):
                    raise failure
                raise AudioError(f"{name} cannot be read: {failure}") from failure


def _open(path: str | os.PathLike[str], name: str) -> BinaryIO:
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISREG(mode):  # checked before it is opened: a pipe would wait for a writer
            return open(path, "rb")
    except FileNotFoundError as error:
        if address := _ADDRESS.match(text := os.fsdecode(path)):
            raise AudioError(f"{name} {_not_fetched(text, address[1].lower())}") from error
        kind = "a link to a file that does not exist" if Path(path).is_symlink() else "no such file"
        raise AudioError(f"{name}: {kind}") from error
    except PermissionError as error:
        raise AudioError(f"{name}: not permitted to read this file") from error
    except (OSError, ValueError) as error:
        raise AudioError(f"{name} cannot be opened: {getattr(error, 'strerror', error)}") from error
    kind = _KINDS.get(stat.S_IFMT(mode), "something else")
    raise AudioError(f"{name} is {kind}; expected a file that holds a recording")


def _not_fetched(address: str, scheme: str) -> str:
    """What is wrong with an address, and what to do: it stands behind its name."""
    if scheme == "file":
        return "is an address: give the path that stands in it"
    client = "urllib.request.urlopen" if scheme in ("http", "https", "ftp") else "fsspec.open"
    return (
        "is an address, and nothing is fetched from the internet: save it as a file and give that, "
        f"or, in Python, what a client opens: with {client}({address[:SHOWN]!r}) as file: "
        "tag(file)"
    )


@contextmanager
def _rewound(file: BinaryIO, name: str) -> Iterator[BinaryIO]:
    """Yield an open file that can be rewound, and rewind it; for a stream, a copy of what is left.

    What a stream gives beyond some size is kept in a temporary file.
    """
    try:
        start = file.tell()
        file.seek(0, io.SEEK_END)
        file.seek(start)
    except (OSError, ValueError, AttributeError):
        with SpooledTemporaryFile(_IN_MEMORY) as copied:
            for block in _blocks(file, name):
                copied.write(block)
            copied.seek(0)
            yield cast(BinaryIO, copied)
    else:
        yield file
        with suppress(OSError, ValueError):  # it may have been closed meanwhile
            file.seek(start)


def _blocks(file: BinaryIO, name: str) -> Iterator[bytes]:
    """The bytes of a stream, up to its end."""
    while True:
        try:
            block = file.read(1 << 20)
        except Exception as error:  # a client of HTTP has errors of its own
            raise AudioError(f"{name} cannot be read: {error}") from error
        if not isinstance(block, bytes):
            raise _not_binary(name)
        if not block:
            return
        yield block


def _section(file: BinaryIO, name: str) -> Section:
    try:
        is_binary = isinstance(file.read(0), bytes)
        start, stop = file.tell(), file.seek(0, io.SEEK_END)
    except (OSError, ValueError) as error:
        raise AudioError(f"{name} cannot be read: {error}") from error
    if not is_binary:
        raise _not_binary(name)
    if stop <= start:
        raise AudioError(f"{name} is empty: there are no bytes to read")
    return Section(file, start, stop)


def _not_binary(name: str) -> AudioTypeError:
    return AudioTypeError(f"{name} does not give bytes: open it with mode 'rb'")
