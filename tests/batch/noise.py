"""Recordings of noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

RATE = 8_000


def noise(path: Path, seconds: float, seed: int = 0) -> Path:
    """A file of noise that swells and fades, so that not every stretch of it is alike."""
    n_samples = round(seconds * RATE)
    swell = 0.3 * (1 + np.sin(np.linspace(0, 7, n_samples))) / 2
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, swell * np.random.default_rng(seed).standard_normal(n_samples), RATE)
    return path
