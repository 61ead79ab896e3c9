"""Labelled batches: the mixer's clips, the student's log-mel of them, the teacher's labels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from panns_inference.models.mini import PannsMini
from panns_inference.training.distillation import LabelledBatch
from panns_inference.training.recordings import Recordings

from .mixtures import Chances, Mixer, Window
from .sounds import SAMPLE_RATE
from .teacher import Labels, Teacher, read_teacher

N_FFT = 1024
HOP_SIZE = 320
SEGMENT = PannsMini.segment_frames * HOP_SIZE


@dataclass(frozen=True)
class Lengths:
    """How long the clips of a batch are; all clips of a batch are equally long."""

    seconds: float = 160.0
    """Sound in a batch."""

    most_clips: int = 96
    whole: float = 0.5
    """How often clips are as long as a window: 5 s."""

    double: float = 0.1
    """How often they are twice as long; otherwise any length from a third of a second to 5 s."""

    stretch: tuple[int, int] = (3, 12)
    """Shortest and longest stretch in segments."""

    def clip(self, draw: np.random.Generator) -> int:
        """Length of the clips of a batch in samples.

        Args:
            draw: source of chance.
        """
        lot = draw.random()
        if lot < self.whole + self.double:
            return (5 if lot < self.whole else 10) * SAMPLE_RATE
        return int(np.exp(draw.uniform(np.log(1 / 3), np.log(5))) * SAMPLE_RATE)


@dataclass
class Batches:
    """Number to batch; what it reads is opened where it is first used, in the worker."""

    cache: Path
    weights: Path
    """Of the teacher."""

    windows: list[Window]
    classes: list[int]
    chances: Chances
    lengths: Lengths
    seed: int

    def __getstate__(self) -> dict[str, object]:
        opened = ("mixer", "teacher", "frontend")
        return {name: value for name, value in vars(self).items() if name not in opened}

    @cached_property
    def mixer(self) -> Mixer:
        """The clips."""
        real, made = Recordings(self.cache / "real"), Recordings(self.cache / "made")
        return Mixer(real, self.windows, self.classes, made, self.chances)

    @cached_property
    def teacher(self) -> Teacher:
        """The labels."""
        return read_teacher(self.weights).fused()

    @cached_property
    def frontend(self) -> Frontend:
        """Waveform to log-mel of the student."""
        return Frontend(PannsMini(32000, 1024, HOP_SIZE, 64, 50, 14000, 1))

    def __call__(self, number: int) -> LabelledBatch:
        draw = np.random.default_rng((self.seed, number))
        n_samples = self.lengths.clip(draw)
        n_clips = min(self.lengths.most_clips, int(self.lengths.seconds * SAMPLE_RATE / n_samples))
        first, last = self._stretch(n_samples, draw)
        heard = first * SEGMENT, min(last * SEGMENT, n_samples)
        clips = [
            self.mixer.clip(n_samples, heard, np.random.default_rng((self.seed, number, position)))
            for position in range(n_clips)
        ]
        waveforms = torch.from_numpy(np.stack(clips))
        with torch.no_grad():
            labels = _in_parts(self.teacher, waveforms)
            stretch = _in_parts(self.teacher, waveforms[:, slice(*heard)])
            decibels = torch.cat([self.frontend(part) for part in waveforms.split(4)])
        return LabelledBatch(decibels, labels.logits, labels.local, (first, last), stretch.logits)

    def _stretch(self, n_samples: int, draw: np.random.Generator) -> tuple[int, int]:
        n_segments = (1 + n_samples // HOP_SIZE) // PannsMini.segment_frames
        shortest, longest = self.lengths.stretch
        length = min(n_segments, int(draw.integers(shortest, longest + 1)))
        first = int(draw.integers(n_segments - length + 1))
        return first, first + length


class Frontend:
    """Waveform to log-mel as the network's own, by FFT: a quarter of the time.

    Args:
        network: whose front-end it is.
    """

    def __init__(self, network: PannsMini) -> None:
        self.window = torch.hann_window(N_FFT)
        self.mel = network.logmel_extractor.melW

    def __call__(self, waveform: Tensor) -> Tensor:
        spectrum = torch.stft(
            waveform, N_FFT, HOP_SIZE, window=self.window, pad_mode="reflect", return_complex=True
        )
        power = spectrum.real.square() + spectrum.imag.square()
        mel = power.transpose(1, 2) @ self.mel
        return 10 * mel.clamp(min=1e-10).log10()[:, None]


def _in_parts(teacher: Teacher, waveforms: Tensor) -> Labels:
    # Some 20 s of sound at a time stay in the processor's cache: twice as fast as all at once.
    size = max(1, 20 * SAMPLE_RATE // waveforms.shape[1])
    parts = [teacher(part) for part in waveforms.split(size)]
    return Labels(*(torch.cat(values) for values in zip(*parts, strict=True)))
