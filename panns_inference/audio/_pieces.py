"""What decoders are given and what they hand on.

A decoder is a function that takes a file and yields pieces. It raises `Unrecognised` before the
first piece, or `Incomplete` after the last one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._section import Section


class Piece(NamedTuple):
    """Some samples.

    Attributes:
        sample_rate: in Hz; it may change from piece to piece.
        samples: (samples, channels) float32; the number of channels may change too.
    """

    sample_rate: int
    samples: NDArray[np.float32]


@dataclass(frozen=True)
class Part:
    """What is decoded at one go.

    Attributes:
        file: its bytes.
        slack: by how many samples there may be fewer than a decoder finds in the header; infinite
            where that number is an estimate, and not a count.
    """

    file: Section
    slack: float = 0


class Unrecognised(Exception):  # noqa: N818 - it is an answer, and never seen by a user
    """The decoder does not know what it was given; the text says what it found instead."""


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
