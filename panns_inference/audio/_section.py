"""Some bytes of an open file, seen as a file of their own.

Decoders are given sections, never files, for five reasons: a section has no name, from whose
extension they could guess; it can begin behind a tag and end before another recording; some of its
bytes can be replaced, so that a header is true; it can seem longer to a decoder that
guesses from the size where the sound ends; and an error of the file underneath cannot get lost in C
code, it is kept and raised when the decoder has returned.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import BinaryIO


class Section(io.RawIOBase):
    """Bytes `start` to `stop` of a binary file, read-only.

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
    """

    def __init__(
        self, file: BinaryIO, start: int, stop: int, patches: Iterable[tuple[int, bytes]] = ()
    ) -> None:
        self._file = file
        self._start = start
        self._patches = tuple(patches)
        self._patched_to = max((at + len(bytes_) for at, bytes_ in self._patches), default=0)
        self._position = 0
        self._failures: list[BaseException] = []
        self.size = self.seeming_size = max(0, stop - start)
        self.n_reads_at_end = 0

    def section(self, start: int, stop: int | None = None) -> Section:
        """Bytes `start` to `stop` of this one; None is its end. Patches do not carry over."""
        stop = self.size if stop is None else min(stop, self.size)
        return self._sharing_failures(Section(self._file, self._start + start, self._start + stop))

    def patched(self, offset: int, replacement: bytes) -> Section:
        """The same section with other bytes at `offset`."""
        patches = (*self._patches, (offset, replacement))
        stop = self._start + self.size
        return self._sharing_failures(Section(self._file, self._start, stop, patches))

    def seeming(self, size: int) -> Section:
        """The same section, unpatched, with its end at `size` for one who seeks it.

        One who reads on ends where the bytes do; one who looks for a tag at the end finds zeros.
        """
        other = self.section(0)
        other.seeming_size = size
        return other

    def _sharing_failures(self, other: Section) -> Section:
        other._failures = self._failures
        return other

    def peek(self, offset: int, n_bytes: int) -> bytes:
        """Bytes from `offset` on: fewer than `n_bytes` where the section ends."""
        self.seek(offset)
        return self.read(n_bytes) or b""

    def raise_failure(self) -> None:
        """Raise what went wrong with the file underneath, if anything did."""
        if self._failures:
            raise self._failures[0]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = (0, self._position, self.seeming_size)[whence]
        # Decoders that follow a false header seek places before the start: no error in C.
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._failures:
            return 0
        try:
            found = self._fetch(len(buffer))
        except BaseException as error:  # also Ctrl-C, which a callback from C would swallow
            self._failures.append(error)
            return 0
        self.n_reads_at_end += not found
        buffer[: len(found)] = found
        self._position += len(found)
        return len(found)

    def _fetch(self, n_bytes: int) -> bytes:
        """The next bytes: fewer than `n_bytes` only where the file ends before its time."""
        if self._position > self.size:
            return bytes(max(0, min(n_bytes, self.seeming_size - self._position)))
        n_bytes = min(n_bytes, self.size - self._position)
        if n_bytes <= 0:
            return b""
        self._file.seek(self._start + self._position)
        found = self._file.read(n_bytes)
        while len(found) < n_bytes and (more := self._file.read(n_bytes - len(found))):
            found += more
        return self._corrected(found) if self._position < self._patched_to else found

    def _corrected(self, found: bytes) -> bytes:
        """What was read at the present position, with the patches on it."""
        corrected = bytearray(found)
        for offset, replacement in self._patches:
            at = offset - self._position
            first, last = max(at, 0), min(at + len(replacement), len(found))
            if first < last:
                corrected[first:last] = replacement[first - at : last - at]
        return bytes(corrected)
