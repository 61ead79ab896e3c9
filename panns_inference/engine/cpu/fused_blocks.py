"""Blocks that compute what those of `models` compute, with folded and planned convolutions.

`fused_block(module)` is the fused form of a block, or None for what has none. It holds no
parameters: the block stays whole, for training and for its state dict. Images are (batch, channels,
time, bands), or (batch, channels, time) in the networks on waveforms; inside, the latter are images
of one row, (batch, channels, 1, time): with their time across, oneDNN is fast.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...models.blocks import POOLS, ConvBlock
from ...models.mobilenet import InvertedResidual
from ...models.residual import Residual, ResidualStages
from ...models.waveform import DaiBlock, LeeBlock
from ...models.wavegram import PreWaveBlock
from .bucketing import pooled, viewed
from .fused_conv import CONVOLUTIONS, NORMS, FusedConv, Settings, UnsupportedLayerError
from .tiling import Sight, Step, in_pieces


class FusedBlock(nn.Module):
    """A block made fast: float32 in and out, whatever it computes in, and no gradients.

    Args:
        block: the block.
        settings: how its convolutions compute.
    """

    def __init__(self, block: nn.Module, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.training = False

    @torch.no_grad()
    def forward(self, x: Tensor, **options: Any) -> Tensor:
        """What the block gives.

        Args:
            x: (batch, channels, time, bands), or (batch, channels, time).
            options: as for the block.
        """
        image = x.to(self.settings.dtype)
        if x.ndim == 4:
            return self.run(image, **options).float()
        line = viewed(lambda samples: samples[:, :, None], image)
        return viewed(lambda rows: rows[:, :, 0], self.run(line).float())

    def run(self, x: Tensor) -> Tensor:
        """What the block gives, as images.

        Args:
            x: (batch, channels, time, bands).
        """
        raise NotImplementedError


def numbered(block: nn.Module, depth: int, settings: Settings) -> list[FusedConv]:
    """`conv1` with `bn1`, `conv2` with `bn2`, ...

    Args:
        block: holds them.
        depth: how many.
        settings: how they compute.
    """
    return [
        FusedConv(getattr(block, f"conv{number}"), getattr(block, f"bn{number}"), settings)
        for number in range(1, depth + 1)
    ]


class FusedConvBlock(FusedBlock):
    """Fused form of `ConvBlock`."""

    def __init__(self, block: ConvBlock, settings: Settings) -> None:
        super().__init__(block, settings)
        self.layers = numbered(block, len(block.kernels), settings)
        self.width = self.layers[-1].weights.weight.shape[0]

    def run(self, x: Tensor, pool_size: tuple[int, int] = (2, 2), pool_type: str = "avg") -> Tensor:
        """What the block gives, in pieces.

        Args:
            x: (batch, channels, time, bands).
            pool_size: as for the block.
            pool_type: as for the block.
        """
        # Two 3 x 3 convolutions, or one 5 x 5.
        sight = Sight(axis=2, pool=pool_size[0], reach=2)
        return in_pieces(partial(self._layers, pool_size, pool_type), x, self.width, sight)

    def _layers(self, pool_size: tuple[int, int], pool_type: str, x: Tensor) -> Tensor:
        halved = pool_size == (2, 2) and pool_type == "avg"
        for layer in self.layers[:-1]:
            x = layer(x, relu=True)
        x = self.layers[-1](x, relu=True, halved=halved)
        if halved or pool_size == (1, 1):
            return x
        return pooled(lambda image: POOLS[pool_type](image, pool_size), x, pool_size[0])


class FusedResidual(FusedBlock):
    """Fused form of the residual blocks."""

    def __init__(self, block: Residual, settings: Settings) -> None:
        super().__init__(block, settings)
        if type(block.relu) is not nn.ReLU:
            raise UnsupportedLayerError(block.relu)
        self.layers = numbered(block, block.depth, settings)
        shortcut = () if block.downsample is None else block.downsample.children()
        self.shortcut = steps(shortcut, settings)
        self.pool: Step | None = None
        if block.stride > 1:
            averaged = block.space.average is nn.AvgPool2d
            self.pool = averages(block.stride) if averaged else maxima(block.stride)

    def run(self, x: Tensor) -> Tensor:
        identity = in_turn(self.shortcut, x)
        if self.pool is not None:
            x = self.pool(x)
        for layer in self.layers[:-1]:
            x = layer(x, relu=True)
        return self.layers[-1](x).add_(identity).relu_()


class FusedInverted(FusedBlock):
    """Fused form of `InvertedResidual`."""

    def __init__(self, block: InvertedResidual, settings: Settings) -> None:
        super().__init__(block, settings)
        self.steps = steps(block.conv.children(), settings)
        self.adds = block.adds

    def run(self, x: Tensor) -> Tensor:
        projected = in_turn(self.steps, x)
        return projected.add_(x) if self.adds else projected


class FusedSequence(FusedBlock):
    """Fused form of modules in a row, one of them a convolution: without, there are no images."""

    def __init__(self, block: nn.Module, settings: Settings) -> None:
        super().__init__(block, settings)
        if not any(isinstance(layer, CONVOLUTIONS) for layer in block.modules()):
            raise UnsupportedLayerError(block)
        self.steps = steps(block.children(), settings)

    def run(self, x: Tensor) -> Tensor:
        return in_turn(self.steps, x)


class FusedLeeBlock(FusedBlock):
    """Fused form of `LeeBlock`."""

    def __init__(self, block: LeeBlock, settings: Settings) -> None:
        super().__init__(block, settings)
        self.layers = numbered(block, block.depth, settings)
        self.pool = maxima(3, padding=1) if block.pooled else None
        stride = self.layers[0].weights.stride[1]
        self.width = self.layers[-1].weights.weight.shape[0] // stride
        pool = 3 if block.pooled else 1
        self.sight = Sight(axis=3, pool=stride * pool, reach=stride * (block.depth + pool // 2))

    def run(self, x: Tensor) -> Tensor:
        return in_pieces(self._layers, x, self.width, self.sight)

    def _layers(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x, relu=True)
        return x if self.pool is None else self.pool(x)


class FusedPreWaveBlock(FusedBlock):
    """Fused form of `PreWaveBlock`."""

    def __init__(self, block: PreWaveBlock, settings: Settings) -> None:
        super().__init__(block, settings)
        self.layers = numbered(block, 2, settings)
        self.pool = maxima(4)

    def run(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x, relu=True)
        return self.pool(x)


class FusedDaiBlock(FusedBlock):
    """Fused form of `DaiBlock`."""

    def __init__(self, block: DaiBlock, settings: Settings) -> None:
        super().__init__(block, settings)
        self.layers = numbered(block, block.depth, settings)
        downsample = (block.downsample, block.bn_downsample) if block.projects else ()
        self.shortcut = steps(downsample, settings)
        self.pool = maxima(block.pool) if block.pool > 1 else None

    def run(self, x: Tensor) -> Tensor:
        branch = x = x if self.pool is None else self.pool(x)
        for layer in self.layers[:-1]:
            branch = layer(branch, relu=True)
        branch = self.layers[-1](branch)
        return branch.add_(in_turn(self.shortcut, x)).relu_()


FUSED_BLOCKS: dict[Any, type[Any]] = {
    ConvBlock.forward: FusedConvBlock,
    Residual.forward: FusedResidual,
    InvertedResidual.forward: FusedInverted,
    LeeBlock.forward: FusedLeeBlock,
    PreWaveBlock.forward: FusedPreWaveBlock,
    DaiBlock.forward: FusedDaiBlock,
    ResidualStages.forward: FusedSequence,
    nn.Sequential.forward: FusedSequence,
}
"""By what a block does: a class that does something else has none."""


def fused_block(block: nn.Module, settings: Settings) -> FusedBlock | None:
    """The fused form of a block; None if there is none, or something in it is not what is known.

    Args:
        block: any module.
        settings: how its convolutions compute.
    """
    kind = FUSED_BLOCKS.get(type(block).forward)
    try:
        return None if kind is None else kind(block, settings)
    except UnsupportedLayerError:
        return None


def steps(layers: Iterable[nn.Module], settings: Settings) -> list[Step]:
    """What modules in a row do to images.

    A convolution takes in the batch norm behind it, also one behind its average pool: the average
    of a scaled value is the scaled average.

    Args:
        layers: convolutions, norms behind them, pools, activations, and blocks that have a fused
            form.
        settings: how they compute.

    Raises:
        UnsupportedLayerError: if one of them is something else.
    """
    waiting = [layer for layer in layers if not _is_identity(layer)]
    found: list[Step] = []
    while waiting:
        layer = waiting.pop(0)
        if isinstance(layer, CONVOLUTIONS):
            pools = [waiting.pop(0)] if waiting and isinstance(waiting[0], nn.AvgPool2d) else []
            norm: Any = waiting.pop(0) if waiting and isinstance(waiting[0], NORMS) else None
            relu = not pools and bool(waiting) and isinstance(waiting[0], nn.ReLU)
            found.append(partial(FusedConv(layer, norm, settings), relu=relu))
            found += [_plain_step(pool, settings) for pool in pools]
            waiting = waiting[1:] if relu else waiting
        else:
            found.append(_plain_step(layer, settings))
    return found


def in_turn(sequence: Iterable[Step], x: Tensor) -> Tensor:
    """An image after all steps.

    Args:
        sequence: the steps.
        x: (batch, channels, time, bands).
    """
    for step in sequence:
        x = step(x)
    return x


def averages(size: int, line: bool = False) -> Step:
    """Averages of `size` x `size`, or of `size` along a line.

    Args:
        size: side of the windows.
        line: whether images have one row.
    """
    average = partial(functional.avg_pool2d, kernel_size=(1 if line else size, size))
    return partial(pooled, average, size=size)


def maxima(size: int, padding: int = 0) -> Step:
    """Maxima along a line.

    Args:
        size: length of the windows.
        padding: values that the first window lacks, and the last.
    """
    maximum = partial(functional.max_pool2d, kernel_size=(1, size), padding=(0, padding))
    return partial(pooled, maximum, size=size, padding=padding)


def _plain_step(layer: nn.Module, settings: Settings) -> Step:
    if isinstance(layer, nn.AvgPool1d | nn.AvgPool2d):
        return _averages_of(layer)
    if type(layer) is nn.ReLU:
        return torch.relu_ if layer.inplace else torch.relu
    if type(layer) is nn.ReLU6:
        return partial(functional.relu6, inplace=layer.inplace)
    fast = fused_block(layer, settings)
    if fast is None:
        raise UnsupportedLayerError(layer)
    return fast.run


def _averages_of(layer: nn.AvgPool1d | nn.AvgPool2d) -> Step:
    sides = {*_sides(layer.kernel_size), *_sides(layer.stride)}
    usual = not any(_sides(layer.padding)) and not layer.ceil_mode and layer.count_include_pad
    if len(sides) > 1 or not usual:
        raise UnsupportedLayerError(layer)
    return averages(sides.pop(), isinstance(layer, nn.AvgPool1d))


def _sides(setting: int | tuple[int, ...]) -> tuple[int, ...]:
    return setting if isinstance(setting, tuple) else (setting,)


def _is_identity(layer: nn.Module) -> bool:
    return isinstance(layer, nn.AvgPool2d) and layer.kernel_size == 1
