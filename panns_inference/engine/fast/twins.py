"""Blocks that compute what those of `models` compute, with folded and planned convolutions.

`twin(module)` is the fast twin of a block, or None for what has none. Twins hold no parameters:
the block stays whole, for training and for its state dict. Images are (batch, channels, time,
bands), or (batch, channels, time) in the networks on waveforms; inside, the latter are images of
one row, (batch, channels, 1, time): with their time across, oneDNN is fast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
from .convolution import Convolution, Settings

Step = Callable[[Tensor], Tensor]


class Twin(nn.Module):
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
        return self.run(image[:, :, None]).float()[:, :, 0]

    def run(self, x: Tensor) -> Tensor:
        """What the block gives, as images.

        Args:
            x: (batch, channels, time, bands).
        """
        raise NotImplementedError


def numbered(block: nn.Module, depth: int, settings: Settings) -> list[Convolution]:
    """`conv1` with `bn1`, `conv2` with `bn2`, ...

    Args:
        block: holds them.
        depth: how many.
        settings: how they compute.
    """
    return [
        Convolution(getattr(block, f"conv{number}"), getattr(block, f"bn{number}"), settings)
        for number in range(1, depth + 1)
    ]


class FastConvBlock(Twin):
    """Twin of `ConvBlock`."""

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
        return in_pieces(partial(self._layers, pool_size, pool_type), x, self.width, pool_size[0])

    def _layers(self, pool_size: tuple[int, int], pool_type: str, x: Tensor) -> Tensor:
        halved = pool_size == (2, 2) and pool_type == "avg"
        for layer in self.layers[:-1]:
            x = layer(x, relu=True)
        x = self.layers[-1](x, relu=True, halved=halved)
        return x if halved or pool_size == (1, 1) else POOLS[pool_type](x, pool_size)


PIECE_VALUES = 4_200_000
"""Values of the widest image of a clip that a block works on at a time."""

CLIPS_VALUES = 1_100_000
"""The same for several clips: together they share the reading of weights, but less cache."""

REACH = 2
"""Frames on either side that a block of two 3 x 3 convolutions sees, or of one 5 x 5."""


def in_pieces(block: Step, x: Tensor, width: int, pool: int) -> Tensor:
    """What a block gives, computed a few clips at a time, or a few frames of a clip.

    The images between its layers are the largest of a network: in pieces they stay in the cache,
    and a batch takes no more memory than a clip.

    Args:
        block: sees `REACH` frames on either side, and shortens time by `pool`.
        x: (batch, channels, time, bands).
        width: channels inside the block.
        pool: factor by which the block shortens time.
    """
    batch, _, n_frames, bands = x.shape
    frames = PIECE_VALUES // (width * bands)
    if not batch or frames >= n_frames:
        clips = max(1, CLIPS_VALUES // (width * bands * max(1, n_frames)))
        return joined([block(part) for part in torch.split(x, clips)])
    frames, reach = max(64, frames) // pool * pool, -(-REACH // pool) * pool
    rows = []
    for clip in torch.split(x, 1):
        pieces = []
        for start in range(0, n_frames // pool * pool, frames):
            first, stop = max(0, start - reach), min(n_frames, start + frames + reach)
            y, skipped = block(clip[:, :, first:stop]), (start - first) // pool
            pieces.append(y[:, :, skipped : skipped + frames // pool])
        rows.append(torch.cat(pieces, dim=2))
    return joined(rows)


def joined(clips: list[Tensor]) -> Tensor:
    """Clips behind each other, without a copy of a single one.

    Args:
        clips: (batch, channels, time, bands) each.
    """
    return clips[0] if len(clips) == 1 else torch.cat(clips)


class FastResidual(Twin):
    """Twin of the residual blocks."""

    def __init__(self, block: Residual, settings: Settings) -> None:
        super().__init__(block, settings)
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


class FastInverted(Twin):
    """Twin of `InvertedResidual`."""

    def __init__(self, block: InvertedResidual, settings: Settings) -> None:
        super().__init__(block, settings)
        self.steps = steps(block.conv.children(), settings)
        self.adds = block.adds

    def run(self, x: Tensor) -> Tensor:
        projected = in_turn(self.steps, x)
        return projected.add_(x) if self.adds else projected


class FastSequence(Twin):
    """Twin of modules in a row."""

    def __init__(self, block: nn.Module, settings: Settings) -> None:
        super().__init__(block, settings)
        self.steps = steps(block.children(), settings)

    def run(self, x: Tensor) -> Tensor:
        return in_turn(self.steps, x)


class FastLeeBlock(Twin):
    """Twin of `LeeBlock`."""

    def __init__(self, block: LeeBlock, settings: Settings) -> None:
        super().__init__(block, settings)
        self.layers = numbered(block, block.depth, settings)
        self.pool = maxima(3, padding=1) if block.pooled else None

    def run(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x, relu=True)
        return x if self.pool is None else self.pool(x)


class FastPreWaveBlock(Twin):
    """Twin of `PreWaveBlock`."""

    def __init__(self, block: PreWaveBlock, settings: Settings) -> None:
        super().__init__(block, settings)
        self.layers = numbered(block, 2, settings)
        self.pool = maxima(4)

    def run(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x, relu=True)
        return self.pool(x)


class FastDaiBlock(Twin):
    """Twin of `DaiBlock`."""

    def __init__(self, block: DaiBlock, settings: Settings) -> None:
        super().__init__(block, settings)
        self.layers = numbered(block, block.depth, settings)
        downsample = nn.Sequential(block.downsample, block.bn_downsample)
        self.shortcut = steps(downsample, settings)

    def run(self, x: Tensor) -> Tensor:
        branch = x
        for layer in self.layers[:-1]:
            branch = layer(branch, relu=True)
        branch = self.layers[-1](branch)
        identity = x if x.shape == branch.shape else in_turn(self.shortcut, x)
        return branch.add_(identity).relu_()


TWINS: dict[Any, type[Any]] = {
    ConvBlock.forward: FastConvBlock,
    Residual.forward: FastResidual,
    InvertedResidual.forward: FastInverted,
    LeeBlock.forward: FastLeeBlock,
    PreWaveBlock.forward: FastPreWaveBlock,
    DaiBlock.forward: FastDaiBlock,
    ResidualStages.forward: FastSequence,
    nn.Sequential.forward: FastSequence,
}
"""By what a block does: a class that does something else has none."""


def twin(block: nn.Module, settings: Settings) -> Twin | None:
    """The fast twin of a block, or None.

    Args:
        block: any module.
        settings: how its convolutions compute.
    """
    kind = TWINS.get(type(block).forward)
    return None if kind is None else kind(block, settings)


def steps(layers: Iterable[nn.Module], settings: Settings) -> list[Step]:
    """What modules in a row do to images.

    A convolution takes in the batch norm behind it, also one behind its average pool: the average
    of a scaled value is the scaled average.

    Args:
        layers: convolutions, norms behind them, pools, activations and blocks that have a twin.
        settings: how they compute.
    """
    waiting = [layer for layer in layers if not _is_identity(layer)]
    found: list[Step] = []
    while waiting:
        layer = waiting.pop(0)
        if isinstance(layer, nn.Conv1d | nn.Conv2d):
            pools = [waiting.pop(0)] if waiting and isinstance(waiting[0], nn.AvgPool2d) else []
            norm: Any = waiting.pop(0) if waiting and isinstance(waiting[0], NORMS) else None
            relu = not pools and bool(waiting) and isinstance(waiting[0], nn.ReLU)
            found.append(partial(Convolution(layer, norm, settings), relu=relu))
            found += [_plain_step(pool, settings) for pool in pools]
            waiting = waiting[1:] if relu else waiting
        else:
            found.append(_plain_step(layer, settings))
    return found


NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


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
    return partial(functional.avg_pool2d, kernel_size=(1 if line else size, size))


def maxima(size: int, padding: int = 0) -> Step:
    """Maxima along a line.

    Args:
        size: length of the windows.
        padding: values that the first window lacks, and the last.
    """
    return partial(functional.max_pool2d, kernel_size=(1, size), padding=(0, padding))


def _plain_step(layer: nn.Module, settings: Settings) -> Step:
    if isinstance(layer, nn.AvgPool1d | nn.AvgPool2d):
        line = isinstance(layer, nn.AvgPool1d)
        size = layer.kernel_size
        return averages(size[0] if isinstance(size, tuple) else size, line)
    if isinstance(layer, nn.ReLU):
        return torch.relu_
    if isinstance(layer, nn.ReLU6):
        return partial(functional.hardtanh_, min_val=0.0, max_val=6.0)
    fast = twin(layer, settings)
    if fast is None:
        raise NotImplementedError(f"no twin of {type(layer).__name__}")
    return fast.run


def _is_identity(layer: nn.Module) -> bool:
    return isinstance(layer, nn.AvgPool2d) and layer.kernel_size == 1
