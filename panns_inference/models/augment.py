"""Augmentation of spectrograms in training: SpecAugment and mixup."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SpecAugmentation(nn.Module):
    """SpecAugment (Park et al. 2019): zeroed stripes in time and in frequency, in training.

    Widths are uniform in 0..drop_width - 1, starts wherever the stripe fits, drawn for each clip
    from torch's global generator.

    Args:
        time_drop_width: widest stripe in time plus one, in frames.
        time_stripes_num: number of stripes in time.
        freq_drop_width: widest stripe in frequency plus one, in mel bins.
        freq_stripes_num: number of stripes in frequency.
    """

    def __init__(
        self,
        time_drop_width: int,
        time_stripes_num: int,
        freq_drop_width: int,
        freq_stripes_num: int,
    ) -> None:
        super().__init__()
        # (axis of (batch, channels, frames, mel bins), widest stripe, number of stripes)
        self.stripes = (
            (2, time_drop_width, time_stripes_num),
            (3, freq_drop_width, freq_stripes_num),
        )

    def forward(self, input: Tensor) -> Tensor:
        """The spectrogram with its stripes zeroed; unchanged in evaluation mode.

        Args:
            input: spectrogram, (batch, channels, frames, mel bins).
        """
        if not self.training:
            return input
        for axis, drop_width, number in self.stripes:
            dropped = _stripes(input.shape[0], input.shape[axis], drop_width, number)
            shape = [input.shape[0], 1, 1, 1]
            shape[axis] = input.shape[axis]
            input = input.masked_fill(dropped.reshape(shape).to(input.device), 0.0)
        return input


def _stripes(batch: int, size: int, drop_width: int, number: int) -> Tensor:
    dropped = torch.zeros(batch, size, dtype=torch.bool)
    for clip in dropped:
        for _ in range(number):
            # A stripe is narrower than the axis, so that its start can be drawn.
            width = int(torch.randint(min(drop_width, size), (1,)))
            start = int(torch.randint(size - width, (1,)))
            clip[start : start + width] = True
    return dropped


def do_mixup(x: Tensor, mixup_lambda: Tensor) -> Tensor:
    """Mix even with odd rows (Zhang et al. 2018): (2B, ...) -> (B, ...).

    `out[i] = mixup_lambda[2i] x[2i] + mixup_lambda[2i + 1] x[2i + 1]`.

    Args:
        x: clips or targets, (2B, ...).
        mixup_lambda: weights of the rows, (2B,).
    """
    weights = mixup_lambda.reshape(-1, *[1] * (x.ndim - 1))
    return x[0::2] * weights[0::2] + x[1::2] * weights[1::2]
