"""Distillation: soft labels of a teacher for whole clips and for stretches of them.

    clip      |----------------------------------|   clip logits, embedding
    stretch            |---------|                   stretch logits
    steps     |----|----|----|----|----|----|----|   contribution of each to the embedding

The stretch is part of its clip: the trunk processes the clip once, the head pools the segments of
the stretch. So the head learns what is in a short stretch of a recording: its events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from ..models.augment import SpecAugmentation
from ..models.mini import PannsMini, surroundings

STEP_FRAMES = 32
"""Frames from one step of the teacher to the next."""


class LabelledBatch(NamedTuple):
    """Clips of one length, and the labels of the teacher."""

    decibels: Tensor
    """Log-mel before the network's first norm, (batch, 1, frames, mel_bins)."""

    logits: Tensor
    """(batch, classes)."""

    local: Tensor
    """Contribution of each step of the teacher to the embedding before its activation, (batch,
    steps, embedding_size); steps have `STEP_FRAMES` frames, and the first is centred on frame 0."""

    stretch: tuple[int, int]
    """First and last segment plus one of the stretch, the same in all clips."""

    stretch_logits: Tensor
    """(batch, classes)."""


@dataclass(frozen=True)
class Distillation:
    """Weights of the terms of the loss.

    Attributes:
        clip: of the binary cross-entropy of clips, summed over the classes.
        stretch: of that of stretches.
        embedding: of the squared distance of embeddings, relative to their mean square in the
            batch.
        local: of the squared distance of the contributions of the steps, relative likewise.
        spec_augment: widest stripe that is masked for the student, in frames and mel bins; the
            teacher has no mask.
        bfloat16: whether the trunk computes in bfloat16 (several times as fast on a CPU with AMX).
    """

    clip: float = 1.0
    stretch: float = 0.5
    embedding: float = 1.0
    local: float = 0.0
    spec_augment: tuple[int, int] = (0, 0)
    bfloat16: bool = False

    def __call__(self, network: PannsMini, batch: LabelledBatch) -> dict[str, Tensor]:
        """Return the terms of the loss; `loss` is their weighted sum.

        Args:
            network: the student.
            batch: clips and labels.
        """
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            features = segment_features(network, batch.decibels, self.spec_augment).float()
        logits, embedding = network.head(_pooled(features))
        first, last = batch.stretch
        stretch_logits, _ = network.head(_pooled(features[:, :, first:last]))
        local = local_embeddings(network, features, batch.local.shape[1])
        target = functional.hardswish(batch.local.mean(dim=1))
        terms = {
            "clip": soft_cross_entropy(logits, batch.logits),
            "stretch": soft_cross_entropy(stretch_logits, batch.stretch_logits),
            "embedding": _relative_distance(embedding, target),
            "local": _relative_distance(local, batch.local),
        }
        weighted = [getattr(self, name) * term for name, term in terms.items()]
        return {"loss": torch.stack(weighted).sum(), **terms}


def soft_cross_entropy(logits: Tensor, teacher: Tensor) -> Tensor:
    """Return the binary cross-entropy in nats, summed over classes, mean over clips.

    Args:
        logits: of the student, (batch, classes).
        teacher: logits of the teacher, (batch, classes).
    """
    losses = functional.binary_cross_entropy_with_logits(
        logits, teacher.sigmoid(), reduction="none"
    )
    return losses.sum(dim=1).mean()


def segment_features(
    network: PannsMini, decibels: Tensor, spec_augment: tuple[int, int] = (0, 0)
) -> Tensor:
    """Return the features of each segment, (batch, channels, segments), from a log-mel.

    Args:
        network: the student.
        decibels: log-mel, (batch, 1, frames, mel_bins).
        spec_augment: widest stripes of SpecAugment plus one, in frames and mel bins.
    """
    image = network.bn0(decibels.transpose(1, 3)).transpose(1, 3)
    if any(spec_augment):
        image = SpecAugmentation(spec_augment[0], 2, spec_augment[1], 2)(image)
    return network.trunk(image.contiguous(memory_format=torch.channels_last)).mean(dim=3)


def local_embeddings(network: PannsMini, features: Tensor, n_steps: int) -> Tensor:
    """Return the embedding of each step by the framewise head, before its activation.

    Args:
        network: the student.
        features: (batch, channels, segments).
        n_steps: steps of the teacher.

    Returns:
        (batch, n_steps, embedding_size).
    """
    around = surroundings(features, network.neighbours).transpose(1, 2)
    local = network.fc1(around).transpose(1, 2)
    # Step t is centred on frame 32 t, where one segment ends and another begins.
    size = STEP_FRAMES // network.segment_frames
    padded = functional.pad(local, (size // 2, size // 2), mode="replicate")
    return functional.avg_pool1d(padded, size)[:, :, :n_steps].transpose(1, 2)


def _relative_distance(ours: Tensor, theirs: Tensor) -> Tensor:
    return (ours - theirs).square().mean() / theirs.square().mean()


def _pooled(features: Tensor) -> Tensor:
    return features.amax(dim=2) + features.mean(dim=2)
