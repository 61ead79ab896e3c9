"""What the student hears: recordings and made sounds, alone and mixed, plain and spoilt.

A clip is a function of (seed, batch, position) alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from panns_inference.training.distillation.augment import (
    band_limited,
    coded,
    equalised,
    fitted,
    mixed,
    quantised,
    resampled,
    reverberated,
)
from panns_inference.training.distillation.recordings import Recordings
from panns_inference.training.int16 import FULL_SCALE

from .collection import Window
from .sampler import Sampler
from .sounds import SAMPLE_RATE

Waveform = NDArray[np.float32]
Draw = np.random.Generator

SPREAD = 0.35
"""Standard deviation of the logarithm of a sound's speed."""


@dataclass(frozen=True)
class Chances:
    """How often what happens to a clip of the training."""

    made: float = 0.35
    """A source is a made sound, not a recording."""

    balance: float = 0.5
    """A recording is drawn by its class, not by its length."""

    plain: float = 0.35
    """A clip is one recording as it is."""

    two: float = 0.4
    """Otherwise: a mixture of two."""

    three: float = 0.15
    """Otherwise: a mixture of three."""

    speed: float = 0.25
    """A sound is played faster or slower."""

    backwards: float = 0.0
    repeat: float = 0.3
    """A sound shorter than half the clip is heard several times."""

    equaliser: float = 0.25
    room: float = 0.12
    band: float = 0.08
    quantiser: float = 0.05
    codec: float = 0.03


class Mixer:
    """Makes clips.

    Args:
        recordings: real recordings.
        windows: training windows of them.
        classes: most probable class of each window.
        made: made sounds.
        chances: how often what happens.
    """

    def __init__(
        self,
        recordings: Recordings,
        windows: list[Window],
        classes: list[int],
        made: Recordings,
        chances: Chances,
    ) -> None:
        self.recordings, self.made, self.chances = recordings, made, chances
        self.windows = Sampler(windows, classes, chances.balance)
        # Windows by length in quarter octaves: a short clip is a short recording as it is.
        lengths = [_octave(window.length) for window in windows]
        self.of_length = {
            octave: Sampler(
                [w for w, length in zip(windows, lengths, strict=True) if length == octave],
                [k for k, length in zip(classes, lengths, strict=True) if length == octave],
                chances.balance,
            )
            for octave in set(lengths)
        }
        kinds = [name.split("/")[0] for name in made]
        self.made_names = Sampler(list(made), kinds, 1.0)

    def clip(self, n_samples: int, draw: Draw) -> Waveform:
        """Return a clip of that length.

        Args:
            n_samples: length.
            draw: source of chance.
        """
        chances = self.chances
        if draw.random() < chances.plain:
            waveform = self.recorded(n_samples, draw)
            if len(waveform) < n_samples and draw.random() < 0.5:
                return np.pad(waveform, (0, n_samples - len(waveform)))
            return fitted(waveform, n_samples, draw)
        lot = draw.random()
        n_sources = 3 if lot < chances.three else 2 if lot < chances.three + chances.two else 1
        loudest = draw.uniform(-40, -10)
        levels = [loudest, *(loudest - draw.uniform(-3, 18) for _ in range(n_sources - 1))]
        sources = [self._source(n_samples, draw) for _ in range(n_sources)]
        return self._spoilt(mixed(sources, levels), draw)

    def recorded(self, n_samples: int, draw: Draw) -> Waveform:
        """Return a stretch of a recording, of that length or shorter.

        Args:
            n_samples: length that is wanted.
            draw: source of chance.
        """
        same = self.of_length.get(_octave(n_samples))
        sampler = same if same and draw.random() < 0.5 else self.windows
        window = sampler.draw(draw)
        samples = self.recordings[window.name]
        # Longer than a window and not on its grid, where the recording goes on.
        length = max(window.length, n_samples)
        jitter = int(draw.integers(-window.length // 4, window.length // 4 + 1))
        start = max(0, min(window.start + jitter, len(samples) - length))
        return samples[start : start + length].astype(np.float32) / FULL_SCALE

    def _source(self, n_samples: int, draw: Draw) -> Waveform:
        chances = self.chances
        if draw.random() < chances.made:
            samples = self.made[self.made_names.draw(draw)]
            start = int(draw.integers(max(1, len(samples) - n_samples)))
            waveform = samples[start : start + n_samples * 2].astype(np.float32) / FULL_SCALE
        else:
            waveform = self.recorded(n_samples, draw)
        if draw.random() < chances.speed:
            waveform = resampled(waveform, float(np.exp(np.clip(draw.normal(0, SPREAD), -1, 1))))
        if draw.random() < chances.backwards:
            waveform = waveform[::-1]
        if len(waveform) < n_samples // 2 and draw.random() < chances.repeat:
            places = range(draw.integers(2, 5))
            return np.sum([fitted(waveform, n_samples, draw) for _ in places], axis=0)
        return fitted(waveform, n_samples, draw)

    def _spoilt(self, waveform: Waveform, draw: Draw) -> Waveform:
        chances = self.chances
        if draw.random() < chances.equaliser:
            waveform = equalised(waveform, draw)
        if draw.random() < chances.room:
            waveform = reverberated(waveform, draw, SAMPLE_RATE)
        if draw.random() < chances.band:
            waveform = band_limited(waveform, draw, SAMPLE_RATE)
        if draw.random() < chances.quantiser:
            waveform = quantised(waveform, draw)
        if draw.random() < chances.codec:
            waveform = coded(waveform, draw, SAMPLE_RATE)
        return np.clip(waveform, -1, 1)


def _octave(n_samples: int) -> int:
    return round(4 * np.log2(n_samples / SAMPLE_RATE))
