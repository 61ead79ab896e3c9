"""The values that pass between the file and the rest of the room.

A decoder takes a `Bitstream`, yields a `Piece` after another, and remarks on them. It raises
`Unrecognised` or `NoSuchTrack` before the first piece, or `Incomplete` after the last one.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray


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
        base = (0, self._position, self.seeming_size)[whence]
        # Decoders that follow a false header seek places before the start: no error in C.
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
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


class Piece(NamedTuple):
    """Some samples.

    Attributes:
        sample_rate: in Hz; it may change from piece to piece.
        samples: (samples, channels) float32; the number of channels may change too.
    """

    sample_rate: int
    samples: NDArray[np.float32]


class Remark(NamedTuple):
    """A finding about a file that its user should know.

    Attributes:
        level: one of `logging`. With the level WARNING it is an error in strict use.
        text: what stands behind the name of the file.
    """

    level: int
    text: str


@dataclass(frozen=True)
class Bitstream:
    """The bytes that are decoded at one go.

    Attributes:
        file: those bytes.
        slack: by how many samples there may be fewer than a decoder finds in the header; infinite
            where that number is an estimate, and not a count.
        share: how many of the bytes that its header states there are: less than 1 in a cut file,
            more where the stated size is too small.
        n_samples: how many samples its header states, where a decoder does not see that number.
        is_multiplexed: whether it is an Ogg of several tracks, of which soundfile knows the first.
        has_hole: whether it is an Ogg with lost pages, for which soundfile leaves no silence.
    """

    file: Section
    slack: float = 0
    share: float = 1.0
    n_samples: int = 0
    is_multiplexed: bool = False
    has_hole: bool = False


@dataclass(frozen=True)
class Split:
    """A file taken apart.

    Attributes:
        bitstreams: in their order; those that a decoder runs into are added when it does.
        n_stated: how many of them are what a reader of the format expects, and no sound behind the
            end that the header states.
        behind: another recording that follows in the same file; None if none does.
        n_unknown: bytes behind the samples that are of no known kind.
        has_end: whether the bitstreams end as they should, where that can be seen.
    """

    bitstreams: list[Bitstream]
    n_stated: int = 1
    behind: Section | None = None
    n_unknown: int = 0
    has_end: bool = True


@dataclass(frozen=True)
class Track:
    """A sound track of a file.

    Attributes:
        number: its place among the sound tracks, from 1.
        codec: how it is encoded, such as 'aac' or 'pcm_16'.
        n_channels: number of channels; 0 if the header does not state it.
        sample_rate: in Hz; 0 if the header does not state it.
        start: seconds from the start of the recording or film to the first sample.
        is_default: whether it is the one that is read where none is chosen.
        language: as the file states it, such as 'eng'; None if it does not.
        title: as the file states it; None if it does not.
    """

    number: int
    codec: str
    n_channels: int
    sample_rate: int
    start: float = 0.0
    is_default: bool = True
    language: str | None = None
    title: str | None = None

    def __str__(self) -> str:
        """Its number, and what distinguishes it from the others."""
        n = self.n_channels
        known = [self.codec, f"{n} channel{'s' * (n != 1)}", self.language, self.title]
        return f"{self.number} ({', '.join(filter(None, known))})"


@dataclass(frozen=True)
class Description:
    """The header of a file that holds a recording.

    Attributes:
        container: the format of the file, such as 'wav' or 'matroska,webm'.
        duration: length of the recording or film in seconds, as the header states it; None if it
            does not.
        first_time_stamp: seconds at which the clock of the file begins; 0 for formats without
            time stamps. Times of results count from there.
        tracks: the sound tracks.
    """

    container: str
    duration: float | None
    first_time_stamp: float
    tracks: tuple[Track, ...]


class Refused(Exception):  # noqa: N818 - these are caught here, and never seen by a user
    """The file cannot be used; the text states why, and stands behind its name."""


class Unrecognised(Refused):
    """The decoder does not know what it was given.

    Args:
        what: that is instead.
    """

    def __init__(self, what: str) -> None:
        super().__init__(f"cannot be decoded: it is {what}")


class NoSuchTrack(Refused):
    """The file has no sound track of the number that was chosen.

    Args:
        number: the one that was chosen, from 1.
        tracks: those there are.
    """

    def __init__(self, number: int, tracks: Sequence[Track]) -> None:
        super().__init__(f"has no sound track {number}; it has {', '.join(map(str, tracks))}")


class Incomplete(Exception):  # noqa: N818
    """The samples end too early; the text states how much is missing.

    Args:
        missing: seconds that are missing; None if that is not known.
    """

    def __init__(self, missing: float | None) -> None:
        if missing is None:
            known = "how much is missing cannot be told"
        elif missing < 0.005:
            known = "less than 0.01 s is missing"
        else:
            known = f"{missing:.2f} s are missing"
        super().__init__(known)
        self.missing = missing
