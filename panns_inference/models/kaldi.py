"""Waveform to log-mel with pre-emphasis and Kaldi's mel scale, as EfficientAT's networks take it.

    y[t] = x[t + 1] - 0.97 x[t]
    power of frames of `window_size` samples (symmetric Hann) in the middle of `n_fft`
    (ln(power @ mel + 1e-5) + 4.5) / 5

Nothing of it is in a state dict: all follows from the settings.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .filters import kaldi_mel_filters, symmetric_hann
from .frontend import FrontEnd
from .precision import single_at_least, without_autocast

PRE_EMPHASIS = 0.97
FLOOR = 1e-5
"""Power that is added before the logarithm: what float32 loses lies far below."""

CENTRE, SCALE = -4.5, 5.0


def transform_size(settings: FrontEnd) -> int:
    """Return the samples of a transform: the next power of two above the window.

    Args:
        settings: of the front-end.
    """
    return 1 << (settings.window_size - 1).bit_length()


class KaldiLogmel(nn.Module):
    """Waveforms, (batch, samples), to images, (batch, 1, 1 + (samples - 1) // hop_size, mel_bins).

    Args:
        settings: of the front-end.
    """

    window: Tensor
    taps: Tensor
    mel: Tensor

    def __init__(self, settings: FrontEnd) -> None:
        super().__init__()
        self.n_fft = transform_size(settings)
        self.hop_size = settings.hop_size
        margin = self.n_fft - settings.window_size
        device = torch.get_default_device()
        # Also where weights have no values yet: no file will bring these.
        with torch.device("cpu" if device.type == "meta" else device):
            window = functional.pad(
                symmetric_hann(settings.window_size), (margin // 2, -(-margin // 2))
            )
            mel = kaldi_mel_filters(
                settings.sample_rate, self.n_fft, settings.mel_bins, settings.fmin, settings.fmax
            )
            taps = torch.tensor([[[-PRE_EMPHASIS, 1.0]]])
        buffers = {"window": window, "mel": mel, "taps": taps}
        for name, value in buffers.items():
            self.register_buffer(name, value.to(torch.float32), persistent=False)

    def forward(self, waveform: Tensor) -> Tensor:
        """Return the images, in float32 at least.

        Args:
            waveform: (batch, samples), more than `n_fft // 2 + 1` samples.
        """
        x = waveform.to(single_at_least(waveform.dtype))
        with without_autocast(x.device):
            emphasised = functional.conv1d(x[:, None], self.taps.to(x))
            margin = self.n_fft // 2
            padded = functional.pad(emphasised, (margin, margin), mode="reflect")[:, 0]
            frames = padded.unfold(-1, self.n_fft, self.hop_size)
            windowed = frames * self.window.to(x)
            # Torch does not transform an empty batch.
            power = _power(windowed) if len(x) else windowed[..., : 1 + margin]
            return self.level(power @ self.mel.to(x))[:, None]

    def level(self, power: Tensor) -> Tensor:
        """Return log-mel values of the power of frames in each filter.

        Args:
            power: (..., mel_bins).
        """
        return ((power + FLOOR).log() - CENTRE) / SCALE


def _power(windowed: Tensor) -> Tensor:
    spectrum = torch.fft.rfft(windowed)
    power: Tensor = spectrum.real.square() + spectrum.imag.square()
    return power
