"""Squeeze and excitation on images with their channels last, each in its own memory.

Seen with the channels last, sums add vectors of channels. The layers compute in float32.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor, nn

from ...models.efficientat import ConcurrentSqueeze
from ...models.mobilenet_v3 import LocalSqueeze, Squeeze


def fused_squeeze(layer: nn.Module) -> Callable[[Tensor], Tensor] | None:
    """Return what gates an image, (batch, channels, height, width); None for other layers.

    Args:
        layer: any.
    """
    gated = SQUEEZES.get(type(layer).forward)
    return gated and partial(gated, layer)


def _gated(squeeze: Squeeze, x: Tensor) -> Tensor:
    means = x.permute(0, 2, 3, 1).mean(dim=(1, 2), dtype=torch.float32)
    return x.mul_(squeeze.gates(means)[:, :, None, None].to(x.dtype))


def _concurrently_gated(squeeze: ConcurrentSqueeze, x: Tensor) -> Tensor:
    (layers,) = squeeze.conc_se_layers
    return _gated(cast(Squeeze, layers), x)


def _locally_gated(squeeze: LocalSqueeze, x: Tensor) -> Tensor:
    means = x.permute(0, 2, 3, 1).mean(dim=2, dtype=torch.float32).transpose(1, 2)
    return x.mul_(squeeze.gates(means)[:, :, :, None].to(x.dtype))


SQUEEZES: dict[Any, Callable[[Any, Tensor], Tensor]] = {
    Squeeze.forward: _gated,
    ConcurrentSqueeze.forward: _concurrently_gated,
    LocalSqueeze.forward: _locally_gated,
}
"""By their forward pass."""
