"""Blocks of MobileNetV3 (Howard et al., ICCV 2019) as the small audio networks use them.

    x --[1x1 expand]-- depthwise k x k --[squeeze and excitation]-- 1x1 project --(+)--
    |                                                                              |
    +---------------------- where the shapes agree --------------------------------+

Squeeze and excitation takes its means over the whole image, or over a bounded stretch of time: then
what a network says of a moment depends on the sounds around it and on nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional

NORM_EPS = 0.001


class Inverted(NamedTuple):
    """A row of a table of inverted residual blocks.

    Attributes:
        kernel: side of the depthwise kernel.
        expanded: channels inside the block.
        channels: channels of its output.
        squeezed: channels between the two layers of squeeze and excitation; 0 leaves it out.
        hard_swish: whether activations are hard-swish instead of ReLU.
        stride: steps of the depthwise convolution along time and frequency.
        dilation: distance of the taps of the depthwise kernel along time.
    """

    kernel: int
    expanded: int
    channels: int
    squeezed: int = 0
    hard_swish: bool = False
    stride: tuple[int, int] = (1, 1)
    dilation: int = 1


def conv_norm(
    in_channels: int,
    out_channels: int,
    kernel: int = 1,
    stride: tuple[int, int] = (1, 1),
    dilation: int = 1,
    groups: int = 1,
    activation: nn.Module | None = None,
) -> nn.Sequential:
    """Return a convolution without bias, its batch norm, and an activation.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel: side of the square kernel, odd.
        stride: steps along time and frequency.
        dilation: distance of the taps along time.
        groups: groups of channels.
        activation: None leaves it out.
    """
    convolution = nn.Conv2d(
        in_channels,
        out_channels,
        kernel,
        stride,
        (kernel // 2 * dilation, kernel // 2),
        (dilation, 1),
        groups,
        bias=False,
    )
    layers = [convolution, nn.BatchNorm2d(out_channels, eps=NORM_EPS)]
    return nn.Sequential(*layers, *([] if activation is None else [activation]))


class LocalSqueeze(nn.Module):
    """Gates of the channels, from means over all bands and a stretch of time around each step.

    Args:
        channels: channels of the image.
        squeezed: channels between the two layers.
        context: steps on each side of a step that its means take in, as far as there are any.
    """

    def __init__(self, channels: int, squeezed: int, context: int) -> None:
        super().__init__()
        self.context = context
        self.fc1 = nn.Linear(channels, squeezed)
        self.fc2 = nn.Linear(squeezed, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return the image with its channels gated.

        Args:
            x: (batch, channels, time, bands).
        """
        return x * self.gates(x.mean(dim=3))[:, :, :, None]

    def gates(self, means: Tensor) -> Tensor:
        """Return the gates of each step, (batch, channels, time).

        Args:
            means: over all bands, (batch, channels, time).
        """
        # Of what the first layer gives, which is affine, the means are the same, and fewer.
        squeezed = functional.avg_pool1d(
            self.fc1(means.transpose(1, 2)).transpose(1, 2),
            2 * self.context + 1,
            1,
            self.context,
            count_include_pad=False,
        )
        gates: Tensor = self.fc2(functional.relu(squeezed).transpose(1, 2)).sigmoid()
        return gates.transpose(1, 2)


class Squeeze(nn.Module):
    """Gates of the channels, from their means over the image.

    Args:
        channels: channels of the image.
        squeezed: channels between the two layers.
    """

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, squeezed)
        self.fc2 = nn.Linear(squeezed, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return the image with its channels gated.

        Args:
            x: (batch, channels, height, width).
        """
        return x * self.gates(x.mean(dim=(2, 3)))[:, :, None, None]

    def gates(self, means: Tensor) -> Tensor:
        """Return the gates, (batch, channels).

        Args:
            means: of the channels, (batch, channels).
        """
        gates: Tensor = self.fc2(functional.relu(self.fc1(means))).sigmoid()
        return gates


class InvertedResidual(nn.Module):
    """Expand, depthwise, squeeze and excitation, project; the input is added where shapes agree.

    Args:
        in_channels: channels of the input.
        row: the block.
        squeeze: makes its squeeze and excitation, from channels and squeezed channels.
    """

    def __init__(
        self, in_channels: int, row: Inverted, squeeze: Callable[[int, int], nn.Module]
    ) -> None:
        super().__init__()
        self.adds = row.stride == (1, 1) and in_channels == row.channels
        activation = nn.Hardswish if row.hard_swish else nn.ReLU
        width = row.expanded
        layers: list[nn.Module] = []
        if width != in_channels:
            layers.append(conv_norm(in_channels, width, activation=activation()))
        layers.append(
            conv_norm(width, width, row.kernel, row.stride, row.dilation, width, activation())
        )
        if row.squeezed:
            layers.append(squeeze(width, row.squeezed))
        self.block = nn.Sequential(*layers, conv_norm(width, row.channels))

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block.

        Args:
            x: (batch, in_channels, time, bands).
        """
        y: Tensor = self.block(x)
        return x + y if self.adds else y
