"""Waveforms as 16-bit integers: half the size of float32, with what a disc has of quietness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FULL_SCALE = 32767
"""Integer of a sample of 1."""


def to_int16(waveform: NDArray[np.float32]) -> NDArray[np.int16]:
    """Return samples as integers, each the nearest one; those beyond [-1, 1] are clipped.

    Args:
        waveform: of any shape, such as (samples,).
    """
    return np.rint(np.clip(waveform, -1, 1) * FULL_SCALE).astype(np.int16)
