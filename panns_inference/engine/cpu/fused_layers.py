"""Layers in a row as steps from image to image: convolutions with what follows them, and pools."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .bucketing import pooled
from .fused_conv import CONVOLUTIONS, NORMS, FusedConv, Settings, UnsupportedLayerError
from .squeeze import fused_squeeze
from .tiling import Layer

Fuse = Callable[[nn.Module, Settings], Layer | None]
"""From a block to its fused form; None if it has none."""

ACTIVATION_OF: dict[type[nn.Module], str] = {nn.ReLU: "relu", nn.Hardswish: "hardswish"}
"""What becomes part of the convolution in front, by its name there."""


def numbered_convs(block: nn.Module, depth: int, settings: Settings) -> list[FusedConv]:
    """Return `conv1` with `bn1`, `conv2` with `bn2`, ... of a block.

    Args:
        block: holds them.
        depth: how many.
        settings: how they compute.
    """
    return [
        FusedConv(getattr(block, f"conv{number}"), getattr(block, f"bn{number}"), settings)
        for number in range(1, depth + 1)
    ]


def fused_layers(
    layers: Iterable[nn.Module], settings: Settings, fuse: Fuse | None = None
) -> list[Layer]:
    """Return modules in a row as steps, one for a convolution with what follows it.

    A convolution takes in the batch norm behind it, also one behind its average pool: the average
    of a scaled value is the scaled average.

    Args:
        layers: convolutions, norms behind them, pools, activations, and blocks.
        settings: how the convolutions compute.
        fuse: gives the fused form of a block, if it has one; None where no blocks are expected.

    Raises:
        UnsupportedLayerError: if one of them is something else.
    """
    waiting = [layer for layer in layers if not _is_identity(layer)]
    found: list[Layer] = []
    while waiting:
        layer = waiting.pop(0)
        if isinstance(layer, CONVOLUTIONS):
            pools = [waiting.pop(0)] if waiting and isinstance(waiting[0], nn.AvgPool2d) else []
            norm: Any = waiting.pop(0) if waiting and isinstance(waiting[0], NORMS) else None
            name = ACTIVATION_OF.get(type(waiting[0])) if waiting and not pools else None
            found.append(partial(FusedConv(layer, norm, settings), activation=name or "none"))
            found += [_single(pool, settings, fuse) for pool in pools]
            waiting = waiting[1:] if name else waiting
        else:
            found.append(_single(layer, settings, fuse))
    return found


def in_sequence(layers: Iterable[Layer], x: Tensor) -> Tensor:
    """Return an image after all layers.

    Args:
        layers: one or more.
        x: (batch, channels, time, bands).
    """
    for layer in layers:
        x = layer(x)
    return x


def average_pool(size: int, line: bool = False) -> Layer:
    """Return the average pool of `size` x `size`, or of `size` along a line.

    Args:
        size: side of what is averaged.
        line: whether images have one row.
    """
    average = partial(functional.avg_pool2d, kernel_size=(1 if line else size, size))
    return partial(pooled, average, size=size)


def max_pool(size: int, padding: int = 0) -> Layer:
    """Return the maximum pool along a line.

    Args:
        size: values of which the maximum is taken.
        padding: values that the first maximum lacks, and the last.
    """
    maximum = partial(functional.max_pool2d, kernel_size=(1, size), padding=(0, padding))
    return partial(pooled, maximum, size=size, padding=padding)


def _single(layer: nn.Module, settings: Settings, fuse: Fuse | None) -> Layer:
    if isinstance(layer, nn.AvgPool1d | nn.AvgPool2d):
        return _average_pool_of(layer)
    if type(layer) is nn.ReLU:
        return torch.relu_ if layer.inplace else torch.relu
    if type(layer) is nn.ReLU6:
        return partial(functional.relu6, inplace=layer.inplace)
    block = fused_squeeze(layer) or (fuse(layer, settings) if fuse else None)
    if block is None:
        raise UnsupportedLayerError(layer)
    return block


def _average_pool_of(layer: nn.AvgPool1d | nn.AvgPool2d) -> Layer:
    sides = {*_sides(layer.kernel_size), *_sides(layer.stride)}
    usual = not any(_sides(layer.padding)) and not layer.ceil_mode and layer.count_include_pad
    if len(sides) > 1 or not usual:
        raise UnsupportedLayerError(layer)
    return average_pool(sides.pop(), isinstance(layer, nn.AvgPool1d))


def _sides(setting: int | tuple[int, ...]) -> tuple[int, ...]:
    return setting if isinstance(setting, tuple) else (setting,)


def _is_identity(layer: nn.Module) -> bool:
    return isinstance(layer, nn.AvgPool2d) and layer.kernel_size == 1
