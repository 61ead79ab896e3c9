"""Digital silence: samples that need no network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .waiting import Waveform


def peak_of(decibels: float) -> float:
    """The largest magnitude of a sample of silence.

    Args:
        decibels: level relative to full scale, 0 or less; minus infinity is zeros alone.
    """
    return float(10 ** (decibels / 20))


def loud_segments(
    samples: Waveform, stride: int, n_segments: int, peak: float
) -> NDArray[np.bool_]:
    """Which segments are not silent, (n_segments,).

    Args:
        samples: of the segments, (n,); what is behind the last whole one belongs to it.
        stride: samples of a segment.
        n_segments: how many segments there are.
        peak: largest magnitude of silence.
    """
    loud = np.zeros(n_segments, bool)
    loud[np.minimum(np.flatnonzero(np.abs(samples) > peak) // stride, n_segments - 1)] = True
    return loud
