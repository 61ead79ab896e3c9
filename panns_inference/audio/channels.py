"""Several channels become one, and samples that cannot be used are refused.

What channels hold in antiphase is lost when they are mixed:

              energy of the sum of the channels
    share  =  ---------------------------------
               sum of the channels' energies

It is 1 for channels that are unlike each other, however many there are and also if all but one of
them are silent; for equal channels it is their number; in antiphase it is 0.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..errors import AudioError
from ._bitstream import Piece
from .reading import HIGHEST_RATE, LOWEST_RATE, MIX, Reading

HIGHEST_PEAK = 1e12
"""Largest absolute value of a sample: the power of 1024 larger ones may not fit float32.

Full scale is 1; integers of 32 bits that were never scaled reach 2e9.
"""

SPAN = 2.0
"""Seconds that are judged as one. In much less, low tones that have nothing to do with each
other are in antiphase by chance."""

SHORTEST = 0.5
"""Seconds of a rest at the end that is judged by itself."""

LOWEST_SHARE = 10**-1.5
"""15 dB: unlike channels do not get there, but a channel with its poles swapped does, also if one
side is 2 dB louder or was compressed with loss."""

QUIET = 1e-8
"""Mean square of silence, relative to full scale: -80 dB."""

BEGINNING = 10.0
"""Seconds in which all samples are measured: behind them a part stands for the rest."""

EVERY, PART = 1.0, 4096
"""Seconds from one such part to the next, and its samples."""


def mono(
    pieces: Iterator[Piece], name: str, reading: Reading
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Sample rate in Hz and the mean of the channels, or one of them, (samples,), of each piece.

    Args:
        pieces: pieces of a recording, in order.
        name: its name in messages.
        reading: which channel.

    Raises:
        AudioError: for a sample rate that cannot be meant, for samples that are not finite or
            beyond any scale, and if there is no such channel.

    Warns:
        AudioWarning: if channels that are mixed cancel each other.
    """
    start, counts = 0.0, set()
    cancellation = Cancellation()
    for sample_rate, samples in pieces:
        _check_rate(sample_rate, name)
        counts.add(samples.shape[1])
        if isinstance(reading.channel, int):
            samples = _column(samples, reading.channel, start, name)
        _check_samples(samples, start, sample_rate, name)
        start += len(samples) / sample_rate
        mix = _mean(samples)
        cancellation.add(sample_rate, samples, mix)
        yield sample_rate, mix
    cancellation.finish()
    faults = []
    if cancellation.seconds:
        faults.append(
            f"{cancellation}: what they share is lost there; read one of them with "
            "channel='left', --channel left, or all of them with 'each'"
        )
    if len(counts) > 1 and reading.channel != MIX:
        faults.append(
            f"has {min(counts)} channels in one part, {max(counts)} in another: channel "
            f"{reading.channel} of all parts is used"
        )
    reading.report(name, faults)


def _column(
    samples: NDArray[np.float32], channel: int, start: float, name: str
) -> NDArray[np.float32]:
    """One channel, (samples, 1)."""
    n_channels = samples.shape[1]
    if channel > n_channels:
        where = f" from {start:.2f} s on" if start else ""
        has = "one channel" if n_channels == 1 else f"{n_channels} channels"
        raise AudioError(f"{name} has {has}{where}: there is no channel {channel}")
    return np.ascontiguousarray(samples[:, channel - 1 : channel])


def _mean(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    if samples.shape[1] == 1:
        return samples[:, 0]
    # Channel by channel: along rows this short, NumPy's own mean takes ten times as long, and the
    # order in which it adds depends on the order in memory, which a file and an array do not share.
    total = samples[:, 0] + samples[:, 1]
    for channel in range(2, samples.shape[1]):
        total += samples[:, channel]
    total /= samples.shape[1]
    return total


def _check_rate(rate: int, name: str) -> None:
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise AudioError(
            f"{name} has a sample rate of {rate:,} Hz; from {LOWEST_RATE:,} to {HIGHEST_RATE:,} Hz "
            "are possible: its header is damaged"
        )


def _check_samples(samples: NDArray[np.float32], start: float, rate: int, name: str) -> None:
    """Raise AudioError for samples that are NaN, infinite, or beyond any scale."""
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


class Cancellation:
    """Where the channels of a recording cancel each other; `add` is called with its pieces.

    Attributes:
        seconds: how long they do, altogether.
        first: where they begin to, in seconds.
    """

    def __init__(self) -> None:
        self.seconds = self.first = 0.0
        self._end = self._next = 0.0
        self._length = self._measured = self._of_sum = self._of_channels = 0.0

    def add(self, sample_rate: int, samples: NDArray[np.float32], mix: NDArray[np.float32]) -> None:
        """Measure a piece.

        Args:
            sample_rate: in Hz.
            samples: (samples, channels).
            mix: mean of the channels, (samples,).
        """
        length = len(samples) / sample_rate
        if samples.shape[1] > 1 and length and self._end >= self._next:
            is_whole = self._end < BEGINNING
            part = slice(None if is_whole else PART)
            of_sum, of_channels = _powers(samples[part], mix[part])
            self._measured += length
            self._of_sum += of_sum * length
            self._of_channels += of_channels * length
            self._next = self._end + (0.0 if is_whole else EVERY)
        self._length += length
        self._end += length
        if self._length >= SPAN:
            self._judge()

    def finish(self) -> None:
        """Judge what is left: the recording has ended."""
        if self._length >= min(SHORTEST, self._end):
            self._judge()

    def _judge(self) -> None:
        is_loud = self._of_channels > QUIET * self._measured
        if is_loud and self._of_sum < LOWEST_SHARE * self._of_channels:
            self.first = self.first if self.seconds else self._end - self._length
            self.seconds += self._length
        self._length = self._measured = self._of_sum = self._of_channels = 0.0

    def __str__(self) -> str:
        return (
            "has channels that cancel each other when they are mixed (antiphase), in "
            f"{self.seconds:.2f} of {self._end:.2f} s, from {self.first:.2f} s on"
        )


def _powers(samples: NDArray[np.float32], mix: NDArray[np.float32]) -> tuple[float, float]:
    """Mean squares of the sum of the channels and, added up, of the channels, without their means.

    Constant offsets are no sound, and cheap recorders have them.
    """
    n_samples, n_channels = samples.shape
    means = [float(samples[:, channel].sum()) / n_samples for channel in range(n_channels)]
    # Not by BLAS, which would wake threads for it.
    of_channels = float(np.einsum("ij,ij->", samples, samples)) / n_samples
    of_mix = float(np.einsum("i,i->", mix, mix)) / n_samples
    offsets = sum(mean**2 for mean in means)
    if (
        of_channels - offsets < 1e-3 * offsets
    ):  # too little beside them to be distinguished from rounding
        return 0.0, 0.0
    of_mix = max(0.0, of_mix - (sum(means) / n_channels) ** 2)
    return of_mix * n_channels**2, of_channels - offsets
