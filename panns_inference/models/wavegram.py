"""Networks on a learnt time-frequency image, the Wavegram, alone or beside the log-mel.

    waveform -> 1-D convolutions -> 128 channels -> 4 maps of 32 columns -> ConvBlock -> Wavegram

(paper, section IV.B and C)
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from .blocks import ConvBlock, conv1d, normalised
from .cnn import Cnn14
from .frontend import FrontEnd


class PreWaveBlock(nn.Module):
    """Two convolutions of length 3, the second with dilation 2, then the maximum of 4.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = conv1d(in_channels, out_channels, 3)
        self.conv2 = conv1d(out_channels, out_channels, 3, dilation=2)
        self.bn1 = nn.BatchNorm1d(out_channels)
        self.bn2 = nn.BatchNorm1d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block, (batch, in_channels, samples) -> (batch, out_channels, samples / 4).

        Args:
            x: (batch, in_channels, samples).
        """
        for number in (1, 2):
            x = functional.relu_(normalised(self, number, x))
        return functional.max_pool1d(x, 4)


class Wavegram_Cnn14(Cnn14):  # noqa: N801 (the published name)
    """CNN14 on the Wavegram alone; its `bn0` and `conv_block1` are held, but never used."""

    maps: ClassVar[int] = 4
    columns: ClassVar[int] = 32
    drop_width: ClassVar[tuple[int, int] | None] = None
    # Outputs of pre_conv0, one each 5 samples: three pools of 4 and five of 2 take in 2048 for one.
    minimum_samples = 5 * (4**3 * 2**5 - 1) + 1

    def _build(self) -> None:
        self._build_wavegram()
        self.bn0 = nn.BatchNorm2d(self.frontend.mel_bins)
        self._build_trunk()

    def _build_wavegram(self) -> None:
        self.pre_conv0 = conv1d(1, 64, 11, stride=5)
        self.pre_bn0 = nn.BatchNorm1d(64)
        self.pre_block1 = PreWaveBlock(64, 64)
        self.pre_block2 = PreWaveBlock(64, 128)
        self.pre_block3 = PreWaveBlock(128, self.maps * self.columns)
        self.pre_block4 = ConvBlock(self.maps, 64)

    def wavegram(self, input: Tensor, mixup_lambda: Tensor | None = None) -> Tensor:
        """The learnt image, (batch, 64, samples / 640, columns).

        Args:
            input: waveforms, (batch, samples).
            mixup_lambda: weights of the rows in training, (batch,).
        """
        x = functional.relu_(self.pre_bn0(self.pre_conv0(input[:, None])))
        x = self.pre_block3(self.pre_block2(self.pre_block1(x)))
        # Channel c becomes column c % columns of map c // columns.
        x = x.unflatten(1, (self.maps, self.columns)).transpose(2, 3)
        return self.mixed(self.pre_block4(x, pool_size=(2, 1)), mixup_lambda)

    def segment_features(self, input: Tensor, mixup_lambda: Tensor | None = None) -> Tensor:
        return self.joined(self.wavegram(input, mixup_lambda))

    def joined(self, image: Tensor) -> Tensor:
        """The blocks of CNN14 from the second on, and the mean over the columns.

        Args:
            image: (batch, channels, steps, columns).
        """
        image = functional.dropout(image, self.block_dropout, self.training)
        return self.trunk(image, first=2).mean(dim=3)


class Wavegram_Logmel_Cnn14(Wavegram_Cnn14):  # noqa: N801
    """CNN14 on the Wavegram beside the first block of the log-mel."""

    conv_block1: ConvBlock
    drop_width = (64, 8)

    def _build(self) -> None:
        self._build_wavegram()
        self._build_frontend()
        self._build_trunk()

    def _build_trunk(self) -> None:
        super()._build_trunk()
        self.conv_block2 = ConvBlock(128, 128)

    def segment_features(self, input: Tensor, mixup_lambda: Tensor | None = None) -> Tensor:
        wavegram = self.wavegram(input, mixup_lambda)
        logmel = self.conv_block1(self.logmel(input, mixup_lambda))
        # For every other length the log-mel has one step more; both start at the same sample.
        return self.joined(torch.cat((logmel[:, :, : wavegram.shape[2]], wavegram), dim=1))


class Wavegram_Logmel128_Cnn14(Wavegram_Logmel_Cnn14):  # noqa: N801
    """The same on 128 mel bins."""

    published = FrontEnd(mel_bins=128)
    columns = 64
    drop_width = (64, 16)
