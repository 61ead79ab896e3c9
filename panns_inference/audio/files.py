"""Files: what may be given for one, and its bytes."""

from __future__ import annotations

import io
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from shlex import quote
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, TypeGuard, cast

from ..errors import AudioError, AudioTypeError
from ..wording import advice

File = str | os.PathLike[str] | BinaryIO
"""A path, or a binary file that is open."""


SHOWN = 300
"""Characters of a name in messages: a text that is no path may be of any length."""

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


class Refused(Exception):  # noqa: N818 - these are caught here, and never seen by a user
    """The file cannot be used; the text states why, and stands behind its name."""


class Section(io.RawIOBase):
    """Bytes `start` to `stop` of a binary file, seen as a file of their own; read-only.

    Decoders are given sections, never files: a section has no name, from whose extension they could
    guess; it can begin behind a tag and end before another recording; some of its bytes can be
    replaced, so that a header is true; it can seem longer to a decoder that guesses from the size
    where the sound ends; and an error of the file underneath cannot get lost in C code: it is kept,
    and raised when the decoder has returned.

    Args:
        file: a seekable binary file; it is not closed with the section.
        start: first byte of the section, counted from the beginning of the file.
        stop: the byte after the last one.
        patches: offsets in the section, and bytes that take the place of those of the file there;
            where patches overlap, the later one counts.

    Attributes:
        size: number of bytes.
        seeming_size: where the end is for one who seeks it.
        n_reads_at_end: how often a decoder wanted more than there is, and got nothing.
        failures: what went wrong with the file underneath.
    """

    def __init__(
        self, file: BinaryIO, start: int, stop: int, patches: Iterable[tuple[int, bytes]] = ()
    ) -> None:
        self._file = file
        self._start = start
        self._patches = tuple(patches)
        self._patched_to = max((at + len(bytes_) for at, bytes_ in self._patches), default=0)
        self._position = 0
        self.failures: list[BaseException] = []
        self.size = self.seeming_size = max(0, stop - start)
        self.n_reads_at_end = 0

    def section(self, start: int, stop: int | None = None) -> Section:
        """Return bytes `start` to `stop` of this one, None is its end, without its patches."""
        stop = self.size if stop is None else min(stop, self.size)
        return self._sharing_failures(Section(self._file, self._start + start, self._start + stop))

    def patched(self, offset: int, replacement: bytes) -> Section:
        """Return the same section with other bytes at `offset`."""
        patches = (*self._patches, (offset, replacement))
        stop = self._start + self.size
        return self._sharing_failures(Section(self._file, self._start, stop, patches))

    def seeming(self, size: int) -> Section:
        """Return the same section, unpatched, with its end at `size` for one who seeks it.

        One who reads on ends where the bytes do; one who looks for a tag at the end finds zeros.

        Args:
            size: bytes that it seems to have.
        """
        other = self.section(0)
        other.seeming_size = size
        return other

    def _sharing_failures(self, other: Section) -> Section:
        other.failures = self.failures
        return other

    def peek(self, offset: int, n_bytes: int) -> bytes:
        """Return bytes from `offset` on: fewer than `n_bytes` where the section ends."""
        self._position = max(0, offset)
        return self.read(n_bytes) or b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to another position, and return it.

        Args:
            offset: bytes from the start, the position, or where the end seems to be.
            whence: from which of the three, 0 to 2.
        """
        base = (0, self._position, self.seeming_size)[whence]
        # Decoders that follow a false header seek places before the start: no error in C.
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer from the position on, and return the number of bytes that it got.

        Args:
            buffer: to be filled; beyond the end of the section, as far as it seems to go, by zeros.
        """
        n_bytes, found = min(len(buffer), self.size - self._position), b""
        if n_bytes < 0:
            found = bytes(max(0, min(len(buffer), self.seeming_size - self._position)))
        elif not self.failures:
            try:
                self._file.seek(self._start + self._position)
                while len(found) < n_bytes and (more := self._file.read(n_bytes - len(found))):
                    found += more
            except BaseException as error:  # also Ctrl-C, which a callback from C would swallow
                self.failures.append(error)
                return 0
        if self._position < self._patched_to:
            found = self._corrected(found)
        self.n_reads_at_end += not found
        buffer[: len(found)] = found
        self._position += len(found)
        return len(found)

    def _corrected(self, found: bytes) -> bytes:
        """What was read at the present position, with the patches on it."""
        corrected = bytearray(found)
        for offset, replacement in self._patches:
            at = offset - self._position
            first, last = max(at, 0), min(at + len(replacement), len(found))
            if first < last:
                corrected[first:last] = replacement[first - at : last - at]
        return bytes(corrected)


def is_file(source: object) -> TypeGuard[File]:
    """Return whether a source is a path or an open file.

    Args:
        source: as for `read`.
    """
    return isinstance(source, (str, os.PathLike)) or hasattr(source, "read")


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
    is_of_web = scheme in ("http", "https", "ftp")
    client = "urllib.request.urlopen" if is_of_web else "fsspec.open"
    instead = advice(
        f", or what a client opens: with {client}({address[:SHOWN]!r}) as file: tag(file)",
        f", such as by curl -LO {quote(address[:SHOWN])}" if is_of_web else "",
    )
    return (
        "is an address, and nothing is fetched from the internet: save it as a file and give that"
        f"{instead}"
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
