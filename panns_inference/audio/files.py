"""Files: what may be given for one, and its bytes."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO, Protocol, TypeGuard, runtime_checkable

from numpy.typing import ArrayLike

File = str | os.PathLike[str] | BinaryIO
"""A path, or a binary file that is open."""


@runtime_checkable
class Decoder(Protocol):
    """A recording that decodes itself, as in torchcodec and Hugging Face's datasets."""

    def get_all_samples(self) -> Any:
        """Return what has its samples as `data`, (channels, samples), and `sample_rate` in Hz."""


Source = File | bytes | bytearray | memoryview | Decoder | Mapping[str, Any] | ArrayLike
"""A recording: a file, its bytes, a decoder, or samples in memory, perhaps with their rate."""

SHOWN = 300
"""Characters of a name in messages: a text that is no path may be of any length."""


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


def name_of(source: object) -> str | None:
    """Return the name of a recording: the path as it was given, or that of an open file.

    Args:
        source: as for `read`.

    Returns:
        None for samples in memory, and for files without a name.
    """
    if isinstance(source, (str, os.PathLike)):
        name: object = source
    elif isinstance(source, Mapping):
        name = name_of(source.get("audio")) or source.get("path")
    else:
        name = getattr(source, "name", None)
    return os.fsdecode(name) if isinstance(name, (str, os.PathLike)) else None


def named(source: object) -> str:
    """Return the words by which messages name a recording.

    Args:
        source: as for `read`.
    """
    name = name_of(source)
    if name is not None:
        return repr(name) if len(name) <= SHOWN else f"{name[:SHOWN]!r}..."
    if is_file(source):
        return "the open file"
    if isinstance(source, (bytes, bytearray, memoryview)):
        return "the file in these bytes"
    return "the recording" if isinstance(source, (Mapping, Decoder)) else "the array"
