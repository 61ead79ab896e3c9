"""What decoders are given and what they hand on.

A decoder is a function that takes a file and yields pieces, and remarks on them. It raises
`Unrecognised` or `NoSuchTrack` before the first piece, or `Incomplete` after the last one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._section import Section
from .description import Track


class Piece(NamedTuple):
    """Some samples.

    Attributes:
        sample_rate: in Hz; it may change from piece to piece.
        samples: (samples, channels) float32; the number of channels may change too.
    """

    sample_rate: int
    samples: NDArray[np.float32]


class Remark(NamedTuple):
    """Something to say about a file.

    Attributes:
        level: one of `logging`. What has the level WARNING is an error in strict use.
        text: what stands behind the name of the file.
    """

    level: int
    text: str


@dataclass(frozen=True)
class Part:
    """What is decoded at one go.

    Attributes:
        file: its bytes.
        slack: by how many samples there may be fewer than a decoder finds in the header; infinite
            where that number is an estimate, and not a count.
        share: how many of the bytes that its header claims there are: less than 1 in a cut file,
            more where the claim is too small.
        is_multiplexed: whether it is an Ogg of several tracks, of which soundfile knows the first.
        has_hole: whether it is an Ogg with lost pages, for which soundfile leaves no silence.
        may_go_on: whether other streams may follow where its decoder stops.
    """

    file: Section
    slack: float = 0
    share: float = 1.0
    is_multiplexed: bool = False
    has_hole: bool = False
    may_go_on: bool = False


class Unrecognised(Exception):  # noqa: N818 - it is an answer, and never seen by a user
    """The decoder does not know what it was given; the text says what it found instead."""


class NoSuchTrack(Exception):  # noqa: N818
    """The file has no sound track of the number that was chosen; the text says which it has.

    Args:
        number: the one that was chosen, from 1.
        tracks: those there are.
    """

    def __init__(self, number: int, tracks: Sequence[Track]) -> None:
        super().__init__(f"no sound track {number}; it has {', '.join(map(str, tracks))}")


class Incomplete(Exception):  # noqa: N818
    """The samples end too early; the text says how much is missing.

    Args:
        missing: seconds that are missing; None if that cannot be told.
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
