"""A convolution and the batch norm behind it as one layer, which takes its kernel from the plan."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from . import plan
from .kernels import Kernel, Own, Weights

CPU, META = torch.device("cpu"), torch.device("meta")


@dataclass(frozen=True)
class Settings:
    """How the layers of a network compute.

    Attributes:
        dtype: type of the weights and images of convolutions, float32 or bfloat16.
        kept: kernels, each with weights of its own, that a layer keeps for images of several sizes.
        largest: values of a weight of which there may be copies; None sets no bound.
    """

    dtype: torch.dtype = torch.float32
    kept: int = 2
    largest: int | None = None


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
        self.outline = folded(convolution, norm, META)
        self.settings = settings
        self.kernels: dict[str, Kernel] = {}
        self.building = threading.Lock()

    def __call__(self, x: Tensor, relu: bool = False, halved: bool = False) -> Tensor:
        """The layer's output, its channels last in memory.

        Args:
            x: (batch, in_channels, height, width); a line is an image of height 1.
            relu: whether ReLU follows.
            halved: whether the average of 2 x 2 follows.
        """
        if x.shape[0] == 0:
            x = x.new_zeros(1, *x.shape[1:])
            return self(x, relu, halved)[:0]
        return self._kernel(x.shape)(x, relu, halved)

    def _kernel(self, size: torch.Size) -> Kernel:
        name = self._choice(size)
        with self.building:
            if name not in self.kernels:
                while len(self.kernels) >= self.settings.kept:
                    self.kernels.pop(next(iter(self.kernels)))
                self.kernels[name] = self._built(name, size)
            return self.kernels[name]

    def _choice(self, size: torch.Size) -> str:
        if self.settings.dtype != torch.float32:
            return plan.DIRECT
        largest = self.settings.largest
        if largest and self.outline.weight.numel() > largest and self.outline.groups == 1:
            return plan.OWN
        return plan.choose(self.outline, size, plan.measured())

    def _built(self, name: str, size: torch.Size) -> Kernel:
        if name == plan.OWN:
            scale, bias = scale_and_bias(self.convolution, self.norm, CPU)
            outline = self.outline._replace(bias=bias.float())
            return Own(self.convolution.weight.detach(), outline, scale.float())
        weights = folded(self.convolution, self.norm, CPU)
        weight, bias = (values.to(self.settings.dtype) for values in weights[:2])
        return plan.build(name, weights._replace(weight=weight, bias=bias), size)


def folded(
    convolution: nn.Conv1d | nn.Conv2d,
    norm: nn.BatchNorm1d | nn.BatchNorm2d | None,
    device: torch.device,
) -> Weights:
    """A convolution and its batch norm as one convolution of two dimensions.

    Args:
        convolution: in one dimension, which becomes the width, or in two.
        norm: in evaluation mode.
        device: the CPU, or the meta device for the shapes alone.
    """
    scale, bias = scale_and_bias(convolution, norm, device)
    weight = convolution.weight.detach().to(device)
    weight = weight * scale.float().reshape(-1, *[1] * (weight.ndim - 1))
    return Weights(
        weight=weight if weight.ndim == 4 else weight[:, :, None],
        bias=bias.float(),
        padding=_plane(convolution.padding, 0),
        dilation=_plane(convolution.dilation, 1),
        stride=_plane(convolution.stride, 1),
        groups=convolution.groups,
    )


def scale_and_bias(
    convolution: nn.Conv1d | nn.Conv2d,
    norm: nn.BatchNorm1d | nn.BatchNorm2d | None,
    device: torch.device,
) -> tuple[Tensor, Tensor]:
    """What a product with the weight alone is multiplied by and what is added, (channels,) each.

    Args:
        convolution: the convolution.
        norm: in evaluation mode.
        device: where the values are wanted.
    """
    n_channels = convolution.weight.shape[0]
    bias = torch.zeros(n_channels, dtype=torch.float64, device=device)
    if convolution.bias is not None:
        bias = convolution.bias.detach().to(device).double()
    if norm is None:
        return torch.ones_like(bias), bias
    values = (norm.running_mean, norm.running_var, norm.weight, norm.bias)
    mean, variance, gain, offset = (cast(Tensor, v).detach().to(device).double() for v in values)
    scale = gain / (variance + norm.eps).sqrt()
    return scale, (bias - mean) * scale + offset


def _plane(setting: object, neutral: int) -> tuple[int, int]:
    first, *others = cast("tuple[int, ...]", setting)
    return (first, others[0]) if others else (neutral, first)
