"""Residual blocks in one and two dimensions, and the stages made of them.

A stride is a pool in front of the branch, never a stride of a convolution; the shortcut is
pooled too, and then projected.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

from .blocks import conv1d, conv2d


class Residual(nn.Module):
    """Branch plus shortcut, then ReLU: the part that all residual blocks share.

    Args:
        in_channels: channels of the input.
        width: channels inside the branch.
        stride: factor by which the block shortens its input.
    """

    expansion: ClassVar[int] = 1
    """Channels of the output by `width`."""

    last_norm: ClassVar[str] = "bn2"
    pool: ClassVar[Callable[[Tensor, int], Tensor]]
    """How a stride shortens the input of the branch."""

    downsample: nn.Module | None

    def __init__(self, in_channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.relu = nn.ReLU(inplace=True)
        self._build(in_channels, width)

    def _build(self, in_channels: int, width: int) -> None:
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block.

        Args:
            x: (batch, in_channels, ...).
        """
        identity = x if self.downsample is None else self.downsample(x)
        branch = self.branch(x if self.stride == 1 else type(self).pool(x, self.stride))
        out: Tensor = self.relu(branch + identity)
        return out

    def branch(self, x: Tensor) -> Tensor:
        """The convolutions beside the shortcut.

        Args:
            x: (batch, in_channels, ...), shortened by the stride.
        """
        raise NotImplementedError

    def dropped(self, x: Tensor) -> Tensor:
        """Dropout inside the branch, in training.

        Args:
            x: (batch, width, ...).
        """
        return functional.dropout(x, 0.1, self.training)


class _Block2d(Residual):
    pool = staticmethod(functional.avg_pool2d)

    def _shortcut(self, in_channels: int, out_channels: int) -> nn.Module | None:
        projection = conv2d(in_channels, out_channels, 1), nn.BatchNorm2d(out_channels)
        if self.stride > 1:
            return nn.Sequential(nn.AvgPool2d(self.stride), *projection)
        return None if in_channels == out_channels else nn.Sequential(*projection)


class BasicBlock2d(_Block2d):
    """Two 3 x 3 convolutions beside a shortcut; stride 1 or 2."""

    def _build(self, in_channels: int, width: int) -> None:
        self.conv1 = conv2d(in_channels, width, 3)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = conv2d(width, width, 3)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = self._shortcut(in_channels, width)

    def branch(self, x: Tensor) -> Tensor:
        x = self.dropped(self.relu(self.bn1(self.conv1(x))))
        return self.bn2(self.conv2(x))


class Bottleneck2d(_Block2d):
    """Convolutions 1 x 1, 3 x 3, 1 x 1 beside a shortcut; stride 1 or 2."""

    expansion = 4
    last_norm = "bn3"

    def _build(self, in_channels: int, width: int) -> None:
        out_channels = width * self.expansion
        self.conv1 = conv2d(in_channels, width, 1)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = conv2d(width, width, 3)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = conv2d(width, out_channels, 1)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.downsample = self._shortcut(in_channels, out_channels)

    def branch(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.dropped(self.relu(self.bn2(self.conv2(x))))
        return self.bn3(self.conv3(x))


class BasicBlock1d(Residual):
    """Two convolutions of length 3, the second with dilation 2; stride 1 or 4.

    The branch is shortened by maxima, the shortcut by means.
    """

    pool = staticmethod(functional.max_pool1d)

    def _build(self, in_channels: int, width: int) -> None:
        self.conv1 = conv1d(in_channels, width, 3)
        self.bn1 = nn.BatchNorm1d(width)
        self.conv2 = conv1d(width, width, 3, dilation=2)
        self.bn2 = nn.BatchNorm1d(width)
        # Wherever the width changes, the stages below also shorten: no projection without pool.
        self.downsample = (
            None
            if self.stride == 1
            else nn.Sequential(
                nn.AvgPool1d(self.stride), conv1d(in_channels, width, 1), nn.BatchNorm1d(width)
            )
        )

    def branch(self, x: Tensor) -> Tensor:
        x = self.dropped(self.relu(self.bn1(self.conv1(x))))
        return self.bn2(self.conv2(x))


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
        for number, (width, length) in enumerate(zip(widths, blocks, strict=True), 1):
            stage = []
            for position in range(length):
                first_stride = stride if position == 0 and number > 1 else 1
                stage.append(block(in_channels, width, first_stride))
                in_channels = width * block.expansion
            self.add_module(f"layer{number}", nn.Sequential(*stage))

    def forward(self, x: Tensor) -> Tensor:
        """Apply the stages in their order.

        Args:
            x: (batch, in_channels, ...).
        """
        for stage in self.children():
            x = stage(x)
        return x
