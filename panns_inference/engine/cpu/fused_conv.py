"""A convolution and the batch norm behind it as one layer, whose kernel the dispatch names."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn

from . import dispatch
from .conv import ConvWeights, Direct, Kernel

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


class UnsupportedLayerError(Exception):
    """A layer is not quite one of those that are known here: its block computes itself."""


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


class FusedConv:
    """A layer, in one dimension or two: convolution, norm, activation, and the average of 2 x 2.

    Args:
        convolution: its weight is not changed.
        norm: the batch norm behind it, in evaluation mode; None if there is none.
        settings: how it computes.

    Raises:
        UnsupportedLayerError: if the convolution is a class of its own, pads with something else
            than zeros or is not in float32 on the CPU, or the norm has no running statistics or
            weights.
    """

    building: ClassVar[threading.Lock] = threading.Lock()
    """For kernels that several threads want at once: building one takes memory."""

    def __init__(
        self,
        convolution: nn.Conv1d | nn.Conv2d,
        norm: nn.BatchNorm1d | nn.BatchNorm2d | None,
        settings: Settings,
    ) -> None:
        if not _is_usual(convolution) or not (norm is None or _is_running(norm)):
            raise UnsupportedLayerError(convolution, norm)
        self.weights = fold_norm(convolution, norm)
        self.settings = settings
        self.kernels: dict[str, Kernel] = {}
        self.choices: dict[tuple[int, int], str] = {}

    def __call__(self, x: Tensor, activation: str = "none", halved: bool = False) -> Tensor:
        """The layer's output, its channels last in memory.

        Args:
            x: (batch, in_channels, height, width); a line is an image of height 1.
            activation: one of `onednn.ACTIVATIONS`.
            halved: whether the average of 2 x 2 follows.
        """
        if x.shape[0] == 0:
            x = x.new_zeros(1, *x.shape[1:])
            return self(x, activation, halved)[:0]
        return self._kernel(x.shape)(x, activation, halved)

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
            return dispatch.DIRECT
        largest = self.settings.largest
        if largest and self.weights.weight.numel() > largest and self.weights.groups == 1:
            return dispatch.UNFOLD
        place = dispatch.log_rows(size), size[3]
        if place not in self.choices:
            self.choices[place] = dispatch.choose(self.weights, size, dispatch.measured())
        return self.choices[place]

    def _built(self, name: str, size: torch.Size) -> Kernel:
        if self.settings.dtype != torch.float32:
            return Direct(self.weights, size, self.settings.dtype)
        return dispatch.build(name, self.weights, size)


if hasattr(os, "register_at_fork"):  # it is not on Windows, where nothing forks
    # Nobody would release it in the child.
    os.register_at_fork(
        before=FusedConv.building.acquire,
        after_in_parent=FusedConv.building.release,
        after_in_child=FusedConv.building.release,
    )


def fold_norm(
    convolution: nn.Conv1d | nn.Conv2d, norm: nn.BatchNorm1d | nn.BatchNorm2d | None
) -> ConvWeights:
    """Return a convolution and its norm as one convolution of two dimensions; nothing is copied.

    Args:
        convolution: in one dimension, which becomes the width, or in two.
        norm: in evaluation mode.
    """
    weight = convolution.weight.detach()
    bias = torch.zeros(weight.shape[0], dtype=torch.float64)
    if convolution.bias is not None:
        bias = convolution.bias.detach().double()
    scale = torch.ones_like(bias)
    if norm is not None:
        values = (norm.running_mean, norm.running_var, norm.weight, norm.bias)
        mean, variance, gain, offset = (cast(Tensor, value).detach().double() for value in values)
        scale = gain / (variance + norm.eps).sqrt()
        bias = (bias - mean) * scale + offset
    return ConvWeights(
        weight=weight if weight.ndim == 4 else weight[:, :, None],
        scale=scale.float(),
        bias=bias.float(),
        padding=_plane(convolution.padding, 0),
        dilation=_plane(convolution.dilation, 1),
        stride=_plane(convolution.stride, 1),
        groups=convolution.groups,
    )


def _is_usual(layer: Any) -> bool:
    return (
        type(layer) in CONVOLUTIONS
        and layer.padding_mode == "zeros"
        and not isinstance(layer.padding, str)
        and layer.weight.dtype == torch.float32
        and layer.weight.device.type == "cpu"
    )


def _is_running(layer: Any) -> bool:
    return type(layer) in NORMS and layer.running_mean is not None and bool(layer.affine)


def _plane(setting: object, neutral: int) -> tuple[int, int]:
    first, *others = cast("tuple[int, ...]", setting)
    return (first, others[0]) if others else (neutral, first)
