"""Front-ends in one go, some frames at a time, so that they stay in the cache.

    FusedLogmel       `models.frontend`: the transform in float64 as there, because in float32 it is
                      not precise enough
    FusedKaldiLogmel  `models.kaldi`: in float32 as there, for a floor is added to the power

Powers are added up in float32 in both.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ...models.frontend import LogmelFilterBank, Spectrogram
from ...models.kaldi import PRE_EMPHASIS, KaldiLogmel
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
        self.filters = Filters(window, logmel.melW.detach(), spectrogram.hop_length)

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
        power = torch.stack([self.filters.power(clip) for clip in input])
        return logmel._decibel(power)[:, None]


class FusedKaldiLogmel(nn.Module):
    """Fused form of `KaldiLogmel`.

    Args:
        logmel: the front-end.
    """

    def __init__(self, logmel: KaldiLogmel) -> None:
        super().__init__()
        self.training = False
        self.logmel = (logmel,)  # not as a child
        self.filters = Filters(logmel.window, logmel.mel, logmel.hop_size)

    @torch.no_grad()
    def forward(self, waveform: Tensor) -> Tensor:
        """Log-mel images, (batch, 1, frames, mel_bins).

        Args:
            waveform: (batch, samples).
        """
        (logmel,) = self.logmel
        if waveform.dtype != torch.float32 or not len(waveform):
            image: Tensor = logmel(waveform)
            return image
        emphasised = torch.sub(waveform[:, 1:], waveform[:, :-1], alpha=PRE_EMPHASIS)
        power = torch.stack([self.filters.power(clip) for clip in emphasised])
        return logmel.level(power)[:, None]


class Filters:
    """Power of frames in filters.

    Args:
        window: of a frame, (n_fft,), in the type in which it is transformed.
        weights: of each bin in each filter, (1 + n_fft // 2, mel_bins); bins that no filter takes
            are left out.
        hop: samples from a frame to the next.
    """

    def __init__(self, window: Tensor, weights: Tensor, hop: int) -> None:
        self.shared = shared()
        self.window, self.hop = window, hop
        covered = weights.any(dim=1).nonzero().flatten().tolist() or [0]
        self.bins = slice(covered[0], covered[-1] + 1)
        self.weights = weights[self.bins]

    def power(self, samples: Tensor) -> Tensor:
        """Return the power of a clip in each filter, (frames, mel_bins).

        Args:
            samples: (samples,), mirrored at both ends.
        """
        size, (n_bins, n_mels) = len(self.window), self.weights.shape
        dtype, margin = self.window.dtype, size // 2
        take = self.shared.take
        padded = take("padded", len(samples) + 2 * margin, dtype=dtype)
        padded[:margin] = samples[1 : margin + 1].flip(0)
        padded[margin:-margin] = samples
        padded[-margin:] = samples[-margin - 1 : -1].flip(0)
        frames = padded.unfold(-1, size, self.hop)
        power = samples.new_empty(len(frames), n_mels)
        for strip, place in zip(
            torch.split(frames, STRIP_FRAMES), torch.split(power, STRIP_FRAMES), strict=True
        ):
            windowed = take("windowed", *strip.shape, dtype=dtype)
            spectrum = torch.fft.rfft(torch.mul(strip, self.window, out=windowed))[:, self.bins]
            squares = take("squares", len(strip), n_bins, 2)
            squares.copy_(torch.view_as_real(spectrum)).square_()
            bins = take("bins", len(strip), n_bins)
            torch.add(squares[..., 0], squares[..., 1], out=bins)
            torch.mm(bins, self.weights, out=place)
        return power
