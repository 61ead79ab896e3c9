"""The teacher, EfficientAT's mn04_as (Schmid, Koutini and Widmer, ICASSP 2023; MIT licence).

It labels what the student hears, by logits.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from panns_inference.checkpoints import load
from panns_inference.models.efficientat import mn04_as


class Labels(NamedTuple):
    """What the teacher says of a batch of clips."""

    logits: Tensor
    """(batch, 527)."""


class Teacher(mn04_as):
    """The network in evaluation mode; `read_teacher` gives it its weights."""

    def __init__(self) -> None:
        super().__init__(**asdict(mn04_as.published), classes_num=527)

    def init_weight(self) -> None:
        """Nothing: weights come from a file, and what is drawn next is to be the same as ever."""

    def logmel(self, waveform: Tensor) -> Tensor:
        """Input image of the network, (batch, 1, 128, frames).

        Args:
            waveform: (batch, samples) at 32 kHz, at least 514 samples.
        """
        image: Tensor = self.logmel_extractor(waveform)
        return image.transpose(2, 3)

    def forward(self, waveform: Tensor) -> Labels:  # type: ignore[override]
        """Return the labels of clips.

        Args:
            waveform: (batch, samples) at 32 kHz.
        """
        return self.labels(self.logmel(waveform))

    def labels(self, image: Tensor) -> Labels:
        """Return the labels of images.

        Args:
            image: (batch, 1, 128, frames).
        """
        image = image.contiguous(memory_format=torch.channels_last)
        return Labels(self.logits(self.features(image).float().mean(dim=(2, 3))))

    def fused(self) -> Teacher:
        """The same network with its batch norms folded into the convolutions: a third faster."""
        for module in list(self.features.modules()):
            if isinstance(module, nn.Sequential) and isinstance(module[0], nn.Conv2d):
                module[0] = fuse_conv_bn_eval(module[0], module[1])
                module[1] = nn.Identity()
        return self


def read_teacher(path: str | Path) -> Teacher:
    """The teacher with its published weights, in evaluation mode.

    Args:
        path: `mn04_as_mAP_432.pt`.
    """
    teacher = load(Teacher(), path).eval().requires_grad_(False)
    return teacher.to(memory_format=torch.channels_last)
