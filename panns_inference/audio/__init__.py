"""Audio in: a recording of any kind as a waveform at the rate that a network needs.

    path / open file --soundfile, else PyAV--.
                                              >--checks--> channels to one --soxr--> waveform
    NumPy array, tensor, list ---------------'

Everything goes through in pieces: a recording of ten hours needs no more memory than one of ten
seconds, unless its whole waveform is wanted.
"""

from __future__ import annotations

import os
from math import inf

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ._bitstream import Description, Track
from ._decode import describe, stated_length
from ._separate import separate
from ._waveform import Blocks, waveform
from .arrays import float32_samples
from .clock import Clock, recording_start
from .files import is_file
from .reading import MIX, Reading, checked_rate
from .sources import Source, name_of

__all__ = [
    "Blocks",
    "Clock",
    "Description",
    "Reading",
    "Source",
    "Track",
    "blocks",
    "describe",
    "float32_samples",
    "is_file",
    "length_of",
    "name_of",
    "read",
    "recording_start",
    "separate",
    "stated_length",
    "waveform",
]

BLOCK = 320_000
"""Samples of a block by default: 10 s at 32 kHz."""

LENGTH_RATE = 8000
"""At which a recording is decoded that does not state its length, in Hz."""


def read(
    source: Source,
    rate: int,
    *,
    sample_rate: int | None = None,
    track: int | str | None = None,
    resampler: str = "soxr",
    strict: bool = False,
    channel: int | str = MIX,
) -> NDArray[np.float32]:
    """Return a recording as a waveform in memory.

    Sound stands at the time stamps of its file. Time 0 is the start of the track that begins
    first, be it of sound or of pictures: a file of one track begins with its sound, also where its
    time stamps do not begin with 0. What a codec puts before the sound does not count. Before a
    track that begins later, and in its gaps, there is silence; behind its end there is none, even
    if the pictures go on. A gap of more than an hour is taken for a damaged time stamp.

    Args:
        source: path of a file in any format that soundfile or PyAV (extra `codecs`) can decode; a
            binary file that is open, read from where it stands and left there, or a stream; the
            bytes of a file; samples in memory, (samples,), (channels, samples) or (samples,
            channels): a NumPy array, a tensor or a list, of floats nominally in [-1, 1], or of
            integers (int8, uint8, int16, int32), which are divided by their full scale; or a
            mapping or decoder, as Hugging Face's datasets have them.
        rate: sample rate of the waveform, in Hz.
        sample_rate: of samples in memory, in Hz; None if they are at `rate`. A file knows its own.
        track: number of the sound track of a file, from 1; None is its default track.
        resampler: 'soxr', or 'resampy' (extra `resampy`).
        strict: raise instead of warning.
        channel: 'mix' for the mean of the channels; the number of one, from 1; or 'left' and
            'right', which are channels 1 and 2.

    Returns:
        (samples,) float32, at least one sample, all finite; of `n` samples `n * rate /
        sample_rate`, rounded.

    Raises:
        AudioError: if there is no such file, it cannot be decoded, has no such track or channel,
            holds no samples, or samples that are not finite; for arrays of other shapes, and of
            other types an AudioTypeError.
        UsageError: if another argument makes no sense.

    Warns:
        AudioWarning: if a file is cut or damaged, holds more than its header states, or has
            unknown bytes behind its samples: what it holds is used; if its time stamps go back,
            jump, or do not fit the sound; if channels that are mixed cancel each other.
    """
    reading = Reading(resampler, strict, track, channel)
    return np.concatenate(list(_checked(source, rate, BLOCK, reading, sample_rate)))


def blocks(
    source: Source,
    rate: int,
    n_samples: int = BLOCK,
    *,
    sample_rate: int | None = None,
    track: int | str | None = None,
    resampler: str = "soxr",
    strict: bool = False,
    channel: int | str = MIX,
) -> Blocks:
    """Return a recording as a waveform in blocks; joined they are what `read` gives, bit for bit.

    Memory does not grow with the length of a file; resampy alone needs the whole waveform.

    Args:
        source: as for `read`.
        rate: as for `read`.
        n_samples: samples of each block; the last may have fewer.
        sample_rate: as for `read`.
        track: as for `read`.
        resampler: as for `read`.
        strict: as for `read`; what is there comes before the error.
        channel: as for `read`.

    Returns:
        Blocks, (n_samples,) float32, and the rate of the recording as `source_rate`. Errors of the
        recording come with the block that they concern, those of arguments at once.

    Raises:
        AudioError: as `read`.
        UsageError: as `read`.

    Warns:
        AudioWarning: as `read`.
    """
    reading = Reading(resampler, strict, track, channel)
    return _checked(source, rate, n_samples, reading, sample_rate)


def length_of(file: str | os.PathLike[str]) -> float:
    """Return the length of a recording in seconds; one that does not state it is decoded.

    Args:
        file: its path.

    Raises:
        AudioError: if it has to be decoded, and cannot be.
    """
    if (stated := stated_length(file)) < inf:
        return stated
    return sum(map(len, blocks(file, LENGTH_RATE))) / LENGTH_RATE


def _checked(
    source: Source, rate: int, n_samples: int, reading: Reading, sample_rate: int | None
) -> Blocks:
    if n_samples < 1:
        raise UsageError(f"n_samples={n_samples} is no length of a block: give 1 or more")
    if reading.is_several:
        raise UsageError("channel='each' and track='all' are several waveforms: read one at a time")
    return waveform(source, checked_rate(rate, "rate"), n_samples, reading, sample_rate)
