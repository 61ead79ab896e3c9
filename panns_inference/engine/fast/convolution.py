"""A convolution and the batch norm behind it as one layer, which takes its kernel from the plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from . import plan
from .kernels import Kernel, Weights


@dataclass(frozen=True)
class Settings:
    """How the layers of a network compute.

    Attributes:
        dtype: type of the weights and images of convolutions, float32 or bfloat16.
        kept: kernels, each with weights of its own, that a layer keeps for images of several sizes.
        growth: how much larger than the weights a kernel's may be.
    """

    dtype: torch.dtype = torch.float32
    kept: int = 2
    growth: float = 4.0


class Convolution:
    """A layer, in one dimension or two: `y = relu(norm(conv(x)))`, and the average of 2 x 2.

    Args:
        convolution: one without padding mode; its weight is not changed.
        norm: the batch norm behind it, in evaluation mode; None if there is none.
        settings: how it computes.
    """

    def __init__(
        self,
        convolution: nn.Conv1d | nn.Conv2d,
        norm: nn.BatchNorm1d | nn.BatchNorm2d | None,
        settings: Settings,
    ) -> None:
        self.convolution, self.norm = convolution, norm
        # Shapes alone: a folded copy of its own would be a second copy of the weights.
        self.outline = folded(convolution, norm, torch.device("meta"))
        self.settings = settings
        self.kernels: dict[str, Kernel] = {}

    def __call__(self, x: Tensor, relu: bool = False, halved: bool = False) -> Tensor:
        """The layer's output, its channels last in memory.

        Args:
            x: (batch, in_channels, height, width); height is the axis of convolutions over time.
            relu: whether ReLU follows.
            halved: whether the average of 2 x 2 follows.
        """
        if x.shape[0] == 0:
            x = x.new_zeros(1, *x.shape[1:])
            return self(x, relu, halved)[:0]
        return self._kernel(x.shape)(x, relu, halved)

    def _kernel(self, size: torch.Size) -> Kernel:
        name = plan.DIRECT
        if self.settings.dtype == torch.float32:
            name = plan.choose(self.outline, size, plan.measured(), self.settings.growth)
        if name not in self.kernels:
            while len(self.kernels) >= self.settings.kept:
                self.kernels.pop(next(iter(self.kernels)))
            weights = folded(self.convolution, self.norm, torch.device("cpu"))
            weight, bias = (values.to(self.settings.dtype) for values in weights[:2])
            weights = weights._replace(weight=weight, bias=bias)
            self.kernels[name] = plan.build(name, weights, size)
        return self.kernels[name]


def folded(
    convolution: nn.Conv1d | nn.Conv2d,
    norm: nn.BatchNorm1d | nn.BatchNorm2d | None,
    device: torch.device,
) -> Weights:
    """A convolution and its batch norm as one convolution of two dimensions.

    Args:
        convolution: in one dimension, which becomes the height, or in two.
        norm: in evaluation mode.
        device: the CPU, or the meta device for the shapes alone.
    """
    weight = convolution.weight.detach().to(device)
    bias = torch.zeros(weight.shape[0], dtype=torch.float64, device=device)
    if convolution.bias is not None:
        bias = convolution.bias.detach().to(device).double()
    if norm is not None:
        values = (norm.running_mean, norm.running_var, norm.weight, norm.bias)
        mean, variance, gain, offset = (
            cast(Tensor, v).detach().to(device).double() for v in values
        )
        scale = gain / (variance + norm.eps).sqrt()
        weight = weight * scale.float().reshape(-1, *[1] * (weight.ndim - 1))
        bias = (bias - mean) * scale + offset
    line = weight.ndim == 3
    return Weights(
        weight=weight[..., None] if line else weight,
        bias=bias.float(),
        padding=_plane(convolution.padding, 0, line),
        dilation=_plane(convolution.dilation, 1, line),
        stride=_plane(convolution.stride, 1, line),
        groups=convolution.groups,
    )


def _plane(setting: object, neutral: int, line: bool) -> tuple[int, int]:
    values = cast("tuple[int, ...]", setting)
    return (values[0], neutral) if line else (values[0], values[1])
