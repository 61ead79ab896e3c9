"""Recordings of known content, made of the one in `examples/` and of waveforms by formula."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from reference.formulas import waveform

RATE = 32_000

STEP = 10
"""Seconds from one street to the next in the soundscape."""

GAINS = (1.0, 0.5, 0.8, 0.3, 1.0, 0.6, 0.9, 0.4, 0.7, 1.0, 0.5, 0.8)
"""Of each street in the soundscape: two minutes in all."""

EVENTS = (("Speech", 0.4, 4.5), ("Bicycle bell", 4.7, 5.6), ("Vehicle", 6.0, 9.0))
"""What there is in the street: label, onset and offset in seconds."""

KINDS = ("chirp", "bursts", "noise", "tone")


def soundscape(street: Path) -> NDArray[np.float32]:
    """Two minutes: the street again and again, now louder, now softer, in quiet noise."""
    samples, rate = soundfile.read(street, dtype="float32")
    assert rate == RATE
    scape = 1e-4 * np.random.default_rng(0).standard_normal(STEP * len(GAINS) * RATE)
    for number, gain in enumerate(GAINS):
        scape[number * STEP * RATE :][: len(samples)] += gain * samples
    return scape.astype(np.float32)


def clips(street: Path, folder: Path) -> Path:
    """Twelve recordings of 5 s in Ogg Vorbis of 44.1 kHz; every third holds some of the street."""
    samples, _ = soundfile.read(street, dtype="float32")
    for number in range(12):
        clip = (1 - number / 24) * waveform(KINDS[number % 4], 5 * 44_100, 44_100)
        if number % 3 == 0:
            clip = soxr.resample(samples[number * 8_000 :][: 5 * RATE], RATE, 44_100)
        soundfile.write(folder / f"{number:02}.ogg", clip, 44_100)
    return folder
