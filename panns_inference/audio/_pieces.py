"""What decoders are given and what they hand on.

A decoder is a function that takes a file and yields pieces. It raises `Unrecognised` before the
first piece, or `Incomplete` after the last one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._window import Window


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
        counted: whether the number of samples that a decoder finds in its header is a count, and
            not an estimate.
    """

    file: Window
    counted: bool = True


class Unrecognised(Exception):  # noqa: N818 - it is an answer, and never seen by a user
    """The decoder does not know what it was given; the text says what it found instead."""


class Incomplete(Exception):  # noqa: N818
    """The samples end too early; the text says how much is missing.

    Args:
        missing: seconds that are missing; None if that cannot be told.
    """

    def __init__(self, missing: float | None) -> None:
        known = (
            "how much is missing cannot be told"
            if missing is None
            else f"{missing:.2f} s are missing"
        )
        super().__init__(known)
        self.missing = missing
