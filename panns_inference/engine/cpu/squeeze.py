"""Squeeze and excitation on images with their channels last."""

from __future__ import annotations

import torch
from torch import Tensor

from ...models.mobilenet_v3 import LocalSqueeze


def gated(squeeze: LocalSqueeze, x: Tensor) -> Tensor:
    """Return the image with its channels gated, in its own memory.

    Args:
        squeeze: its layers compute in float32.
        x: (batch, channels, time, bands), all of its time, channels last in memory.
    """
    # Seen with the channels last, the sum over bands adds vectors of channels.
    means = x.permute(0, 2, 3, 1).mean(dim=2, dtype=torch.float32).transpose(1, 2)
    return x.mul_(squeeze.gates(means)[:, :, :, None].to(x.dtype))
