"""ResNet22, ResNet38 and ResNet54 (paper, Table II)."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor
from torch.nn import functional

from .blocks import ConvBlock
from .logmel import LogmelNetwork
from .residual import BasicBlock2d, Bottleneck2d, Residual, ResidualStages


class ResNet22(LogmelNetwork):
    """Four stages of two basic blocks between two convolution blocks."""

    residual: ClassVar[type[Residual]] = BasicBlock2d
    blocks: ClassVar[tuple[int, ...]] = (2, 2, 2, 2)
    channels = embedding_size = 2048

    def _build_trunk(self) -> None:
        self.conv_block1 = ConvBlock(1, 64)
        widths = (64, 128, 256, 512)
        self.resnet = ResidualStages(self.residual, 64, widths, self.blocks, stride=2)
        self.conv_block_after1 = ConvBlock(512 * self.residual.expansion, 2048)

    def trunk(self, x: Tensor) -> Tensor:
        x = self.dropped(self.conv_block1(x))
        x = self.dropped(functional.avg_pool2d(self.resnet(x), 2))
        return self.dropped(self.conv_block_after1(x, pool_size=(1, 1)))

    def dropped(self, x: Tensor) -> Tensor:
        """Dropout between the stages of the trunk, in training.

        Args:
            x: (batch, channels, frames, mel_bins).
        """
        return functional.dropout(x, 0.2, self.training)


class ResNet38(ResNet22):
    """Four stages of 3, 4, 6 and 3 basic blocks."""

    blocks = (3, 4, 6, 3)


class ResNet54(ResNet38):
    """Four stages of 3, 4, 6 and 3 bottleneck blocks."""

    residual = Bottleneck2d
