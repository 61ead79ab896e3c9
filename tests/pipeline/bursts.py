"""A recording from a formula."""

from __future__ import annotations

import numpy as np


def noise(n_samples, seed=0, rate=32_000):
    """Bursts of noise over a tone that glides."""
    rng = np.random.default_rng(seed)
    time = np.arange(n_samples) / rate
    bursts = rng.standard_normal(n_samples) * (np.sin(time * 1.7 + seed) > 0.3)
    return (0.1 * bursts + 0.2 * np.sin(300 * time + 40 * time**2)).astype(np.float32)
