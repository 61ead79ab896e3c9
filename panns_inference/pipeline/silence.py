"""Digital silence: samples that need not go through the network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .blocks import Waveform


def peak_of(decibels: float) -> float:
    """Return the largest magnitude of a sample of silence.

    Args:
        decibels: level relative to full scale, 0 or less; minus infinity is zeros alone.
    """
    return float(10 ** (decibels / 20))


def loud_clips(waveforms: Waveform, peak: float | None) -> NDArray[np.bool_]:
    """Return which clips are not silent, (clips,).

    Args:
        waveforms: (clips, samples).
        peak: largest magnitude of silence; None: no clip is silent.
    """
    if peak is None:
        return np.ones(len(waveforms), bool)
    loud: NDArray[np.bool_] = np.abs(waveforms).max(axis=1) > peak
    return loud


def loud_segments(
    samples: Waveform, stride: int, n_segments: int, peak: float
) -> NDArray[np.bool_]:
    """Return which segments are not silent, (n_segments,).

    Args:
        samples: of the segments, (n,); what is behind the last whole one belongs to it.
        stride: samples of a segment.
        n_segments: how many segments there are.
        peak: largest magnitude of silence.
    """
    loud = np.zeros(n_segments, bool)
    loud[np.minimum(np.flatnonzero(np.abs(samples) > peak) // stride, n_segments - 1)] = True
    return loud
