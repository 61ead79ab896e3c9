"""Waveform to log-mel spectrogram, from the tensors that a checkpoint holds.

        waveform (batch, samples)
           |  reflect padding of window_size / 2 at both ends
           |  frames of window_size samples, one each hop_size
           v
    Spectrogram       |windowed DFT|^2          (batch, 1, frames, window_size / 2 + 1)
           v
    LogmelFilterBank  10 log10(max(power @ melW, 1e-10))   (batch, 1, frames, mel_bins)

The published files hold the DFT as two banks of convolution filters. They are kept,
for they are part of the state dict, but a transform is taken instead, in float64: a
float32 FFT is worse than the convolution in bins far below the peak of a frame, the
float64 one is better everywhere (largest error on speech 7e-6 dB against 8e-5 dB).
Filters that are no windowed DFT, because somebody trained them, are convolved with.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

NO_FLOAT64 = frozenset({"mps"})
"""Devices that cannot compute in float64: they transform in float32."""

DFT_TOLERANCE = 1e-6
"""Rounding of float32 filters; the published ones are within 1e-7 of the formula."""


def periodic_hann(window_size: int) -> Tensor:
    """Periodic Hann window, (window_size,) float64."""
    return 0.5 - 0.5 * torch.cos(_turns(torch.arange(window_size), window_size))


def dft_filters(window: Tensor) -> tuple[Tensor, Tensor]:
    """Real and imaginary part of the windowed DFT, each (bins, 1, window_size) float64.

    Args:
        window: analysis window, (window_size,) float64.
    """
    size = window.numel()
    sample = torch.arange(size, device=window.device)
    # The product of integers is reduced before it becomes an angle: exact for every size.
    angle = _turns(torch.outer(sample[: size // 2 + 1], sample) % size, size)
    return (torch.cos(angle) * window)[:, None], (-torch.sin(angle) * window)[:, None]


def _turns(numerator: Tensor, denominator: int) -> Tensor:
    return numerator.to(torch.float64) * (2 * math.pi / denominator)


def mel_filters(
    sample_rate: int, window_size: int, mel_bins: int, fmin: float, fmax: float
) -> Tensor:
    """Slaney's mel filters of unit area, (window_size // 2 + 1, mel_bins) float32.

    Linear below 1000 Hz (3 mel in 200 Hz), logarithmic above (27 mel to a factor of 6.4);
    `mel_bins + 2` edges equally spaced on that scale from `fmin` to `fmax` Hz. The triangles
    are rounded to float32 before they are scaled: so the matrix is librosa's bit for bit.
    """
    knee, hertz_per_mel, log_step = 1000.0, 200.0 / 3, math.log(6.4) / 27
    knee_mel = knee / hertz_per_mel

    def to_mel(hertz: float) -> float:
        if hertz < knee:
            return hertz / hertz_per_mel
        return knee_mel + math.log(hertz / knee) / log_step

    step = (to_mel(fmax) - to_mel(fmin)) / (mel_bins + 1)
    mel = torch.arange(mel_bins + 2, dtype=torch.float64) * step + to_mel(fmin)
    log_part = knee * torch.exp(log_step * (mel - knee_mel))
    edges = torch.where(mel < knee_mel, mel * hertz_per_mel, log_part)
    bins = torch.arange(window_size // 2 + 1, dtype=torch.float64) * (sample_rate / window_size)
    ramps = bins[:, None] - edges
    width = edges[1:] - edges[:-1]
    rising, falling = ramps[:, :-2] / width[:-1], -ramps[:, 2:] / width[1:]
    triangles = torch.minimum(rising, falling).clamp(min=0).to(torch.float32)
    return (triangles * (2 / (edges[2:] - edges[:-2]))).to(torch.float32)


class Filters(nn.Module):
    """A bank of strided 1-D filters: holds `weight` under the name of the state dict."""

    def __init__(self, weight: Tensor, trainable: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.to(torch.float32), requires_grad=trainable)


class STFT(nn.Module):
    """The two filter banks of the state dict, `conv_real` and `conv_imag`."""

    def __init__(self, window_size: int, trainable: bool) -> None:
        super().__init__()
        real, imag = dft_filters(periodic_hann(window_size))
        self.conv_real = Filters(real, trainable)
        self.conv_imag = Filters(imag, trainable)

    def window(self) -> Tensor | None:
        """The window of which the filters are the DFT, float64, or None if they are none."""
        real, imag = self.conv_real.weight, self.conv_imag.weight
        if real.requires_grad or imag.requires_grad or real.is_meta:
            return None
        held = real[0, 0].to(torch.float64)
        hann = periodic_hann(held.numel()).to(held.device)
        # The filters hold the window rounded to float32: where it is the Hann window, the exact
        # one is meant.
        window = hann if _close(held, hann) else held
        meant = dft_filters(window)
        return window if _close(real, meant[0]) and _close(imag, meant[1]) else None


def _close(found: Tensor, expected: Tensor) -> bool:
    return bool(torch.allclose(found.to(expected.dtype), expected, rtol=0, atol=DFT_TOLERANCE))


class Spectrogram(nn.Module):
    """Power spectrogram, (batch, samples) -> (batch, 1, frames, n_fft // 2 + 1).

    `frames = 1 + samples // hop_length`. The signature is torchlibrosa's; a window other than
    the periodic Hann window of `n_fft` samples can be loaded, but not asked for.

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
        ValueError: for a setting that the published networks do not have.
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
            raise ValueError(
                "Spectrogram computes centred frames with a Hann window of n_fft samples; "
                f"got win_length={win_length}, window={window!r}, center={center}"
            )
        self.n_fft = n_fft
        self.hop_length = hop_length or n_fft // 4
        self.pad_mode = pad_mode
        self.power = power
        self.stft = STFT(n_fft, trainable=not freeze_parameters)
        self._known: tuple[tuple[object, ...], Tensor | None] | None = None

    def forward(self, input: Tensor) -> Tensor:
        """Spectrogram of a batch of waveforms, never below float32.

        Args:
            input: waveforms, (batch, samples), samples > n_fft / 2.
        """
        waveform = input.to(torch.promote_types(input.dtype, torch.float32))
        margin = self.n_fft // 2
        padded = functional.pad(waveform[:, None], (margin, margin), mode=self.pad_mode)
        window = self._window()
        power = self._convolved(padded) if window is None else self._transformed(padded, window)
        if self.power != 2.0:
            power = power ** (self.power / 2)
        return power.to(waveform.dtype)[:, None]

    def _transformed(self, padded: Tensor, window: Tensor) -> Tensor:
        wide = torch.float32 if padded.device.type in NO_FLOAT64 else torch.float64
        frames = padded[:, 0].to(wide).unfold(-1, self.n_fft, self.hop_length)
        spectrum = torch.fft.rfft(frames * window.to(wide))
        return spectrum.real.square() + spectrum.imag.square()

    def _convolved(self, padded: Tensor) -> Tensor:
        parts = (
            functional.conv1d(padded, bank.weight.to(padded.dtype), stride=self.hop_length)
            for bank in (self.stft.conv_real, self.stft.conv_imag)
        )
        return sum((part.square() for part in parts), torch.zeros(())).transpose(1, 2)

    def _window(self) -> Tensor | None:
        # Comparing the filters with their formula costs more than the transform of a short
        # clip, so it is done once for each content of the two parameters.
        content = tuple(_content(bank.weight) for bank in self.stft.children())
        if self._known is None or self._known[0] != content:
            self._known = content, self.stft.window()
        return self._known[1]


def _content(weight: Tensor) -> tuple[object, ...]:
    version = -1 if weight.is_inference() else weight._version
    return id(weight), weight.data_ptr(), version, weight.device, weight.requires_grad


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
        """Mel spectrogram in decibels (or as power, without `is_log`).

        Args:
            input: power, (..., frames, n_fft // 2 + 1).
        """
        power = input @ self.melW.to(input.dtype)
        if not self.is_log:
            return power
        decibel = 10.0 * power.clamp(min=self.amin).log10()
        decibel = decibel - 10.0 * math.log10(max(self.amin, self.ref))
        if self.top_db is not None:
            decibel = decibel.clamp(min=float(decibel.max()) - self.top_db)
        return decibel
