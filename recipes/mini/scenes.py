"""Scenes: isolated sounds at known times on a background, in the way of Scaper.

(Salamon et al., "Scaper: A library for soundscape synthesis and augmentation", WASPAA 2017.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from panns_inference.training.distillation.augment import equalised, resampled

from .isolated import spans
from .sounds import SAMPLE_RATE

Waveform = NDArray[np.float32]
Draw = np.random.Generator

FADE = SAMPLE_RATE // 200


@dataclass(frozen=True)
class Placing:
    """How sounds are placed."""

    most: int = 3
    """Sounds that are drawn for a scene, at most."""

    shortest: float = 0.1
    """Seconds of a sound."""

    longest: float = 10.0
    quietest: float = -5.0
    """Decibels of a sound above its background."""

    loudest: float = 30.0
    again: float = 0.3
    """How often a sound comes a second time."""

    speed: float = 0.3
    """How often a sound is played faster or slower, by up to a sixth."""

    equaliser: float = 0.3


class Event(NamedTuple):
    """A stretch that sounds."""

    first: int
    """Sample."""

    last: int
    """Sample plus one."""

    sound: int
    """Number of the sound in its scene."""


class Scene(NamedTuple):
    """A waveform and what was placed in it."""

    waveform: Waveform
    events: list[Event]


def scene(background: Waveform, sounds: list[Waveform], placing: Placing, draw: Draw) -> Scene:
    """Place sounds on a background.

    Args:
        background: (samples,), not silent for the levels to have a meaning; a silent one counts
            as noise of -70 dB.
        sounds: isolated ones, (samples,) each.
        placing: how.
        draw: source of chance.
    """
    mix, events = background.copy(), []
    floor = max(_rms(background), 10 ** (-70 / 20))
    for number, sound in enumerate(sounds):
        varied = _varied(sound, placing, draw)
        for _ in range(1 + (draw.random() < placing.again)):
            events += _place(mix, varied, number, floor, placing, draw)
    peak = float(np.abs(mix).max())
    return Scene(mix / np.float32(max(1.0, peak)), events)


def _place(
    mix: Waveform, sound: Waveform, number: int, floor: float, placing: Placing, draw: Draw
) -> list[Event]:
    """Add a stretch of a sound at a random time and level; return where it sounds."""
    longest = min(len(sound), len(mix), int(placing.longest * SAMPLE_RATE))
    shortest = min(longest, int(placing.shortest * SAMPLE_RATE))
    # Whole sounds more often than pieces of them.
    length = longest if draw.random() < 0.7 else int(draw.uniform(shortest, longest + 1))
    start = int(draw.integers(len(sound) - length + 1))
    piece = sound[start : start + length].copy()
    found = spans(piece)
    if not found:
        return []
    fade = min(FADE, length // 2)
    piece[:fade] *= np.linspace(0, 1, fade, dtype=np.float32)
    piece[length - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    level = np.sqrt(np.mean([np.square(piece[a:b]).mean() for a, b in found]))
    decibels = draw.uniform(placing.quietest, placing.loudest)
    gain = floor * 10 ** (decibels / 20) / max(float(level), 1e-6)
    # A sound that would be far beyond full scale stays at it.
    gain = min(gain, 1.0 / max(float(np.abs(piece).max()), 1e-6))
    onset = int(draw.integers(len(mix) - length + 1))
    mix[onset : onset + length] += piece * np.float32(gain)
    return [Event(onset + a, onset + b, number) for a, b in found]


def _varied(sound: Waveform, placing: Placing, draw: Draw) -> Waveform:
    if draw.random() < placing.speed:
        sound = resampled(sound, float(np.exp(draw.uniform(-0.15, 0.15))))
    if draw.random() < placing.equaliser:
        sound = equalised(sound, draw, spread=4.0)
    return sound


def _rms(waveform: Waveform) -> float:
    return float(np.sqrt(np.square(waveform).mean()))


def activity(
    events: list[Event], n_sounds: int, n_segments: int, segment: int
) -> NDArray[np.float32]:
    """Return the share of each segment that each sound fills, (n_sounds, n_segments).

    Args:
        events: where the sounds sound.
        n_sounds: how many there are.
        n_segments: segments of the scene.
        segment: samples of a segment.
    """
    share = np.zeros((n_sounds, n_segments), np.float32)
    edges = np.arange(n_segments) * segment
    for first, last, sound in events:
        covered = np.minimum(last, edges + segment) - np.maximum(first, edges)
        share[sound] += np.clip(covered, 0, segment) / np.float32(segment)
    return np.minimum(share, 1)
