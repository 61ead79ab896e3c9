"""MobileNetV1 and MobileNetV2 (paper, section III.D), with pools in the place of strides."""

from __future__ import annotations

from torch import Tensor, nn

from .blocks import conv2d
from .logmel import LogmelNetwork


def _depthwise(channels: int, stride: int) -> tuple[nn.Module, ...]:
    convolution = conv2d(channels, channels, 3, groups=channels)
    return convolution, nn.AvgPool2d(stride), nn.BatchNorm2d(channels)


def _pointwise(in_channels: int, out_channels: int) -> tuple[nn.Module, ...]:
    return conv2d(in_channels, out_channels, 1), nn.BatchNorm2d(out_channels)


def _stem(activation: nn.Module) -> nn.Module:
    return nn.Sequential(conv2d(1, 32, 3), nn.AvgPool2d(2), nn.BatchNorm2d(32), activation)


def _separable(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    return nn.Sequential(
        *_depthwise(in_channels, stride),
        nn.ReLU(inplace=True),
        *_pointwise(in_channels, out_channels),
        nn.ReLU(inplace=True),
    )


class InvertedResidual(nn.Module):
    """Expand, depthwise, project; the input is added where the shapes agree.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        stride: size of the average pool behind the depthwise convolution.
        expansion: width inside by `in_channels`; 1 leaves the expanding convolution out.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int, expansion: int) -> None:
        super().__init__()
        self.adds = stride == 1 and in_channels == out_channels
        width = in_channels * expansion
        expand = (*_pointwise(in_channels, width), nn.ReLU6(inplace=True))
        self.conv = nn.Sequential(
            *(expand if expansion > 1 else ()),
            *_depthwise(width, stride),
            nn.ReLU6(inplace=True),
            *_pointwise(width, out_channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block.

        Args:
            x: (batch, in_channels, frames, mel_bins).
        """
        projected: Tensor = self.conv(x)
        return x + projected if self.adds else projected


class MobileNetV1(LogmelNetwork):
    """Thirteen depthwise separable blocks."""

    # (width, stride)
    blocks = (
        *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
        *((512, 1),) * 5,
        *((1024, 2), (1024, 1)),
    )
    channels = embedding_size = 1024

    def _build_trunk(self) -> None:
        layers, channels = [_stem(nn.ReLU(inplace=True))], 32
        for width, stride in self.blocks:
            layers.append(_separable(channels, width, stride))
            channels = width
        self.features = nn.Sequential(*layers)

    def trunk(self, x: Tensor) -> Tensor:
        image: Tensor = self.features(x)
        return image


class MobileNetV2(MobileNetV1):
    """Seventeen inverted residual blocks."""

    # (expansion, width, blocks, stride of the first)
    groups = (
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 2),
        (6, 160, 3, 1),
        (6, 320, 1, 1),
    )
    channels = 1280
    head_dropout = 0.0

    def _build_trunk(self) -> None:
        layers, channels = [_stem(nn.ReLU6(inplace=True))], 32
        for expansion, width, length, stride in self.groups:
            for position in range(length):
                first_stride = stride if position == 0 else 1
                layers.append(InvertedResidual(channels, width, first_stride, expansion))
                channels = width
        layers.append(nn.Sequential(*_pointwise(channels, 1280), nn.ReLU6(inplace=True)))
        self.features = nn.Sequential(*layers)
