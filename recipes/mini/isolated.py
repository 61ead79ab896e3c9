"""Where a sound sounds: the spans of a recording that are not far below its loudest moment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .sounds import SAMPLE_RATE

FRAME = SAMPLE_RATE // 50
"""Samples of which the power is taken: 20 ms."""

RANGE_DECIBELS = 40.0
"""What is further below the loudest 20 ms counts as silence."""

GAP_FRAMES = 15
"""Silence up to this is a part of the sound: 0.3 s."""

SHORTEST_FRAMES = 3

STEADY_DECIBELS = 15.0
"""Between the loudest and the quietest quarter of a second of a steady recording."""


def spans(waveform: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Return first sample and last plus one of each stretch that sounds.

    Args:
        waveform: (samples,).
    """
    n_frames = len(waveform) // FRAME
    frames = waveform[: n_frames * FRAME].reshape(n_frames, FRAME)
    power = np.square(frames, dtype=np.float32).mean(axis=1)
    loud = np.flatnonzero(power > power.max(initial=1e-9) * 10 ** (-RANGE_DECIBELS / 10))
    if not len(loud):
        return []
    breaks = np.flatnonzero(np.diff(loud) > GAP_FRAMES)
    firsts, lasts = loud[np.r_[0, breaks + 1]], loud[np.r_[breaks, len(loud) - 1]] + 1
    return [
        (int(first) * FRAME, int(last) * FRAME)
        for first, last in zip(firsts, lasts, strict=True)
        if last - first >= SHORTEST_FRAMES
    ]


def is_steady(waveform: NDArray[np.float32]) -> bool:
    """Return whether a recording sounds throughout, without pauses and single loud moments.

    Args:
        waveform: (samples,), half a second or more.
    """
    quarter = SAMPLE_RATE // 4
    parts = waveform[: len(waveform) // quarter * quarter].reshape(-1, quarter)
    power = np.square(parts, dtype=np.float32).mean(axis=1)
    return bool(power.min(initial=1.0) * 10 ** (STEADY_DECIBELS / 10) > power.max(initial=0.0))
