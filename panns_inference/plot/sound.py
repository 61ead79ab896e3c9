"""The sound of a recording as a picture shows it: a spectrogram on the mel scale, or a waveform.

It is decoded block by block and never held: a day takes as little memory as a minute.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..audio import Blocks, Reading, Source, stated_length, waveform
from ..names import check_one_of
from .pooling import Pooling

KINDS = ("spectrogram", "waveform", "none")
"""What a picture can show of the sound."""

RATE = 32_000
"""Sample rate, in Hz."""

SIZE = 2048
"""Samples of a frame of the spectrogram."""

FINE_HOP = 320
"""Samples from one of its frames to the next."""

LONG = 600.0
"""Seconds from which on frames do not overlap: several of them make a column."""

BINS = 96
"""Bands of the spectrogram."""

LOWEST, HIGHEST = 50.0, 14_000.0
"""Their range, in Hz."""

RANGE, LEAST_RANGE = 70.0, 20.0
"""From the loudest to the faintest that is shown, in dB, at most and at least."""


@dataclass(frozen=True)
class Sound:
    """What is shown of the sound.

    Attributes:
        kind: spectrogram or waveform.
        values: of a spectrogram, levels in dB, (bands, columns); of a waveform, the smallest and
            the largest sample, (2, columns).
        duration: seconds that the columns span.
    """

    kind: str
    values: NDArray[np.float32]
    duration: float


def sound_of(
    source: Source, kind: str, sample_rate: int | None = None, reading: Reading | None = None
) -> Sound:
    """Return what is shown of a recording.

    Args:
        source: a file, or samples in memory.
        kind: spectrogram or waveform.
        sample_rate: of samples in memory, in Hz.
        reading: how it is read; None is as it is.

    Raises:
        AudioError: if it cannot be read.
    """
    check_one_of(kind, KINDS, "sound")
    reading = reading or Reading()
    blocks = waveform(source, RATE, 10 * RATE, reading, sample_rate)
    return _waveform(blocks) if kind == "waveform" else _spectrogram(blocks, _hop(source))


def _hop(source: Source) -> int:
    if isinstance(source, (str, os.PathLike)) and stated_length(source) > LONG:
        return SIZE
    return FINE_HOP


def _waveform(blocks: Blocks) -> Sound:
    low, high = Pooling(np.minimum, 1), Pooling(np.maximum, 1)
    for block in blocks:
        low.add(block[:, None])
        high.add(block[:, None])
    values = np.concatenate([low.columns(), high.columns()], axis=1).T
    return Sound("waveform", values, high.rows_per_column * values.shape[1] / RATE)


def _spectrogram(blocks: Blocks, hop: int) -> Sound:
    powers = Pooling(np.add, BINS)
    filters = mel_filters()
    window = np.hanning(SIZE).astype(np.float32)
    for frames in _frames(blocks, hop):
        spectra = np.fft.rfft(frames * window)
        powers.add((np.abs(spectra) ** 2).astype(np.float32) @ filters)
    means = powers.means().T
    levels = 10 * np.log10(np.maximum(means, 1e-10))
    duration = powers.rows_per_column * means.shape[1] * hop / RATE
    return Sound("spectrogram", levels.astype(np.float32), duration)


def _frames(blocks: Iterator[NDArray[np.float32]], hop: int) -> Iterator[NDArray[np.float32]]:
    """Frames, (frames, samples), each centred at its time; beyond the recording is silence."""
    silence = np.zeros(SIZE // 2, np.float32)
    rest = silence
    for block in blocks:
        rest = np.concatenate([rest, block])
        if len(rest) >= SIZE:
            frames = np.lib.stride_tricks.sliding_window_view(rest, SIZE)[::hop]
            yield frames
            rest = rest[len(frames) * hop :]
    rest = np.concatenate([rest, silence])
    if len(rest) >= SIZE:
        yield np.lib.stride_tricks.sliding_window_view(rest, SIZE)[::hop]


def band_of(hertz: float) -> float:
    """Return where a frequency is among the bands of a spectrogram, from 0 to their number.

    Args:
        hertz: the frequency.
    """
    lowest, highest, mel = (_mel(each) for each in (LOWEST, HIGHEST, hertz))
    return BINS * (mel - lowest) / (highest - lowest)


def mel_filters() -> NDArray[np.float32]:
    """Return triangles on the mel scale, (SIZE // 2 + 1, BINS), each of the sum 1."""
    mels = np.linspace(_mel(LOWEST), _mel(HIGHEST), BINS + 2)
    edges = 700 * (np.exp(mels / 1127) - 1)
    hertz = np.fft.rfftfreq(SIZE, 1 / RATE)[:, None]
    rising = (hertz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hertz) / (edges[2:] - edges[1:-1])
    triangles = np.maximum(0, np.minimum(rising, falling))
    # The lowest are narrower than the distance between two lines of the spectrum.
    nearest = np.abs(hertz - edges[1:-1]).argmin(axis=0)
    triangles[nearest, np.arange(BINS)] += 1e-3
    filters: NDArray[np.float32] = (triangles / triangles.sum(axis=0)).astype(np.float32)
    return filters


def _mel(hertz: float) -> float:
    return float(1127 * np.log1p(hertz / 700))
