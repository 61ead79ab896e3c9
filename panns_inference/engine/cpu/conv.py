"""The kernels of a convolution, each with its weights laid out for it once.

    Direct     oneDNN's own convolution
    Unfold     a product with the weights where they are: nothing is laid out
    Products   patches --into--> planes --a product of matrices each--> --back--> patches

A kernel takes images (batch, channels, height, width) of any layout and gives them with the
channels last (`Unfold` with the channels first).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from . import onednn
from .bucketing import axis_of_time, cropped, padded, pooled
from .buffers import shared
from .gemm import Gemm
from .onednn import Pair
from .winograd import Transform

STRIP_VALUES = 1_200_000
"""Values of a strip of planes: with what they are multiplied to, they stay in the cache."""

STRIP_PATCHES = 128
"""Patches of a strip at least: with fewer, the products wait for their weights."""


class ConvWeights(NamedTuple):
    """A convolution with the batch norm behind it: `scale * (x convolved with weight) + bias`.

    Attributes:
        weight: (out_channels, in_channels / groups, height, width), as the network holds it.
        scale: (out_channels,).
        bias: (out_channels,).
        padding: zeros on each side.
        dilation: distance of the taps.
        stride: step between outputs.
        groups: groups of channels.
    """

    weight: Tensor
    scale: Tensor
    bias: Tensor
    padding: Pair
    dilation: Pair
    stride: Pair
    groups: int

    def length_behind(self, axis: int, length: int) -> int:
        """Length of the output along an axis.

        Args:
            axis: 2, that of the height, or 3.
            length: of the input.
        """
        seen = self.dilation[axis - 2] * (self.weight.shape[axis] - 1) + 1
        return (length + 2 * self.padding[axis - 2] - seen) // self.stride[axis - 2] + 1


class Kernel(Protocol):
    """What computes a convolution."""

    def __call__(self, x: Tensor, activation: str, halved: bool) -> Tensor:
        """The convolution and its activation; then, if wanted, the average of 2 x 2.

        Args:
            x: (batch, in_channels, height, width).
            activation: one of `onednn.ACTIVATIONS`.
            halved: whether the average of 2 x 2 follows.
        """
        ...


class Direct:
    """Convolution by oneDNN, on prepacked weights.

    Args:
        weights: the convolution.
        size: shape of the images to be expected.
        dtype: type in which it computes.
    """

    def __init__(
        self, weights: ConvWeights, size: torch.Size, dtype: torch.dtype = torch.float32
    ) -> None:
        self.weights = weights
        self.bias, self.dtype = weights.bias.to(dtype), dtype
        folded = (weights.weight * weights.scale[:, None, None, None]).to(dtype)
        self.packed = onednn.pack_convolution(folded, *weights[3:], size)

    def __call__(self, x: Tensor, activation: str, halved: bool) -> Tensor:
        x = x.to(self.dtype)
        axis = axis_of_time(x)
        length = self.weights.length_behind(axis, x.shape[axis])
        y = onednn.convolve(padded(x), self.packed, self.bias, *self.weights[3:], activation)
        y = cropped(y, axis, length)
        return pooled(partial(functional.avg_pool2d, kernel_size=2), y, 2) if halved else y


class Unfold:
    """Products with the weights of the layer itself: slower, but without any copy of them.

    Args:
        weights: a convolution with one group.
    """

    def __init__(self, weights: ConvWeights) -> None:
        self.weights = weights
        self.weight = weights.weight.flatten(1)
        self.scale, self.bias = weights.scale[:, None], weights.bias[:, None]

    def __call__(self, x: Tensor, activation: str, halved: bool) -> Tensor:
        weight, _, _, padding, dilation, stride, _ = self.weights
        columns = functional.unfold(x, weight.shape[2:], dilation, padding, stride)
        y = torch.matmul(self.weight, columns).mul_(self.scale).add_(self.bias)
        size = (self.weights.length_behind(axis, x.shape[axis]) for axis in (2, 3))
        y = onednn.ACTIVATIONS[activation](y).view(*y.shape[:2], *size)
        return functional.avg_pool2d(y, 2) if halved else y


class Products:
    """Patches through bilinear algorithms along the two axes.

    Args:
        weights: a convolution with stride 1, one group and no dilation.
        along: algorithm for the height, which is time.
        across: algorithm for the width.
        gemm: how the products are computed.
        rows: rows of each product to be expected.
    """

    def __init__(
        self, weights: ConvWeights, along: Transform, across: Transform, gemm: Gemm, rows: int
    ) -> None:
        self.shared = shared()
        self.along, self.across = along, across
        self.width = weights.weight.shape[0]
        self.bias = weights.bias
        self.into = torch.kron(along.into, across.into).float()
        # One plane more: the bias, which every output takes as it is.
        back = torch.kron(along.back, across.back).float()
        self.back = torch.cat([back, torch.ones(len(back), 1)], dim=1)
        kernel = torch.einsum("pth,qsw->pqtshw", along.kernel, across.kernel).float()
        planes = kernel.flatten(4).flatten(2, 3).flatten(0, 1)
        columns, shape = weights.weight.flatten(2).flatten(0, 1).T, weights.weight.shape[:2]
        matrices = (
            torch.mm(plane, columns).view(-1, *shape).mul_(weights.scale[:, None])
            for plane in planes
        )
        self.multiply = gemm(matrices, len(self.into), rows)

    def __call__(self, x: Tensor, activation: str, halved: bool) -> Tensor:
        batch, _, height, width = x.shape
        high, wide = -(-height // self.along.outputs), -(-width // self.across.outputs)
        image = self._framed(x, high * self.along.outputs, wide * self.across.outputs)
        by = 2 if halved and activation in onednn.LINEAR_ABOVE_ZERO and self._halves() else 1
        shape = (high, self.along.outputs // by, wide, self.across.outputs // by)
        out = image.new_empty(batch, *shape, self.width)
        for clips, patches in self._strips(batch, high, wide, image.shape[3]):
            planes = self._planes(image, clips, patches, wide)
            values = self._values(planes, by).view(
                self.along.outputs, self.across.outputs, *out[clips, patches, 0, :, 0].shape
            )
            values = onednn.ACTIVATIONS[activation](values)
            place = out[clips, patches].permute(2, 4, 0, 1, 3, 5)
            if by == 2:
                rows = values[0::2] + values[1::2]
                torch.add(rows[:, 0::2], rows[:, 1::2], out=place)
            else:
                place.copy_(values)
        y = out.flatten(3, 4).flatten(1, 2)[:, : height // by, : width // by].permute(0, 3, 1, 2)
        return functional.avg_pool2d(y, 2) if halved and by == 1 else y

    def _halves(self) -> bool:
        """Whether no window of 2 x 2 lies in two patches."""
        outputs = self.along.outputs, self.across.outputs
        return not any(size % 2 for size in outputs)

    def _framed(self, x: Tensor, height: int, width: int) -> Tensor:
        """The image in full patches, with zeros around it, (batch, rows, columns, channels)."""
        top, left = self.along.margin, self.across.margin
        bottom = height - x.shape[2] + top
        right = width - x.shape[3] + left
        rows, columns = top + x.shape[2], left + x.shape[3]
        image = self.shared.take("image", x.shape[0], rows + bottom, columns + right, x.shape[1])
        # Not all of it is cleared: what follows is as large as the image itself.
        for margin in (image[:, :top], image[:, rows:], image[:, :, :left], image[:, :, columns:]):
            margin.zero_()
        image[:, top:rows, left:columns] = x.permute(0, 2, 3, 1)
        return image

    def _strips(
        self, batch: int, high: int, wide: int, channels: int
    ) -> Iterator[tuple[slice, slice]]:
        """Clips, and rows of patches of them, that are computed at once."""
        patch = self.into.shape[0] * channels * self.along.taps * self.across.taps
        patches = max(STRIP_PATCHES, STRIP_VALUES // patch, min(channels, 2 * STRIP_PATCHES))
        rows = max(1, patches // wide)
        clips = max(1, rows // high)
        for clip in range(0, batch, clips):
            for row in range(0, high, rows):
                yield slice(clip, min(clip + clips, batch)), slice(row, min(row + rows, high))

    def _planes(self, image: Tensor, clips: slice, patches: slice, wide: int) -> Tensor:
        """Patches of the image as planes, (planes, patches, channels)."""
        clip, row, column, _ = image.stride()
        along, across = self.along, self.across
        step = along.outputs * row
        axes = (
            (along.inputs, row),
            (across.inputs, column),
            (clips.stop - clips.start, clip),
            (patches.stop - patches.start, step),
            (wide, across.outputs * column),
            (along.taps, row),
            (across.taps, column),
            (image.shape[3], 1),
        )
        size, stride = zip(*axes, strict=True)
        start = clips.start * clip + patches.start * step
        n_planes, n_values = self.into.shape
        channels = along.taps * across.taps * image.shape[3]
        values = self.shared.take("values", *size).copy_(image.as_strided(size, stride, start))
        columns = values.numel() // n_values
        planes = self.shared.take("planes", n_planes, columns)
        torch.mm(self.into, values.view(n_values, columns), out=planes)
        return planes.view(n_planes, columns // channels, channels)

    def _values(self, planes: Tensor, by: int) -> Tensor:
        """Return products of the planes and the bias as values of patches, (values, n * width)."""
        n_values, n_products = self.back.shape
        products = self.shared.take("products", n_products, planes.shape[1], self.width)
        self.multiply(planes, products[:-1])
        products[-1] = self.bias
        # The patches that the planes were made of are not needed any more.
        values = self.shared.take("values", n_values, planes.shape[1] * self.width)
        return torch.mm(self.back / by**2, products.view(n_products, -1), out=values)
