"""The numbers of the front-end, by their formulas: window, DFT and mel filters.

Inside `with torch.device("meta"):` they have their shapes alone. A single addition there would
import torch's compiler, which takes as long as torch itself.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def periodic_hann(window_size: int) -> Tensor:
    """Periodic Hann window, (window_size,) float64.

    Args:
        window_size: length in samples.
    """
    if _is_meta():
        return torch.empty(window_size, dtype=torch.float64)
    return 0.5 - 0.5 * torch.cos(_circle(window_size))


def symmetric_hann(window_size: int) -> Tensor:
    """Symmetric Hann window, which begins and ends with 0, (window_size,) float64.

    Args:
        window_size: length in samples.
    """
    return torch.hann_window(window_size, periodic=False, dtype=torch.float64)


def dft_filters(window: Tensor) -> tuple[Tensor, Tensor]:
    """Real and imaginary part of the windowed DFT, each (bins, 1, window_size) float64.

    Args:
        window: analysis window, (window_size,) float64.
    """
    size = window.numel()
    if window.is_meta:
        bank = window.new_empty(size // 2 + 1, 1, size)
        return bank, bank
    sample = torch.arange(size, device=window.device)
    # Filter k takes every k-th point of the circle: no angle is ever larger than one turn.
    point = torch.outer(sample[: size // 2 + 1], sample) % size
    angle = _circle(size).to(window.device)
    real, imag = torch.cos(angle)[point] * window, -torch.sin(angle)[point] * window
    return real[:, None], imag[:, None]


def _is_meta() -> bool:
    """Return whether new tensors are on the meta device."""
    return torch.get_default_device().type == "meta"


def _circle(size: int) -> Tensor:
    """`size` equally spaced angles of one turn, in radians, float64."""
    return torch.arange(size, dtype=torch.float64) * (2 * math.pi / size)


def mel_filters(
    sample_rate: int, window_size: int, mel_bins: int, fmin: float, fmax: float
) -> Tensor:
    """Slaney's mel filters of unit area, (window_size // 2 + 1, mel_bins) float32.

    Linear below 1000 Hz (3 mel in 200 Hz), logarithmic above (27 mel to a factor of 6.4);
    `mel_bins + 2` edges equally spaced on that scale from `fmin` to `fmax`.

    Args:
        sample_rate: rate of the waveforms in Hz.
        window_size: length of the transform in samples.
        mel_bins: number of filters.
        fmin: lower edge of the first filter in Hz.
        fmax: upper edge of the last filter in Hz.
    """
    if _is_meta():
        return torch.empty(window_size // 2 + 1, mel_bins)
    edges = _mel_edges(mel_bins, fmin, fmax)
    bins = torch.arange(window_size // 2 + 1, dtype=torch.float64) * (sample_rate / window_size)
    ramps = bins[:, None] - edges
    width = edges[1:] - edges[:-1]
    rising, falling = ramps[:, :-2] / width[:-1], -ramps[:, 2:] / width[1:]
    # Rounded to float32 before they are scaled, the triangles are librosa's bit for bit.
    triangles = torch.minimum(rising, falling).clamp(min=0).to(torch.float32)
    return (triangles * (2 / (edges[2:] - edges[:-2]))).to(torch.float32)


def _mel_edges(mel_bins: int, fmin: float, fmax: float) -> Tensor:
    """Edges of the triangles in Hz, (mel_bins + 2,) float64."""
    knee, hertz_per_mel, log_step = 1000.0, 200.0 / 3, math.log(6.4) / 27
    knee_mel = knee / hertz_per_mel

    def to_mel(hertz: float) -> float:
        if hertz < knee:
            return hertz / hertz_per_mel
        return knee_mel + math.log(hertz / knee) / log_step

    lowest, highest = to_mel(fmin), to_mel(fmax)
    step = (highest - lowest) / (mel_bins + 1)
    mel = torch.arange(mel_bins + 2, dtype=torch.float64) * step + lowest
    mel[-1] = highest
    curve = knee * torch.exp(log_step * (mel - knee_mel))
    return torch.where(mel < knee_mel, mel * hertz_per_mel, curve)


def kaldi_mel_filters(
    sample_rate: int, n_fft: int, mel_bins: int, fmin: float, fmax: float
) -> Tensor:
    """Triangles of peak 1 on the scale 1127 ln(1 + f / 700), (n_fft // 2 + 1, mel_bins) float64.

    They are straight lines on that scale, not in Hz; the bin at half of the sample rate is left
    out, as in Kaldi.

    Args:
        sample_rate: rate of the waveforms in Hz.
        n_fft: length of the transform in samples.
        mel_bins: number of filters.
        fmin: lower edge of the first filter in Hz.
        fmax: upper edge of the last filter in Hz.
    """
    lowest, highest = (1127 * math.log1p(hertz / 700) for hertz in (fmin, fmax))
    edges = torch.linspace(lowest, highest, mel_bins + 2, dtype=torch.float64)
    bins = torch.arange(n_fft // 2 + 1, dtype=torch.float64) * (sample_rate / n_fft)
    ramps = (1127 * torch.log1p(bins / 700)[:, None] - edges) / (edges[1] - edges[0])
    triangles = torch.minimum(ramps[:, :-2], -ramps[:, 2:]).clamp(min=0)
    triangles[-1] = 0
    return triangles
