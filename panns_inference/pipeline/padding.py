"""Silence around short clips: what surrounds a sound is part of what a network takes it for."""

from __future__ import annotations

import numpy as np

from .blocks import Waveform


def centred(waveform: Waveform, n_samples: int) -> Waveform:
    """Return a clip in the middle of zeros; one that is long enough is returned as it is.

    Where an odd number of zeros is needed, the one more is behind.

    Args:
        waveform: (samples,).
        n_samples: with the zeros.
    """
    missing = n_samples - len(waveform)
    if missing <= 0:
        return waveform
    return np.pad(waveform, (missing // 2, missing - missing // 2))
