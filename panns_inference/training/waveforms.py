"""Augmentation of waveforms: a part of each clip, moved in time, louder or softer.

What is drawn comes from torch's global generator, which a run seeds by the number of the step.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import torch
from torch import Tensor

from ..errors import UsageError


@dataclass(frozen=True)
class WaveformAugmentation:
    """Waveforms to others, with draws for each clip; without any, they stay as they are.

    Attributes:
        crop: samples that are taken, from anywhere in the clip; 0 takes all.
        shift: samples by which a clip is moved at most, back or forth: what leaves it at one end
            comes in at the other.
        gain: largest change of the level, up or down, in decibels.

    Raises:
        UsageError: if one is negative.
    """

    crop: int = 0
    shift: int = 0
    gain: float = 0.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 0:
                raise UsageError(f"{name} must be 0 or more, not {value}")

    def __call__(self, waveforms: Tensor) -> Tensor:
        """Return the waveforms that are learnt from, (clips, crop), or (clips, samples).

        Args:
            waveforms: (clips, samples).

        Raises:
            UsageError: if clips are shorter than what is taken of them.
        """
        if not any(astuple(self)):
            return waveforms
        n_clips, n_samples = waveforms.shape
        if self.crop > n_samples:
            raise UsageError(
                f"{self.crop} samples cannot be taken of clips of {n_samples}: give a shorter crop"
            )
        length = self.crop or n_samples
        first = torch.randint(n_samples - length + 1, (n_clips, 1))
        moved = torch.randint(-self.shift, self.shift + 1, (n_clips, 1))
        decibels = self.gain * (2 * torch.rand(n_clips, 1) - 1)
        places = first + (torch.arange(length) - moved) % length
        taken = waveforms.gather(1, places.to(waveforms.device))
        return taken * (10 ** (decibels / 20)).to(waveforms.device)


UNCHANGED = WaveformAugmentation()
"""Leaves waveforms as they are."""
