"""Recordings for the ranges of int8: clips of them, as a network is given them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..audio import blocks
from ..batch import find

MOST_CLIPS = 200
"""Clips that are processed at most: ranges hardly change with more."""

CLIP_SECONDS = 10
"""Length of the longest; of a recording, it is the beginning."""


def clips(folder: str | os.PathLike[str], rate: int) -> Iterator[NDArray[np.float32]]:
    """The beginnings of recordings, (samples,) each: of all, or of some from all over the folder.

    Args:
        folder: what holds them, at any depth.
        rate: that of the network, in Hz.

    Raises:
        AudioError: if there are none, or one cannot be read.
    """
    found = find([folder])
    for place in np.linspace(0, len(found) - 1, min(len(found), MOST_CLIPS)).round():
        yield next(blocks(found[int(place)].source, rate, CLIP_SECONDS * rate))
