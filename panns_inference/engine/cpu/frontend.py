"""The front-end in one go, some frames at a time, so that they stay in the cache.

It computes what `models.frontend` does: the transform in float64 as there, because in float32 it
is not precise enough. Powers have no such range, and are added up in float32.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ...models.frontend import LogmelFilterBank, Spectrogram
from .buffers import shared
from .fused_conv import UnsupportedLayerError

STRIP_FRAMES = 256
"""Frames that are transformed at once: 2 MB of windowed samples for the usual window."""


class FusedLogmel(nn.Module):
    """Waveforms to log-mel images: both modules of the front-end as one.

    Args:
        spectrogram: the first.
        logmel: the second; bins that no filter takes are left out.

    Raises:
        UnsupportedLayerError: if the filters of the first are no transform, or one of the two has
            settings that no published network has.
    """

    def __init__(self, spectrogram: Spectrogram, logmel: LogmelFilterBank) -> None:
        super().__init__()
        self.training = False
        self.shared = shared()
        window = spectrogram.stft.window()
        kinds = spectrogram.pad_mode, spectrogram.power, logmel.is_log, logmel.top_db
        if window is None or kinds != ("reflect", 2.0, True, None):
            raise UnsupportedLayerError(spectrogram, logmel)
        # Not as children: their parameters are those of the network already.
        self.modules_of_network = (spectrogram, logmel)
        self.window = window
        covered = logmel.melW.detach().any(dim=1).nonzero().flatten().tolist() or [0]
        self.bins = slice(covered[0], covered[-1] + 1)
        self.mel = logmel.melW.detach()[self.bins]

    @torch.no_grad()
    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 (the published name)
        """Log-mel images, (batch, 1, frames, n_mels).

        Args:
            input: waveforms, (batch, samples).
        """
        spectrogram, logmel = self.modules_of_network
        if input.dtype != torch.float32 or not len(input):
            image: Tensor = logmel(spectrogram(input))
            return image
        power = torch.stack([self._power(samples, spectrogram.hop_length) for samples in input])
        return logmel._decibel(power)[:, None]

    def _power(self, samples: Tensor, hop: int) -> Tensor:
        """Power of a clip in each filter, (frames, n_mels)."""
        size, (n_bins, n_mels) = len(self.window), self.mel.shape
        take, margin = self.shared.take, size // 2
        padded = take("padded", len(samples) + 2 * margin, dtype=torch.float64)
        padded[:margin] = samples[1 : margin + 1].flip(0)
        padded[margin:-margin] = samples
        padded[-margin:] = samples[-margin - 1 : -1].flip(0)
        frames = padded.unfold(-1, size, hop)
        power = samples.new_empty(len(frames), n_mels)
        for strip, place in zip(
            torch.split(frames, STRIP_FRAMES), torch.split(power, STRIP_FRAMES), strict=True
        ):
            windowed = take("windowed", *strip.shape, dtype=torch.float64)
            spectrum = torch.fft.rfft(torch.mul(strip, self.window, out=windowed))[:, self.bins]
            squares = take("squares", len(strip), n_bins, 2)
            squares.copy_(torch.view_as_real(spectrum)).square_()
            bins = take("bins", len(strip), n_bins)
            torch.mm(torch.add(squares[..., 0], squares[..., 1], out=bins), self.mel, out=place)
        return power
