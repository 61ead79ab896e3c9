"""Clips of a low or a high tone in noise, which a network learns to tell apart in some steps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from panns_inference.training.data import Clip, Dataset

SAMPLES = 4096
FREQUENCIES = {"low": 300, "high": 3000}
FOLDS = ("1", "2", "10")


class Tones:
    """Clips in memory: four of each class in each fold.

    Args:
        n_samples: of a clip.
        several: whether a clip may have both classes, or none.
    """

    def __init__(self, n_samples: int = SAMPLES, *, several: bool = False) -> None:
        draw = np.random.default_rng(0)
        labels = tuple(FREQUENCIES)
        sets = [(), labels, *((each,) for each in labels)] if several else [(k,) for k in labels]
        clips = [
            Clip(Path(f"{fold}-{sets.index(found)}-{k}.wav"), found, fold=fold)
            for fold in FOLDS
            for found in sets
            for k in range(8 // len(sets))
        ]
        self.dataset = Dataset(tuple(clips), labels)
        time = np.arange(n_samples) / 32_000
        self._waveforms = np.stack(
            [
                draw.normal(0, 0.01, n_samples)
                + sum(0.3 * np.sin(2 * np.pi * FREQUENCIES[k] * time) for k in clip.labels)
                for clip in clips
            ]
        ).astype(np.float32)

    def waveforms(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        return self._waveforms[indices]
