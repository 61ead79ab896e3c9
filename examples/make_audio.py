"""Makes `street.flac`, the recording of the examples: nobody's voice and nobody's rights.

    0     0.4                    4.5 4.7   5.6        7.0        9 s
    |------|---- a man orders ----|---|bell|-----------^ a car --|
    |=================== the hum of the town ====================|

It needs espeak-ng (`apt-get install espeak-ng`) for the voice; everything else is NumPy, with
a fixed seed: `python examples/make_audio.py` writes the same samples each time.
"""

from __future__ import annotations

import argparse
import io
import subprocess
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

RATE = 32000
"""Samples in a second, of everything here."""

DURATION = 9.0
"""Length of the recording in seconds."""

SEED = 1
"""Of the noises."""

WORDS = "Good morning! Two coffees to take away, please."

PARTIALS = ((1.0, 1.0, 0.30), (1.006, 0.6, 0.30), (2.76, 0.7, 0.18), (5.4, 0.4, 0.12))
"""A small steel bell: frequency as a multiple of the lowest, amplitude, decay in seconds. The
first two lie so near to each other that they beat, as those of a cast bell do."""

Samples = NDArray[np.float64]
"""A waveform, (samples,) at `RATE`."""


def seconds(duration: float) -> Samples:
    """The time of each sample from 0 to `duration` seconds, (samples,)."""
    return np.arange(round(duration * RATE)) / RATE


def voice(words: str) -> Samples:
    """The words, spoken by espeak-ng."""
    command = ["espeak-ng", "--stdout", "-v", "en-gb", "-s", "145", "-p", "45", words]
    spoken = subprocess.run(command, check=True, capture_output=True).stdout
    samples, rate = soundfile.read(io.BytesIO(spoken))
    return soxr.resample(samples, rate, RATE)


def bicycle_bell(lowest: float = 3300.0, strikes: int = 12, gap: float = 0.035) -> Samples:
    """One pull of the lever: the hammers strike `strikes` times, `gap` seconds apart.

    Args:
        lowest: frequency of the lowest partial in Hz.
        strikes: how often the bell is struck; every second hammer is the weaker one.
        gap: seconds between two strikes.
    """
    time = seconds(1.0)
    note = sum(
        amplitude * np.exp(-time / decay) * np.sin(2 * np.pi * lowest * ratio * time)
        for ratio, amplitude, decay in PARTIALS
    )
    ring = np.zeros(len(time) + round(strikes * gap * RATE))
    for strike in range(strikes):
        start = round(strike * gap * RATE)
        ring[start : start + len(time)] += note * (1.0 if strike % 2 else 0.7)
    return ring


def rumble(noise: np.random.Generator) -> Samples:
    """Brown noise from 30 to 8000 Hz for the whole recording: tyres and engines, far away."""
    n_samples = round(DURATION * RATE)
    spectrum = np.fft.rfft(noise.standard_normal(n_samples))
    frequencies = np.fft.rfftfreq(n_samples, 1 / RATE)
    audible = (frequencies > 30) & (frequencies < 8000)
    return np.fft.irfft(np.where(audible, spectrum / np.maximum(frequencies, 30), 0), n_samples)


def passing(sound: Samples, nearest: float, width: float) -> Samples:
    """The sound as if its source drove past: loudest at `nearest`, `width` seconds around it."""
    return sound / (1 + ((seconds(DURATION) - nearest) / width) ** 2)


def street() -> Samples:
    """The whole scene, (samples,) in [-1, 1]."""
    noise = np.random.default_rng(SEED)
    scene = np.zeros(round(DURATION * RATE))
    for onset, peak, sound in (
        (0.0, 0.06, rumble(noise)),
        (0.0, 0.80, passing(rumble(noise), nearest=7.4, width=0.8)),
        (0.4, 0.70, voice(WORDS)),
        (4.7, 0.40, bicycle_bell()),
    ):
        start = round(onset * RATE)
        inside = sound[: len(scene) - start]
        scene[start : start + len(inside)] += inside * (peak / np.abs(sound).max())
    return scene


def main() -> None:
    """Write `street.flac`, 32 kHz mono with 16 bits, into a folder."""
    parser = argparse.ArgumentParser(description="Make the recording of the examples.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent)
    path = parser.parse_args().folder / "street.flac"
    soundfile.write(path, street(), RATE, subtype="PCM_16")
    print(path)


if __name__ == "__main__":
    main()
