"""Log-mel images of `models.kaldi` by the compiled library."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ...models.kaldi import CENTRE, FLOOR, PRE_EMPHASIS, SCALE, KaldiLogmel
from .buffers import shared
from .library import Logmel, library, run_all, threads_of_clip

FRAMES_OF_A_THREAD = 250
"""Frames from which on another thread is worth being started for them."""


class CompiledLogmel(nn.Module):
    """Fused form of `KaldiLogmel`, whose filters it takes as they are.

    Args:
        logmel: the front-end; its transform has a power of 4 as its size.
    """

    def __init__(self, logmel: KaldiLogmel) -> None:
        super().__init__()
        self.training = False
        self.shared = shared()
        self.logmel = (logmel,)  # not as a child
        angles = torch.arange(logmel.n_fft // 4, dtype=torch.float64) * (
            -2 * math.pi / logmel.n_fft
        )
        turns = torch.polar(torch.ones(()).double(), angles[:, None] * torch.arange(1, 4))
        filters = logmel.mel.T
        filled = (filters != 0).int()
        firsts = filled.argmax(dim=1)
        counts = (filled.cumsum(dim=1).argmax(dim=1) + 1 - firsts) * filled.any(dim=1)
        weights = [
            row[first : first + count]
            for row, first, count in zip(filters, firsts, counts, strict=True)
        ]
        self.values = {
            "window": logmel.window,
            "twiddles": torch.view_as_real(turns).float().contiguous(),
            "firsts": firsts.int(),
            "counts": counts.int(),
            "weights": torch.cat(weights),
        }
        self.settings = {name: value.data_ptr() for name, value in self.values.items()} | {
            "size": logmel.n_fft,
            "hop": logmel.hop_size,
            "mels": len(filters),
            "emphasis": PRE_EMPHASIS,
            "floor": FLOOR,
            "centre": CENTRE,
            "scale": SCALE,
        }

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
        clips = waveform.contiguous()
        samples, frames = clips.shape[1], 1 + (clips.shape[1] - 1) // logmel.hop_size
        images = clips.new_empty(len(clips), 1, frames, logmel.mel.shape[1])
        threads = threads_of_clip(len(clips), frames, FRAMES_OF_A_THREAD)
        passes = [
            Logmel(
                samples=samples,
                threads=threads,
                waveform=clip.data_ptr(),
                image=image.data_ptr(),
                **self.settings,
            )
            for clip, image in zip(clips, images, strict=True)
        ]
        run_all("logmel", passes, self.shared)
        return images


def compiled_logmel(logmel: KaldiLogmel) -> CompiledLogmel | None:
    """Return a front-end by the library; None if it is not there, or not for its transform.

    Args:
        logmel: the front-end.
    """
    is_power_of_4 = logmel.n_fft.bit_count() == 1 and logmel.n_fft.bit_length() % 2 == 1
    return CompiledLogmel(logmel) if library() is not None and is_power_of_4 else None
