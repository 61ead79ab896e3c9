"""Twelve classes of sound, from formulas: pitch, rate and shape are drawn anew for each sound.

Some are alike on purpose: what differs is the direction of a sweep, or whether it is the loudness
or the pitch of a tone that goes up and down.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 8000
"""Hz."""

Draw = np.random.Generator
Waveform = NDArray[np.float64]


def hiss(time: Waveform, draw: Draw) -> Waveform:
    """A band of noise."""
    spectrum = np.fft.rfft(draw.standard_normal(len(time)))
    hertz = np.fft.rfftfreq(len(time), 1 / SAMPLE_RATE)
    low = _pitch(draw, 10.3)
    spectrum[(hertz < low) | (hertz > low * 2 ** draw.uniform(0.7, 1))] = 0
    return np.fft.irfft(spectrum, len(time))


def harmonics(time: Waveform, draw: Draw) -> Waveform:
    """A tone with overtones."""
    pitch, fall = _pitch(draw, 7.7), draw.uniform(0.2, 0.7)
    orders = np.arange(1, int(SAMPLE_RATE / 2 / pitch))
    return (orders**-fall) @ np.sin(2 * np.pi * pitch * orders[:, None] * time)


def tone(time: Waveform, draw: Draw) -> Waveform:
    """A sine."""
    return np.sin(2 * np.pi * _pitch(draw, 10) * time)


def clicks(time: Waveform, draw: Draw) -> Waveform:
    """Short bursts at equal distances."""
    return _bursts(time, np.arange(draw.uniform(0, 0.2), time[-1], draw.uniform(0.15, 0.35)), draw)


def rising(time: Waveform, draw: Draw) -> Waveform:
    """Sweeps that rise, again and again."""
    return _sweeps(time, draw, 2 ** draw.uniform(1, 2))


def bell(time: Waveform, draw: Draw) -> Waveform:
    """Strokes that ring out, with overtones that are no harmonics."""
    stroke = time % draw.uniform(0.4, 1.0)
    ratios = np.sort(draw.uniform(1, 5, 5))[:, None]
    decay = np.exp(-stroke * draw.uniform(3, 9) * ratios)
    return (decay * np.sin(2 * np.pi * _pitch(draw, 9) * ratios * time)).sum(axis=0)


def alternation(time: Waveform, draw: Draw) -> Waveform:
    """Two tones in turn, as of a siren."""
    low = _pitch(draw, 9.3)
    is_high = time / draw.uniform(0.3, 0.8) % 1 < 0.5
    return _glide(np.where(is_high, low * draw.uniform(1.3, 1.8), low))


def crackle(time: Waveform, draw: Draw) -> Waveform:
    """Many short bursts, at random."""
    return _bursts(time, draw.uniform(0, time[-1], draw.integers(60, 150)), draw)


def tremolo(time: Waveform, draw: Draw) -> Waveform:
    """A sine whose loudness goes up and down."""
    depth = draw.uniform(0.9, 1) * np.sin(2 * np.pi * draw.uniform(3, 6) * time)
    return (1 + depth) * tone(time, draw)


def falling(time: Waveform, draw: Draw) -> Waveform:
    """Sweeps that fall, again and again."""
    return _sweeps(time, draw, 2 ** -draw.uniform(1, 2))


def vibrato(time: Waveform, draw: Draw) -> Waveform:
    """A sine whose pitch goes up and down."""
    depth = draw.uniform(0.15, 0.3) * np.sin(2 * np.pi * draw.uniform(3, 6) * time)
    return _glide(_pitch(draw, 9.5) * (1 + depth))


def puffs(time: Waveform, draw: Draw) -> Waveform:
    """A band of noise that comes and goes."""
    return hiss(time, draw) * (time / draw.uniform(0.15, 0.35) % 1 < draw.uniform(0.3, 0.6))


SOUNDS: dict[str, Callable[[Waveform, Draw], Waveform]] = {
    "Hiss": hiss,
    "Harmonics": harmonics,
    "Tone": tone,
    "Clicks": clicks,
    "Rising sweep": rising,
    "Bell": bell,
    "Alternation": alternation,
    "Crackle": crackle,
    "Tremolo": tremolo,
    "Falling sweep": falling,
    "Vibrato": vibrato,
    "Puffs": puffs,
}
"""Label of a class to what makes a sound of it at given times in seconds."""


def _pitch(draw: Draw, octave: float) -> float:
    """A frequency in Hz, within half an octave around a power of two."""
    return 2 ** (octave + draw.uniform(-0.5, 0.5))


def _glide(hertz: Waveform) -> Waveform:
    """A sine of a frequency that changes."""
    return np.sin(2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE)


def _sweeps(time: Waveform, draw: Draw, ratio: float) -> Waveform:
    """Sweeps from a frequency to a multiple of it."""
    start = _pitch(draw, 9.2) * (1 if ratio > 1 else 1 / ratio)
    return _glide(start * ratio ** (time / draw.uniform(0.3, 0.8) % 1))


def _bursts(time: Waveform, onsets: Waveform, draw: Draw) -> Waveform:
    """Short bursts of noise at given times, in seconds."""
    found = np.zeros(len(time))
    length = round(draw.uniform(0.002, 0.008) * SAMPLE_RATE)
    for first in (onsets * SAMPLE_RATE).astype(int):
        burst = draw.standard_normal(length) * np.exp(-np.linspace(0, 4, length))
        found[first : first + length] += burst[: len(found) - first]
    return found
