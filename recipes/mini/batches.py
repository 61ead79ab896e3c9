"""Labelled batches, of three kinds.

alone    2 or 5 s   one sound and silence           labels of the sound in silence, its name's
whole    5 s        recordings, mixtures            the teacher's opinion of exactly this clip
scene    10 s       sounds placed on a background   the same, and what each sound is and when
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from panns_inference.models.mini import PannsMini
from panns_inference.training.distillation.augment import equalised, resampled
from panns_inference.training.distillation.loss import LabelledBatch
from panns_inference.training.distillation.recordings import Recordings

from .collection import Sounds, waveform_of
from .isolated import is_steady, spans
from .mixtures import Chances, Mixer
from .sampler import Sampler
from .scenes import Event, Placing, Scene, activity, scene
from .sounds import SAMPLE_RATE
from .teacher import Teacher, read_teacher

SEGMENT = PannsMini.segment_frames * PannsMini.published.hop_size
SHORTEST = SAMPLE_RATE // 20
"""Samples of the shortest sound that is placed: some recordings are a click, or empty."""

MOST_SOUNDS = 4
"""Sounds of a scene: the background and those placed on it."""


@dataclass(frozen=True)
class Kinds:
    """How often a batch is of which kind, and how large it is."""

    alone: float = 0.3
    scene: float = 0.4
    seconds: float = 160.0
    """Sound in a batch."""

    named: float = 0.85
    """Probability to which a name raises its classes; 0 leaves them as the teacher has them."""

    balance: float = 0.7
    """How often a sound is drawn by its class, not by their number."""


@dataclass
class Batches:
    """Number to batch; what it reads is opened where it is first used, in the worker."""

    cache: Path
    weights: Path
    """Of the teacher."""

    sounds: Sounds
    """Training windows of all recordings."""

    chances: Chances
    placing: Placing
    kinds: Kinds
    seed: int

    def __getstate__(self) -> dict[str, object]:
        opened = ("real", "mixer", "teacher", "up_to")
        return {name: value for name, value in vars(self).items() if name not in opened}

    @cached_property
    def real(self) -> Recordings:
        """The recordings."""
        return Recordings(self.cache / "real")

    @cached_property
    def mixer(self) -> Mixer:
        """Recordings and mixtures."""
        classes = [int(k) for k in self.sounds.logits.argmax(axis=1)]
        made = Recordings(self.cache / "made")
        return Mixer(self.real, self.sounds.windows, classes, made, self.chances)

    @cached_property
    def teacher(self) -> Teacher:
        """The labels."""
        return read_teacher(self.weights).fused()

    @cached_property
    def up_to(self) -> dict[int, Sampler[int]]:
        """Isolated sounds up to a length, by what they are: their name's class or the teacher's."""
        return {seconds: self._sampler(seconds * SAMPLE_RATE) for seconds in (2, 5)}

    def _sampler(self, longest: int) -> Sampler[int]:
        first = self.sounds.in_silence.argmax(axis=1)
        kept = [
            k
            for k, window in enumerate(self.sounds.windows)
            if window.length <= longest
            and self.real.n_samples(window.name) - window.start >= SHORTEST
        ]
        groups = [self.sounds.named[k][0] if self.sounds.named[k] else first[k] for k in kept]
        return Sampler(kept, groups, self.kinds.balance)

    def __call__(self, number: int) -> LabelledBatch:
        draw = np.random.default_rng((self.seed, number))
        lot = draw.random()
        with torch.no_grad():
            if lot < self.kinds.alone:
                return self._alone(draw)
            if lot < self.kinds.alone + self.kinds.scene:
                return self._scenes(draw)
            return self._whole(draw)

    def _alone(self, draw: np.random.Generator) -> LabelledBatch:
        seconds = int(draw.choice((2, 5)))
        n_samples = seconds * SAMPLE_RATE
        chosen, scenes = [], []
        for _ in range(self._clips(n_samples)):
            index = self.up_to[seconds].draw(draw)
            sound = self._presented(waveform_of(self.real, self.sounds.windows[index]), draw)
            # Half of them as the network pads them itself: with silence behind them alone.
            spare = max(0, n_samples - len(sound))
            before = int(draw.integers(spare + 1)) if draw.random() < 0.5 else 0
            clip = np.pad(sound, (before, max(0, spare - before)))[:n_samples]
            scenes.append(Scene(clip, [Event(*span, 0) for span in spans(clip)]))
            chosen.append(index)
        targets = self.targets(chosen)
        return self._batch(scenes, targets, targets[:, None], 1.0)

    def _presented(
        self, sound: NDArray[np.float32], draw: np.random.Generator
    ) -> NDArray[np.float32]:
        if draw.random() < 0.4:
            sound = resampled(sound, float(np.exp(draw.uniform(-0.12, 0.12))))
        if draw.random() < 0.3:
            sound = equalised(sound, draw, spread=4.0)
        peak = max(float(np.abs(sound).max(initial=0)), 1e-4)
        return sound * np.float32(min(1.0, 10 ** (draw.uniform(-30, 0) / 20)) / peak)

    def _whole(self, draw: np.random.Generator) -> LabelledBatch:
        n_samples = 5 * SAMPLE_RATE
        n_clips = self._clips(n_samples)
        clips = [self.mixer.clip(n_samples, draw) for _ in range(n_clips)]
        waveforms = torch.from_numpy(np.stack(clips))
        labels = self.labels(waveforms)
        return self._batch([Scene(clip, []) for clip in clips], labels, labels[:, None], 0.0)

    def _scenes(self, draw: np.random.Generator) -> LabelledBatch:
        n_samples = 10 * SAMPLE_RATE
        n_clips = self._clips(n_samples)
        backgrounds = [self._background(n_samples, draw) for _ in range(n_clips)]
        scenes, targets = [], torch.zeros(n_clips, MOST_SOUNDS, 527)
        targets[:, 0] = self.labels(torch.from_numpy(np.stack(backgrounds)))
        for position, background in enumerate(backgrounds):
            chosen = [self.up_to[5].draw(draw) for _ in range(draw.integers(self.placing.most + 1))]
            waves = [waveform_of(self.real, self.sounds.windows[index]) for index in chosen]
            placed = scene(background, waves, self.placing, draw)
            events = [Event(e.first, e.last, e.sound + 1) for e in placed.events]
            scenes.append(Scene(placed.waveform, [Event(0, n_samples, 0), *events]))
            if chosen:
                targets[position, 1 : 1 + len(chosen)] = self.targets(chosen)
        clipwise = self.labels(torch.from_numpy(np.stack([s.waveform for s in scenes])))
        return self._batch(scenes, clipwise, targets, 1.0)

    def _background(self, n_samples: int, draw: np.random.Generator) -> NDArray[np.float32]:
        """Return something quiet: a recording, noise, or silence."""
        lot, level = draw.random(), np.float32(10 ** (draw.uniform(-60, -25) / 20))
        if lot < 0.1:
            return np.zeros(n_samples, np.float32)
        if lot < 0.3:
            noise = np.fft.rfft(draw.standard_normal(n_samples))
            tilt = np.arange(1, len(noise) + 1) ** -draw.uniform(0, 1)
            waveform = np.fft.irfft(noise * tilt, n_samples).astype(np.float32)
        else:
            tries = (self.mixer.recorded(5 * SAMPLE_RATE, draw) for _ in range(5))
            steady = next((w for w in tries if len(w) > SAMPLE_RATE and is_steady(w)), None)
            if steady is None:
                return np.zeros(n_samples, np.float32)
            waveform = np.resize(steady, n_samples)
        return waveform * (level / max(float(np.sqrt(np.square(waveform).mean())), 1e-5))

    def targets(self, indices: list[int]) -> Tensor:
        """Return the probabilities of the classes for isolated sounds, (sounds, 527).

        Args:
            indices: their numbers.
        """
        logits = self.sounds.in_silence[indices].astype(np.float32)
        found = torch.from_numpy(logits).sigmoid()
        for row, index in zip(found, indices, strict=True):
            for k in self.sounds.named[index]:
                row[k] = max(float(row[k]), self.kinds.named)
        return found

    def labels(self, waveforms: Tensor) -> Tensor:
        """Return the teacher's probabilities for clips, (batch, 527).

        Args:
            waveforms: (batch, samples).
        """
        # Some 20 s of sound at a time stay in the processor's cache: twice as fast as all at once.
        parts = waveforms.split(max(1, 20 * SAMPLE_RATE // waveforms.shape[1]))
        return torch.cat([self.teacher(part).logits for part in parts]).sigmoid()

    def _clips(self, n_samples: int) -> int:
        return int(self.kinds.seconds * SAMPLE_RATE / n_samples)

    def _batch(
        self, scenes: list[Scene], clipwise: Tensor, sounds: Tensor, placed: float
    ) -> LabelledBatch:
        waveforms = torch.from_numpy(np.stack([s.waveform for s in scenes]))
        image = torch.cat([self.teacher.logmel(part) for part in waveforms.split(4)])
        n_segments = -(-image.shape[3] // PannsMini.segment_frames)
        shares = [activity(s.events, sounds.shape[1], n_segments, SEGMENT) for s in scenes]
        active = torch.from_numpy(np.stack(shares))
        known = torch.full((len(scenes),), placed)
        return LabelledBatch(image.transpose(2, 3), clipwise, sounds, active, known)
