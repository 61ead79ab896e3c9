"""Waveform to log-mel spectrogram, from the tensors that a checkpoint holds.

        waveform (batch, samples)
           |  reflect padding of window_size / 2 at both ends
           |  frames of window_size samples, one each hop_size
           v
    Spectrogram       |windowed DFT|^2                     (batch, 1, frames, window_size / 2 + 1)
           v
    LogmelFilterBank  10 log10(max(power @ melW, 1e-10))   (batch, 1, frames, mel_bins)

Where the filters of the checkpoint are a windowed DFT, as the published ones are, a transform
takes their place; where somebody trained them, they are convolved with. Transform and mel product
are computed in float64: a float32 FFT is worse than the convolution in bins far below the peak of
a frame, the float64 one is better everywhere (largest error on speech 4e-6 dB, against 8e-5 dB of
the convolution and 4e-4 dB of a float32 FFT).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import UsageError
from .filters import mel_filters
from .precision import single_at_least, widened, without_autocast
from .stft import STFT


@dataclass(frozen=True)
class FrontEnd:
    """Settings of a log-mel front-end, as the constructors of all networks take them.

    Attributes:
        sample_rate: rate of the waveforms in Hz.
        window_size: STFT window in samples.
        hop_size: step between frames in samples.
        mel_bins: number of mel bins.
        fmin: lowest frequency of the mel filters in Hz.
        fmax: highest frequency of the mel filters in Hz.
    """

    sample_rate: int = 32000
    window_size: int = 1024
    hop_size: int = 320
    mel_bins: int = 64
    fmin: float = 50
    fmax: float = 14000


class Spectrogram(nn.Module):
    """Power spectrogram, (batch, samples) -> (batch, 1, frames, n_fft // 2 + 1).

    `frames = 1 + samples // hop_length`. The signature is torchlibrosa's; a window other than
    the periodic Hann window of `n_fft` samples can be loaded, but not chosen.

    Args:
        n_fft: length of the transform and of its window, in samples.
        hop_length: step between frames in samples; None is a quarter of `n_fft`.
        win_length: None or `n_fft`.
        window: 'hann'.
        center: True: frame i is centred at sample `i * hop_length`.
        pad_mode: what stands before the first sample and behind the last, 'reflect' or 'constant'.
        power: exponent of the magnitude.
        freeze_parameters: False makes the filters trainable, and convolves with them.

    Raises:
        UsageError: for a setting that the published networks do not have.
    """

    def __init__(
        self,
        n_fft: int = 2048,
        hop_length: int | None = None,
        win_length: int | None = None,
        window: str = "hann",
        center: bool = True,
        pad_mode: str = "reflect",
        power: float = 2.0,
        freeze_parameters: bool = True,
    ) -> None:
        super().__init__()
        if (win_length or n_fft, window, center) != (n_fft, "hann", True):
            raise UsageError(
                "Spectrogram computes centred frames with a Hann window of n_fft samples; "
                f"got win_length={win_length}, window={window!r}, center={center}"
            )
        self.n_fft = n_fft
        self.hop_length = hop_length or n_fft // 4
        self.pad_mode = pad_mode
        self.power = power
        self.stft = STFT(n_fft, trainable=not freeze_parameters)

    def forward(self, input: Tensor) -> Tensor:
        """Spectrogram of a batch of waveforms, in float32 at least.

        Args:
            input: waveforms, (batch, samples), samples > n_fft / 2.
        """
        waveform = input.to(single_at_least(input.dtype))
        margin = self.n_fft // 2
        padded = functional.pad(waveform[:, None], (margin, margin), mode=self.pad_mode)
        window = self.stft.window()
        # Torch convolves an empty batch, but does not transform it.
        if window is None or padded.shape[0] == 0:
            power = self._convolved(padded)
        else:
            power = self._transformed(padded, window)
        if self.power != 2.0:
            power = power.pow(self.power / 2)
        return power.to(waveform.dtype)[:, None]

    def _transformed(self, padded: Tensor, window: Tensor) -> Tensor:
        frames = padded[:, 0].to(window.dtype).unfold(-1, self.n_fft, self.hop_length)
        spectrum: Tensor = torch.fft.rfft(frames * window)
        return spectrum.real.square() + spectrum.imag.square()

    def _convolved(self, padded: Tensor) -> Tensor:
        with without_autocast(padded.device):
            real, imag = (
                functional.conv1d(padded, bank.to(padded.dtype), stride=self.hop_length)
                for bank in self.stft.banks
            )
        return (real.square() + imag.square()).transpose(1, 2)


class LogmelFilterBank(nn.Module):
    """Power spectrogram to log-mel, (..., frames, bins) -> (..., frames, n_mels), in decibels.

    The signature is torchlibrosa's.

    Args:
        sr: sample rate in Hz.
        n_fft: length of the transform in samples.
        n_mels: number of mel bins.
        fmin: lower edge of the first filter in Hz.
        fmax: upper edge of the last filter in Hz; None is half of `sr`.
        is_log: False leaves the power as it is.
        ref: power that is 0 dB.
        amin: power below which the logarithm is cut: 1e-10 is -100 dB.
        top_db: range below the loudest value of the whole batch in dB; None leaves it open.
        freeze_parameters: False makes the mel matrix trainable.
    """

    def __init__(
        self,
        sr: int = 22050,
        n_fft: int = 2048,
        n_mels: int = 64,
        fmin: float = 0.0,
        fmax: float | None = None,
        is_log: bool = True,
        ref: float = 1.0,
        amin: float = 1e-10,
        top_db: float | None = 80.0,
        freeze_parameters: bool = True,
    ) -> None:
        super().__init__()
        self.is_log = is_log
        self.ref = ref
        self.amin = amin
        self.top_db = top_db
        weight = mel_filters(sr, n_fft, n_mels, fmin, sr / 2 if fmax is None else fmax)
        self.melW = nn.Parameter(weight, requires_grad=not freeze_parameters)

    def forward(self, input: Tensor) -> Tensor:
        """Mel spectrogram in decibels (or as power, without `is_log`), in float32 at least.

        Args:
            input: power, (..., frames, n_fft // 2 + 1).
        """
        with without_autocast(input.device):
            power = widened(input) @ widened(self.melW)
        level = self._decibel(power) if self.is_log else power
        return level.to(single_at_least(input.dtype))

    def _decibel(self, power: Tensor) -> Tensor:
        decibel = 10.0 * power.clamp(min=self.amin).log10()
        decibel = decibel - 10.0 * math.log10(max(self.amin, self.ref))
        if self.top_db is not None:
            decibel = decibel.clamp(min=decibel.detach().max() - self.top_db)
        return decibel
