"""Distillation: soft labels of a teacher for whole clips, and of the sounds in them for segments.

    clip      |----------------------------------|   probabilities of the classes
    sounds    |==================================|   a background, throughout
                   |=======|      |====|             sounds that were placed at known times
    segments  |--|--|--|--|--|--|--|--|--|--|--|--|   the most probable of the sounds in each

Nobody labels the segments: sounds are placed, so their times are known, and what a sound is says
the teacher's opinion of it alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from ...models.mini import PannsMini


class LabelledBatch(NamedTuple):
    """Clips of one length, and their labels."""

    image: Tensor
    """Log-mel, (batch, 1, frames, mel_bins)."""

    clipwise: Tensor
    """Probabilities of the classes in the clip, (batch, classes)."""

    sounds: Tensor
    """Probabilities of the classes for each sound in the clip, (batch, sounds, classes)."""

    active: Tensor
    """Share of each segment that a sound fills, (batch, sounds, segments)."""

    placed: Tensor
    """1 for clips whose sounds are known, 0 for others, (batch,)."""


@dataclass(frozen=True)
class Distillation:
    """Weights of the terms of the loss.

    Attributes:
        clipwise: of the binary cross-entropy of clips, summed over the classes.
        framewise: of that of the segments of clips whose sounds are known.
    """

    clipwise: float = 1.0
    framewise: float = 1.0

    def __call__(self, network: PannsMini, batch: LabelledBatch) -> dict[str, Tensor]:
        """Return the terms of the loss; `loss` is their weighted sum.

        Args:
            network: the student.
            batch: clips and labels.
        """
        features = network.trunk(batch.image)
        logits, _ = network.clipwise_logits(features[:, : network.channels].mean(dim=2))
        clipwise = soft_cross_entropy(logits.float(), batch.clipwise).mean()
        framewise = network.framewise_logits(features)
        targets = segment_targets(batch.sounds, batch.active)
        segments = soft_cross_entropy(framewise.float(), targets).mean(dim=1)
        known = (segments * batch.placed).sum() / batch.placed.sum().clamp(min=1)
        terms = {"clipwise": clipwise, "framewise": known}
        weighted = [getattr(self, name) * term for name, term in terms.items()]
        return {"loss": torch.stack(weighted).sum(), **terms}


def soft_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the binary cross-entropy in nats, summed over classes: (batch, ...).

    Args:
        logits: of the student, (batch, classes, ...).
        targets: probabilities, of the same shape.
    """
    return functional.binary_cross_entropy_with_logits(logits, targets, reduction="none").sum(dim=1)


def segment_targets(sounds: Tensor, active: Tensor) -> Tensor:
    """Return the probabilities of the classes in each segment, (batch, classes, segments).

    Args:
        sounds: probabilities of the classes for each sound, (batch, sounds, classes).
        active: share of each segment that it fills, (batch, sounds, segments).
    """
    return (sounds[..., None] * active[:, :, None]).amax(dim=1)
