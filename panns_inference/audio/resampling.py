"""Waveforms at another rate, in blocks: neither depends on the pieces that come in.

`n` samples at one rate become `n * rate / sample_rate` at another, rounded to a whole number; by
resampy, which rounds down, one less at times.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterator
from importlib import import_module
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from ..errors import AudioError, UsageError

Waveform = Iterator[NDArray[np.float32]]
"""A waveform piece by piece, each (samples,)."""


def resampled(
    pieces: Iterator[tuple[int, NDArray[np.float32]]], rate: int, by: str, name: str
) -> Waveform:
    """A waveform at `rate` Hz, in pieces of any size.

    Args:
        pieces: sample rate in Hz and samples, (samples,), of each piece. Where the rate changes,
            another waveform begins, that is joined to the one before.
        rate: in Hz.
        by: a key of `RESAMPLERS`.
        name: the name of the recording in messages.

    Raises:
        AudioError: if not one sample comes out.
    """
    n_samples = 0
    for sample_rate, run in itertools.groupby(pieces, key=itemgetter(0)):
        waveform: Waveform = map(itemgetter(1), run)
        if sample_rate != rate:
            waveform = RESAMPLERS[by](waveform, sample_rate, rate)
        for samples in waveform:
            n_samples += len(samples)
            yield samples
    if n_samples == 0:
        raise AudioError(f"{name} holds no samples, or less than one at {rate:,} Hz")


def rounded_quotient(n_samples: int, sample_rate: int, rate: int) -> int:
    """Number of samples at another rate; a half is one more.

    Args:
        n_samples: number of samples.
        sample_rate: their rate in Hz.
        rate: the other rate in Hz.
    """
    return (2 * n_samples * rate + sample_rate) // (2 * sample_rate)


def _by_soxr(waveform: Waveform, sample_rate: int, rate: int) -> Waveform:
    import soxr

    stream = soxr.ResampleStream(sample_rate, rate, 1, dtype="float32", quality="HQ")
    n_samples = n_outputs = 0
    for samples in waveform:
        found = stream.resample_chunk(samples)
        n_samples, n_outputs = n_samples + len(samples), n_outputs + len(found)
        yield found
    # It rounds some halves down. What it takes to be behind the end are zeros, too.
    behind = np.zeros(-(-sample_rate // rate), np.float32)
    rest = stream.resample_chunk(behind, last=True)
    yield rest[: rounded_quotient(n_samples, sample_rate, rate) - n_outputs]


def _by_resampy(waveform: Waveform, sample_rate: int, rate: int) -> Waveform:
    """The whole recording is held in memory, for resampy has no stream."""
    import resampy

    samples = np.concatenate(list(waveform))
    if len(samples) * rate >= sample_rate:  # a shorter one has no sample at the other rate
        yield resampy.resample(samples, sample_rate, rate)


RESAMPLERS: dict[str, Callable[[Waveform, int, int], Waveform]] = {
    "soxr": _by_soxr,
    "resampy": _by_resampy,
}
"""What can resample, by name."""


def in_blocks(
    waveform: Iterator[NDArray[np.float32]], n_samples: int
) -> Generator[NDArray[np.float32], None, None]:
    """The samples of a waveform in blocks of `n_samples`; the last may have fewer.

    Args:
        waveform: pieces, each (samples,).
        n_samples: samples of a block.
    """
    held: list[NDArray[np.float32]] = []
    n_held = 0
    for samples in waveform:
        held.append(samples)
        n_held += len(samples)
        if n_held >= n_samples:
            joined = np.concatenate(held)
            n_whole = n_held - n_held % n_samples
            yield from np.split(joined[:n_whole], range(n_samples, n_whole, n_samples))
            held, n_held = [joined[n_whole:]], n_held - n_whole
    if n_held:
        yield np.concatenate(held)


def check_resampler(name: str) -> None:
    """Raise UsageError if there is no resampler of that name, or it is not installed."""
    if name not in RESAMPLERS:
        raise UsageError(f"unknown resampler {name!r}; known are: {', '.join(RESAMPLERS)}")
    try:
        import_module(name)
    except ImportError as error:
        raise UsageError(
            f"the resampler {name!r} is not installed ({error}): "
            f'pip install "panns-inference[{name}]"'
        ) from error
