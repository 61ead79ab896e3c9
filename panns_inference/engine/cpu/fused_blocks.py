"""Blocks that compute what those of `models` compute, with folded convolutions and fast kernels.

`fused_block(module)` is the fused form of a block, or None for what has none. It holds no
parameters: the block stays whole, for training and for its state dict. Images are (batch, channels,
time, bands), or (batch, channels, time) in the networks on waveforms; inside, the latter are images
of one row, (batch, channels, 1, time): with their time across, oneDNN is fast.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from ...models import mobilenet_v3
from ...models.blocks import POOLS, ConvBlock
from ...models.mobilenet import InvertedResidual
from ...models.residual import Residual, ResidualStages
from ...models.waveform import DaiBlock, LeeBlock
from ...models.wavegram import PreWaveBlock
from .bucketing import pooled, viewed
from .fused_conv import CONVOLUTIONS, Settings, UnsupportedLayerError
from .fused_layers import average_pool, fused_layers, in_sequence, max_pool, numbered_convs
from .squeeze import fused_squeeze
from .tiling import Extent, Layer, tiled


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
        """Return the output of the block.

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
        """Return the output of the block, as images.

        Args:
            x: (batch, channels, time, bands).
        """
        raise NotImplementedError


class FusedConvBlock(FusedBlock):
    """Fused form of `ConvBlock`."""

    def __init__(self, block: ConvBlock, settings: Settings) -> None:
        super().__init__(block, settings)
        self.layers = numbered_convs(block, len(block.kernels), settings)
        self.width = self.layers[-1].weights.weight.shape[0]

    def run(self, x: Tensor, pool_size: tuple[int, int] = (2, 2), pool_type: str = "avg") -> Tensor:
        """Return the output of the block, a tile at a time.

        Args:
            x: (batch, channels, time, bands).
            pool_size: as for the block.
            pool_type: as for the block.
        """
        # Two 3 x 3 convolutions, or one 5 x 5.
        extent = Extent(axis=2, pool=pool_size[0], halo=2)
        return tiled(partial(self._layers, pool_size, pool_type), x, self.width, extent)

    def _layers(self, pool_size: tuple[int, int], pool_type: str, x: Tensor) -> Tensor:
        halved = pool_size == (2, 2) and pool_type == "avg"
        for layer in self.layers[:-1]:
            x = layer(x, "relu")
        x = self.layers[-1](x, "relu", halved)
        if halved or pool_size == (1, 1):
            return x
        return pooled(lambda image: POOLS[pool_type](image, pool_size), x, pool_size[0])


class FusedResidual(FusedBlock):
    """Fused form of the residual blocks."""

    def __init__(self, block: Residual, settings: Settings) -> None:
        super().__init__(block, settings)
        if type(block.relu) is not nn.ReLU:
            raise UnsupportedLayerError(block.relu)
        self.layers = numbered_convs(block, block.depth, settings)
        shortcut = () if block.downsample is None else block.downsample.children()
        self.shortcut = fused_layers(shortcut, settings)
        self.pool: Layer | None = None
        if block.stride > 1:
            averaged = block.space.average is nn.AvgPool2d
            self.pool = average_pool(block.stride) if averaged else max_pool(block.stride)

    def run(self, x: Tensor) -> Tensor:
        identity = in_sequence(self.shortcut, x)
        if self.pool is not None:
            x = self.pool(x)
        for layer in self.layers[:-1]:
            x = layer(x, "relu")
        return self.layers[-1](x).add_(identity).relu_()


class FusedInverted(FusedBlock):
    """Fused form of `InvertedResidual`."""

    def __init__(self, block: InvertedResidual, settings: Settings) -> None:
        super().__init__(block, settings)
        self.layers = fused_layers(block.conv.children(), settings)
        self.adds = block.adds

    def run(self, x: Tensor) -> Tensor:
        projected = in_sequence(self.layers, x)
        return projected.add_(x) if self.adds else projected


class FusedInvertedV3(FusedBlock):
    """Fused form of the `InvertedResidual` of MobileNetV3; a squeeze is given all of an image."""

    def __init__(self, block: mobilenet_v3.InvertedResidual, settings: Settings) -> None:
        super().__init__(block, settings)
        convolutions = [layer for layer in block.modules() if isinstance(layer, nn.Conv2d)]
        self.width = max(layer.out_channels for layer in convolutions)
        self.extent = Extent(
            axis=2,
            pool=math.prod(layer.stride[0] for layer in convolutions),
            halo=sum(int(layer.padding[0]) for layer in convolutions),
        )
        layers = list(block.block.children())
        squeezes = [fused_squeeze(layer) is not None for layer in layers]
        n_tiled = squeezes.index(True) if any(squeezes) else len(layers)
        self.tiled, self.whole = (
            fused_layers(part, settings, _fused_layer)
            for part in (layers[:n_tiled], layers[n_tiled:])
        )
        self.adds = block.adds

    def run(self, x: Tensor) -> Tensor:
        y = tiled(partial(in_sequence, self.tiled), x, self.width, self.extent)
        y = in_sequence(self.whole, y)
        return y.add_(x) if self.adds else y


class FusedSequence(FusedBlock):
    """Fused form of modules in a row, one of them a convolution: without, there are no images."""

    def __init__(self, block: nn.Module, settings: Settings) -> None:
        super().__init__(block, settings)
        if not any(isinstance(layer, CONVOLUTIONS) for layer in block.modules()):
            raise UnsupportedLayerError(block)
        self.layers = fused_layers(block.children(), settings, _fused_layer)

    def run(self, x: Tensor) -> Tensor:
        return in_sequence(self.layers, x)


class FusedLeeBlock(FusedBlock):
    """Fused form of `LeeBlock`."""

    def __init__(self, block: LeeBlock, settings: Settings) -> None:
        super().__init__(block, settings)
        self.layers = numbered_convs(block, block.depth, settings)
        self.pool = max_pool(3, padding=1) if block.pooled else None
        stride = self.layers[0].weights.stride[1]
        self.width = self.layers[-1].weights.weight.shape[0] // stride
        pool = 3 if block.pooled else 1
        self.extent = Extent(axis=3, pool=stride * pool, halo=stride * (block.depth + pool // 2))

    def run(self, x: Tensor) -> Tensor:
        return tiled(self._layers, x, self.width, self.extent)

    def _layers(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x, "relu")
        return x if self.pool is None else self.pool(x)


class FusedPreWaveBlock(FusedBlock):
    """Fused form of `PreWaveBlock`."""

    def __init__(self, block: PreWaveBlock, settings: Settings) -> None:
        super().__init__(block, settings)
        self.layers = numbered_convs(block, 2, settings)
        self.pool = max_pool(4)

    def run(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x, "relu")
        return self.pool(x)


class FusedDaiBlock(FusedBlock):
    """Fused form of `DaiBlock`."""

    def __init__(self, block: DaiBlock, settings: Settings) -> None:
        super().__init__(block, settings)
        self.layers = numbered_convs(block, block.depth, settings)
        downsample = (block.downsample, block.bn_downsample) if block.projects else ()
        self.shortcut = fused_layers(downsample, settings)
        self.pool = max_pool(block.pool) if block.pool > 1 else None

    def run(self, x: Tensor) -> Tensor:
        branch = x = x if self.pool is None else self.pool(x)
        for layer in self.layers[:-1]:
            branch = layer(branch, "relu")
        branch = self.layers[-1](branch)
        return branch.add_(in_sequence(self.shortcut, x)).relu_()


FUSED_BLOCKS: dict[Any, type[Any]] = {
    ConvBlock.forward: FusedConvBlock,
    Residual.forward: FusedResidual,
    InvertedResidual.forward: FusedInverted,
    mobilenet_v3.InvertedResidual.forward: FusedInvertedV3,
    LeeBlock.forward: FusedLeeBlock,
    PreWaveBlock.forward: FusedPreWaveBlock,
    DaiBlock.forward: FusedDaiBlock,
    ResidualStages.forward: FusedSequence,
    nn.Sequential.forward: FusedSequence,
}
"""By the forward pass of a block: a class with another one has none."""


def fused_block(block: nn.Module, settings: Settings) -> FusedBlock | None:
    """Return the fused form of a block; None if it has none, or holds a layer that is not known.

    Args:
        block: any module.
        settings: how its convolutions compute.
    """
    kind = FUSED_BLOCKS.get(type(block).forward)
    try:
        return None if kind is None else kind(block, settings)
    except UnsupportedLayerError:
        return None


def _fused_layer(block: nn.Module, settings: Settings) -> Layer | None:
    fused = fused_block(block, settings)
    return None if fused is None else fused.run
