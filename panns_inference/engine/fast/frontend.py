"""The front-end in one go, some frames at a time, so that they stay in the cache.

It computes what `models.frontend` does: the transform in float64 as there, because in float32 it
is not precise enough. Powers have no such range, and are added up in float32.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ...models.frontend import LogmelFilterBank, Spectrogram

STRIP_FRAMES = 256
"""Frames that are transformed together: 2 MB of windowed samples for the usual window."""


class FastLogmel(nn.Module):
    """Waveforms to log-mel images: both modules of the front-end as one.

    Args:
        spectrogram: the first; it knows whether its filters are a transform.
        logmel: the second.
    """

    def __init__(self, spectrogram: Spectrogram, logmel: LogmelFilterBank) -> None:
        super().__init__()
        # Not as children: their parameters are those of the network already.
        self.modules_of_network = (spectrogram, logmel)
        self.training = False

    @torch.no_grad()
    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 (the published name)
        """Log-mel images, (batch, 1, frames, n_mels).

        Args:
            input: waveforms, (batch, samples).
        """
        spectrogram, logmel = self.modules_of_network
        window = spectrogram.stft.window()
        kinds = spectrogram.pad_mode, spectrogram.power, logmel.is_log, logmel.top_db
        usual = kinds == ("reflect", 2.0, True, None)
        if window is None or not usual or input.dtype != torch.float32 or not len(input):
            image: Tensor = logmel(spectrogram(input))
            return image
        # Rows for the squares of real and imaginary parts, which lie beside each other.
        mel = logmel.melW.repeat_interleave(2, dim=0)
        return torch.stack([self._clip(clip, window, mel) for clip in input])[:, None]

    def _clip(self, samples: Tensor, window: Tensor, mel: Tensor) -> Tensor:
        spectrogram, logmel = self.modules_of_network
        margin = spectrogram.n_fft // 2
        before, behind = samples[1 : margin + 1].flip(0), samples[-margin - 1 : -1].flip(0)
        padded = torch.cat((before, samples, behind)).double()
        frames = padded.unfold(-1, spectrogram.n_fft, spectrogram.hop_length)
        power = samples.new_empty(len(frames), mel.shape[1])
        for strip, place in zip(
            torch.split(frames, STRIP_FRAMES), torch.split(power, STRIP_FRAMES), strict=True
        ):
            spectrum = torch.view_as_real(torch.fft.rfft(strip * window)).flatten(1)
            torch.mm(spectrum.square_().float(), mel, out=place)
        return logmel._decibel(power)
