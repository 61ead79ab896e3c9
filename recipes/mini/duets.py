"""Thirty clips mixed from two sounds at known times, to judge the framewise output.

Ten seconds of quiet noise, and in it two recordings of different ESC-10 classes, each cut to
where it sounds: one somewhere in the first half, one that starts in the second, overlapping or not.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from panns_inference.training.augment import with_level
from panns_inference.training.recordings import decode

from .sounds import SAMPLE_RATE

SECONDS = 10
NOISE_DECIBEL = -62.0
LOUD_RANGE = 40.0
"""A recording sounds where it is at most so many decibels below its loudest 20 ms."""


class Sound(NamedTuple):
    """A sound at known times."""

    onset: float
    """Seconds."""

    offset: float
    """Seconds."""

    kind: str
    """ESC-10 class."""


class Scene(NamedTuple):
    """A recording and what is in it."""

    waveform: NDArray[np.float32]
    """(samples,) at 32 kHz."""

    sounds: list[Sound]


def duets(esc10: Path, number: int, seed: int) -> list[Scene]:
    """The mixed clips.

    Args:
        esc10: folder of the recordings, with `esc10.csv`.
        number: how many clips.
        seed: of what is drawn.
    """
    with (esc10 / "esc10.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    scenes = []
    for position in range(number):
        draw = np.random.default_rng((seed, position))
        chosen = [rows[k] for k in draw.permutation(len(rows))]
        first = chosen[0]
        second = next(row for row in chosen if row["class"] != first["class"])
        n_samples = SECONDS * SAMPLE_RATE
        mix = with_level(draw.standard_normal(n_samples).astype(np.float32), NOISE_DECIBEL)
        sounds = []
        for row, earliest, latest in ((first, 0.5, 3.5), (second, 4.5, 7.0)):
            waveform = _sounding(decode(esc10 / row["path"], SAMPLE_RATE))
            onset = int(draw.uniform(earliest, latest) * SAMPLE_RATE)
            heard = with_level(waveform[: n_samples - onset], draw.uniform(-35, -15))
            mix[onset : onset + len(heard)] += heard
            times = onset / SAMPLE_RATE, (onset + len(heard)) / SAMPLE_RATE
            sounds.append(Sound(*times, row["class"]))
        scenes.append(Scene(np.clip(mix, -1, 1), sounds))
    return scenes


def _sounding(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    # The first stretch without a gap of 0.3 s, at most 3 s long.
    frame = SAMPLE_RATE // 50
    power = np.square(waveform[: len(waveform) // frame * frame].reshape(-1, frame)).mean(axis=1)
    loud = np.flatnonzero(power > power.max() * 10 ** (-LOUD_RANGE / 10))
    gaps = np.flatnonzero(np.diff(loud) > 15)
    last = loud[gaps[0]] if len(gaps) else loud[-1]
    return waveform[loud[0] * frame : (last + 1) * frame][: 3 * SAMPLE_RATE]
