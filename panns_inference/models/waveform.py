"""Networks on the waveform itself: LeeNet, DaiNet and Res1dNet (paper, section IV.A)."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

from .blocks import add_numbered, conv1d, normalised
from .network import Network
from .residual import BasicBlock1d, ResidualStages


class WaveformNetwork(Network):
    """A network without front-end: `trunk` turns (batch, 1, samples) into features."""

    def segment_features(self, input: Tensor, mixup_lambda: Tensor | None = None) -> Tensor:
        return self.trunk(self.mixed(input, mixup_lambda)[:, None])

    def trunk(self, x: Tensor) -> Tensor:
        """Waveform to features, (batch, channels, segments).

        Args:
            x: (batch, 1, samples).
        """
        raise NotImplementedError


class LeeBlock(nn.Module):
    """Convolutions of length 3, each with batch norm and ReLU; then a pool of 3, if any.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        depth: number of convolutions.
        stride: stride of the first.
        pooled: whether a maximum of 3, padded by 1, follows.
    """

    def __init__(
        self, in_channels: int, out_channels: int, depth: int, stride: int, pooled: bool
    ) -> None:
        super().__init__()
        self.depth = depth
        self.pooled = pooled
        first = conv1d(in_channels, out_channels, 3, stride=stride)
        others = (conv1d(out_channels, out_channels, 3) for _ in range(depth - 1))
        add_numbered(self, "conv", (first, *others))
        add_numbered(self, "bn", (nn.BatchNorm1d(out_channels) for _ in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block.

        Args:
            x: (batch, in_channels, samples).
        """
        for number in range(1, self.depth + 1):
            x = functional.relu_(normalised(self, number, x))
        return functional.max_pool1d(x, 3, padding=1) if self.pooled else x


class LeeNet11(WaveformNetwork):
    """Nine blocks of one convolution."""

    widths: ClassVar[tuple[int, ...]] = (64, 64, 64, 128, 128, 128, 128, 128, 256)
    depth: ClassVar[int] = 1
    unpooled: ClassVar[tuple[int, ...]] = (1,)
    block_dropout: ClassVar[float] = 0.0
    channels = 256
    embedding_size = 512
    minimum_samples = 1

    def _build(self) -> None:
        blocks = [
            LeeBlock(i, o, self.depth, 3 if number == 1 else 1, number not in self.unpooled)
            for number, (i, o) in enumerate(pairwise((1, *self.widths)), 1)
        ]
        add_numbered(self, "conv_block", blocks)

    def trunk(self, x: Tensor) -> Tensor:
        last = len(self.widths)
        for number in range(1, last):
            x = getattr(self, f"conv_block{number}")(x)
            x = functional.dropout(x, self.block_dropout, self.training)
        features: Tensor = getattr(self, f"conv_block{last}")(x)
        return features


class LeeNet24(LeeNet11):
    """Nine blocks of two convolutions."""

    widths = (64, 96, 128, 128, 256, 256, 512, 512, 1024)
    depth = 2
    unpooled = (1, 9)
    block_dropout = 0.1
    channels = embedding_size = 1024


class DaiBlock(nn.Module):
    """Four convolutions of length 3 beside a shortcut, which is projected if its width changes.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        pool: samples of the input of which the block takes the maximum.
    """

    depth: ClassVar[int] = 4
    last_norm: ClassVar[str] = "bn4"

    def __init__(self, in_channels: int, out_channels: int, pool: int) -> None:
        super().__init__()
        self.projects = in_channels != out_channels
        self.pool = pool
        widths = pairwise((in_channels, *(out_channels for _ in range(self.depth))))
        add_numbered(self, "conv", (conv1d(i, o, 3) for i, o in widths))
        # Held by every block of the published state dict, also where the width stays.
        self.downsample = conv1d(in_channels, out_channels, 1)
        add_numbered(self, "bn", (nn.BatchNorm1d(out_channels) for _ in range(self.depth)))
        self.bn_downsample = nn.BatchNorm1d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block.

        Args:
            x: (batch, in_channels, samples).
        """
        branch = x = functional.max_pool1d(x, self.pool) if self.pool > 1 else x
        for number in range(1, self.depth):
            branch = functional.relu_(normalised(self, number, branch))
        branch = normalised(self, self.depth, branch)
        identity = self.bn_downsample(self.downsample(x)) if self.projects else x
        return functional.relu_(branch + identity)


class DaiNet19(WaveformNetwork):
    """A convolution of length 80, then four residual blocks with maxima of 4 between them."""

    widths: ClassVar[tuple[int, ...]] = (64, 128, 256, 512)
    channels = embedding_size = 512
    # What conv0 needs for as many outputs as three pools of 4 take in for one.
    minimum_samples = 80 + 4 * (4**3 - 1)

    def _build(self) -> None:
        self.conv0 = nn.Conv1d(1, 64, 80, stride=4, bias=False)
        self.bn0 = nn.BatchNorm1d(64)
        blocks = zip(pairwise((64, *self.widths)), (1, 4, 4, 4), strict=True)
        add_numbered(self, "conv_block", (DaiBlock(*widths, pool) for widths, pool in blocks))

    def trunk(self, x: Tensor) -> Tensor:
        x = self.bn0(self.conv0(x))
        for number in range(1, len(self.widths) + 1):
            x = getattr(self, f"conv_block{number}")(x)
        return x


class Res1dNet31(WaveformNetwork):
    """A convolution of length 11, then seven stages of two residual blocks."""

    blocks: ClassVar[tuple[int, ...]] = (2, 2, 2, 2, 2, 2, 2)
    channels = embedding_size = 2048
    # Outputs of conv0, one each 5 samples, that six pools of 4 take in for one.
    minimum_samples = 5 * (4**6 - 1) + 1

    def _build(self) -> None:
        self.conv0 = conv1d(1, 64, 11, stride=5)
        self.bn0 = nn.BatchNorm1d(64)
        widths = (64, 128, 256, 512, 1024, 1024, 2048)
        self.resnet = ResidualStages(BasicBlock1d, 64, widths, self.blocks, stride=4)

    def trunk(self, x: Tensor) -> Tensor:
        features: Tensor = self.resnet(self.bn0(self.conv0(x)))
        return features


class Res1dNet51(Res1dNet31):
    """A convolution of length 11, then stages of 2, 3, 4, 6, 4, 3 and 2 residual blocks."""

    blocks = (2, 3, 4, 6, 4, 3, 2)
