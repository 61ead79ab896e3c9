"""Waveforms at another rate, as a stream: what comes out does not depend on the pieces put in.

`n` samples at one rate become `n * rate / sample_rate` at another, rounded to a whole number; by
resampy, which rounds down, one less at times.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
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
        name: what to call the recording in messages.

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


def _by_torch(waveform: Waveform, sample_rate: int, rate: int) -> Waveform:
    from ._polyphase import Stream

    stream = Stream(sample_rate, rate)
    n_samples = 0
    for samples in waveform:
        n_samples += len(samples)
        yield from stream.feed(samples)
    yield from stream.finish(rounded_quotient(n_samples, sample_rate, rate))


RESAMPLERS: dict[str, Callable[[Waveform, int, int], Waveform]] = {
    "soxr": _by_soxr,
    "resampy": _by_resampy,
    "torch": _by_torch,
}
"""What can resample, by name."""


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
