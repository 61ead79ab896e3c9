"""What makes samples unusable: their rate, their values.

The same rules hold for files and for samples in memory.
"""

from __future__ import annotations

from operator import index
from typing import SupportsIndex

import numpy as np
from numpy.typing import NDArray

from ..errors import AudioError, UsageError

LOWEST_RATE, HIGHEST_RATE = 100, 10_000_000
"""Sample rates in Hz that can be meant: a rate of 1 Hz would make hours of a second."""

HIGHEST_PEAK = 1e12
"""Largest absolute value of a sample: the power of 1024 larger ones may not fit float32.

Full scale is 1; integers of 32 bits that were never scaled reach 2e9.
"""


def is_possible(rate: float) -> bool:
    """Whether a sample rate in Hz can be meant."""
    return LOWEST_RATE <= rate <= HIGHEST_RATE


def checked_rate(rate: object, argument: str) -> int:
    """A sample rate that somebody gave, in Hz.

    Args:
        rate: a whole number, as an int or a float.
        argument: its name in the call.

    Raises:
        UsageError: if it is no number, or out of range.
    """
    try:
        whole = int(rate)  # type: ignore[call-overload]
        is_whole = bool(whole == rate)
    except (TypeError, ValueError, OverflowError):
        is_whole = False
    if not is_whole or not is_possible(whole):
        raise UsageError(
            f"{argument}={rate!r} is no sample rate: give whole Hz from {LOWEST_RATE:,} to "
            f"{HIGHEST_RATE:,}"
        )
    return int(whole)


def checked_track(track: object) -> int | None:
    """The number of a sound track that somebody gave, from 1; None is the default track.

    Args:
        track: a whole number, or None.

    Raises:
        UsageError: if it is none.
    """
    if track is None:
        return None
    if isinstance(track, bool) or not isinstance(track, SupportsIndex) or index(track) < 1:
        raise UsageError(f"track={track!r} is no number of a sound track: they count from 1")
    return index(track)


def check_file_rate(rate: int, name: str) -> None:
    """Raise AudioError if a file's sample rate, in Hz, cannot be meant."""
    if not is_possible(rate):
        raise AudioError(
            f"{name} has a sample rate of {rate:,} Hz; from {LOWEST_RATE:,} to {HIGHEST_RATE:,} Hz "
            "are possible: its header is damaged"
        )


def check_samples(samples: NDArray[np.float32], start: float, rate: int, name: str) -> None:
    """Raise AudioError for samples that are NaN, infinite, or beyond any scale.

    Args:
        samples: (samples, channels).
        start: seconds of the recording before them.
        rate: sample rate in Hz.
        name: what to call the recording.
    """
    peak = np.abs(samples).max(initial=0.0)
    if peak <= HIGHEST_PEAK:  # false for NaN too
        return
    bad = ~(np.abs(samples) <= HIGHEST_PEAK)
    first = int(np.flatnonzero(bad.any(axis=1))[0])
    value = samples[first][bad[first]][0]
    raise AudioError(
        f"{name} has a sample of {value:g} at {start + first / rate:.3f} s; samples must be finite "
        f"and below {HIGHEST_PEAK:g}, nominally in [-1, 1]"
    )
