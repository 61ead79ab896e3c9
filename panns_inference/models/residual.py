"""Residual blocks in one and two dimensions, and the stages made of them.

    x --[pool]-- conv1 bn1 ReLU ... dropout conv bn --+-- ReLU
    |                                                 |
    +-----------[average pool, conv, bn]--------------+

A stride is a pool in front of the branch, never a stride of a convolution; the shortcut is
pooled too, and then projected.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from torch import Tensor, nn
from torch.nn import functional

from .blocks import add_numbered, conv1d, conv2d, normalised


class Space(NamedTuple):
    """Layers and functions of blocks in one or two dimensions."""

    convolution: Callable[[int, int, int], nn.Module]
    norm: type[nn.BatchNorm1d] | type[nn.BatchNorm2d]
    average: type[nn.AvgPool1d] | type[nn.AvgPool2d]
    pool: Callable[[Tensor, int], Tensor]
    """Shortens the branch by its stride; the shortcut is averaged."""


LINE = Space(conv1d, nn.BatchNorm1d, nn.AvgPool1d, functional.max_pool1d)
PLANE = Space(conv2d, nn.BatchNorm2d, nn.AvgPool2d, functional.avg_pool2d)


class Residual(nn.Module):
    """Branch plus shortcut, then ReLU: all residual blocks but for their convolutions.

    Args:
        in_channels: channels of the input.
        width: channels inside the branch.
        stride: factor by which the block shortens its input.
    """

    space: ClassVar[Space]
    expansion: ClassVar[int] = 1
    """Channels of the output by `width`."""

    dropout: ClassVar[float] = 0.1
    """Dropout in front of the last convolution, in training."""

    def __init__(self, in_channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.relu = nn.ReLU(inplace=True)
        convolutions = self._convolutions(in_channels, width)
        for number, convolution in enumerate(convolutions, 1):
            self.add_module(f"conv{number}", convolution)
            self.add_module(f"bn{number}", self.space.norm(convolution.out_channels))
        self.depth = len(convolutions)
        self.last_norm = f"bn{self.depth}"
        self.downsample = self._shortcut(in_channels, width * self.expansion)

    def _convolutions(self, in_channels: int, width: int) -> Sequence[nn.Conv1d | nn.Conv2d]:
        raise NotImplementedError

    def _shortcut(self, in_channels: int, out_channels: int) -> nn.Module | None:
        if self.stride == 1 and in_channels == out_channels:
            return None
        pool = [self.space.average(self.stride)] if self.stride > 1 else []
        projection = self.space.convolution(in_channels, out_channels, 1)
        return nn.Sequential(*pool, projection, self.space.norm(out_channels))

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block.

        Args:
            x: (batch, in_channels, ...).
        """
        identity = x if self.downsample is None else self.downsample(x)
        if self.stride > 1:
            x = self.space.pool(x, self.stride)
        for number in range(1, self.depth):
            x = self.relu(normalised(self, number, x))
        x = normalised(self, self.depth, functional.dropout(x, self.dropout, self.training))
        out: Tensor = self.relu(x + identity)
        return out


class BasicBlock2d(Residual):
    """Two 3 x 3 convolutions beside a shortcut."""

    space = PLANE

    def _convolutions(self, in_channels: int, width: int) -> Sequence[nn.Conv2d]:
        return conv2d(in_channels, width, 3), conv2d(width, width, 3)


class Bottleneck2d(Residual):
    """Convolutions 1 x 1, 3 x 3, 1 x 1 beside a shortcut."""

    space = PLANE
    expansion = 4

    def _convolutions(self, in_channels: int, width: int) -> Sequence[nn.Conv2d]:
        widest = width * self.expansion
        return conv2d(in_channels, width, 1), conv2d(width, width, 3), conv2d(width, widest, 1)


class BasicBlock1d(Residual):
    """Two convolutions of length 3 beside a shortcut, the second with dilation 2."""

    space = LINE

    def _convolutions(self, in_channels: int, width: int) -> Sequence[nn.Conv1d]:
        return conv1d(in_channels, width, 3), conv1d(width, width, 3, dilation=2)


class ResidualStages(nn.Module):
    """`layer1`, `layer2`, ...: stages of equal blocks, the first of each with the stride.

    Args:
        block: kind of block.
        in_channels: channels of the input.
        widths: width of each stage.
        blocks: number of blocks of each stage.
        stride: stride of all stages but the first, which has 1.
    """

    def __init__(
        self,
        block: type[Residual],
        in_channels: int,
        widths: Sequence[int],
        blocks: Sequence[int],
        stride: int,
    ) -> None:
        super().__init__()
        stages: list[nn.Module] = []
        for width, length in zip(widths, blocks, strict=True):
            stage = [block(in_channels, width, stride if stages else 1)]
            in_channels = width * block.expansion
            stage += [block(in_channels, width, 1) for _ in range(length - 1)]
            stages.append(nn.Sequential(*stage))
        add_numbered(self, "layer", stages)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the stages in their order.

        Args:
            x: (batch, in_channels, ...).
        """
        for stage in self.children():
            x = stage(x)
        return x
