"""The values that pass between the file and the rest of the room.

A decoder takes a `Bitstream`, yields a `Piece` after another, and remarks on them. It raises
`Unrecognised` or `NoSuchTrack` before the first piece, or `Incomplete` after the last one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .files import Refused, Section


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


class Unrecognised(Refused):
    """The decoder does not know what it was given.

    Args:
        what: that is instead.
    """

    def __init__(self, what: str) -> None:
        super().__init__(f"cannot be decoded: {what}")


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
            known = "how much is missing is not known"
        elif missing < 0.005:
            known = "less than 0.01 s is missing"
        else:
            known = f"{missing:.2f} s are missing"
        super().__init__(known)
        self.missing = missing
