"""Pieces of a recording become a waveform: one channel, at another rate, in blocks.

    pieces, (samples, channels) --mean--> (samples,) --soxr--> at the rate of the network --> blocks

The waveform does not depend on the pieces that come in. `n` samples at one rate become `n * rate /
sample_rate` at another, rounded to a whole number; resampy rounds down.
"""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator
from datetime import datetime
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from ..errors import AudioError, UsageError
from ._bitstream import Piece
from ._cancellation import Cancellation
from ._decode import file_pieces
from .arrays import array_pieces, decoder_pieces
from .reading import HIGHEST_RATE, LOWEST_RATE, MIX, Reading, checked_rate
from .sources import Decoder, Source, named, plain

HIGHEST_PEAK = 1e12
"""Largest absolute value of a sample: the power of 1024 larger ones may not fit float32.

Full scale is 1; integers of 32 bits that were never scaled go up to 2e9.
"""

Waveform = Iterator[NDArray[np.float32]]
"""A waveform piece by piece, each (samples,)."""


def waveform(
    source: Source, rate: int, n_samples: int, reading: Reading, sample_rate: int | None = None
) -> Blocks:
    """Return the same as `blocks`, from the settings as one value.

    Args:
        source: as for `read`.
        rate: as for `read`.
        n_samples: as for `blocks`.
        reading: how the recording is read: one channel, or a mix, of one track.
        sample_rate: as for `read`.

    Raises:
        AudioError: as `read`.
        UsageError: if the sample rate or the track do not go with the source.
    """
    name = named(source)
    start = reading.clock.start_of(source) if reading.clock else None
    found, stated = plain(source, sample_rate)
    if reading.track is not None and isinstance(found, (np.ndarray, Decoder)):
        raise UsageError("track= is for files: samples in memory have no tracks")
    if isinstance(found, np.ndarray):
        given = rate if stated is None else checked_rate(stated, "sample_rate")
        pieces = array_pieces(found, given, name)
    elif stated is not None:
        raise UsageError("sample_rate= is for samples in memory: a file knows its own")
    elif isinstance(found, Decoder):
        pieces = decoder_pieces(found, name)
    else:
        pieces = file_pieces(found, name, reading)
    return Blocks(pieces, rate, n_samples, reading, name, start)


class Blocks(Iterator[NDArray[np.float32]]):
    """A waveform block by block, and the sample rate of the recording that it is made from.

    Args:
        pieces: of the recording, at its own rate.
        rate: of the waveform, in Hz.
        n_samples: samples of each block; the last may have fewer.
        reading: how the recording is read.
        name: the name of the recording in messages.
        start: date and time at which it began; None if it is not known.

    Attributes:
        source_rate: of the recording in Hz, the highest so far; None before the first block.
    """

    def __init__(
        self,
        pieces: Generator[Piece, None, None],
        rate: int,
        n_samples: int,
        reading: Reading,
        name: str,
        start: datetime | None = None,
    ) -> None:
        self._pieces, self._reading, self._name, self._start = pieces, reading, name, start
        self.source_rate: int | None = None
        self._blocks = _in_blocks(
            _resampled(self._mono(), rate, reading.resampler, name), n_samples
        )

    @property
    def origin(self) -> dict[str, int | datetime | None]:
        """The fields of results that state what they are made from."""
        track, channel = self._reading.track, self._reading.channel
        return {
            "source_rate": self.source_rate,
            "track": track if isinstance(track, int) else None,
            "channel": channel if isinstance(channel, int) else None,
            "start": self._start,
            "is_clocked": self._reading.clock is not None,
        }

    def __next__(self) -> NDArray[np.float32]:
        try:
            return next(self._blocks)
        except AudioError:
            self._pieces.close()  # the traceback would keep the file open
            raise

    def close(self) -> None:
        """Let go of the recording before its end."""
        self._blocks.close()
        self._pieces.close()

    def _mono(self) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Yield the sample rate and one channel, or the mean of all, (samples,), of each piece."""
        name, channel, start = self._name, self._reading.channel, 0.0
        counts, cancellation = set(), None
        for sample_rate, samples in self._pieces:
            if not LOWEST_RATE <= sample_rate <= HIGHEST_RATE:
                raise AudioError(
                    f"{name} has a sample rate of {sample_rate:,} Hz; from {LOWEST_RATE:,} to "
                    f"{HIGHEST_RATE:,} Hz are possible: its header is damaged"
                )
            self.source_rate = max(self.source_rate or 0, sample_rate)
            counts.add(samples.shape[1])
            if isinstance(channel, int):
                samples = _column(samples, channel, start, name)
            if not np.abs(samples).max(initial=0.0) <= HIGHEST_PEAK:  # NaN is no less, either
                raise _bad_sample(samples, start, sample_rate, name)
            mean = samples[:, 0] if samples.shape[1] == 1 else _mean(samples)
            if samples.shape[1] > 1 and cancellation is None:
                cancellation = Cancellation(start)
            if cancellation is not None:
                cancellation.add(sample_rate, samples, mean)
            start += len(samples) / sample_rate
            yield sample_rate, mean
        faults = [] if cancellation is None else cancellation.finish()
        if len(counts) > 1 and channel != MIX:
            faults.append(
                f"has {min(counts)} channels in one part, {max(counts)} in another: channel "
                f"{channel} of each part is used"
            )
        if faults:
            self._reading.report(name, faults)


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
    """The mean of two channels or more."""
    # Channel by channel: along rows this short, NumPy's own mean takes ten times as long, and the
    # order in which it adds depends on the order in memory, which a file and an array do not share.
    total = samples[:, 0] + samples[:, 1]
    for channel in range(2, samples.shape[1]):
        total += samples[:, channel]
    total /= samples.shape[1]
    return total


def _bad_sample(samples: NDArray[np.float32], start: float, rate: int, name: str) -> AudioError:
    """The error for samples that are NaN, infinite, or beyond any scale."""
    bad = ~(np.abs(samples) <= HIGHEST_PEAK)
    first = int(np.flatnonzero(bad.any(axis=1))[0])
    value = samples[first][bad[first]][0]
    return AudioError(
        f"{name} has a sample of {value:g} at {start + first / rate:.3f} s; samples must be finite "
        f"and below {HIGHEST_PEAK:g}, nominally in [-1, 1]"
    )


def _resampled(
    pieces: Iterator[tuple[int, NDArray[np.float32]]], rate: int, by: str, name: str
) -> Waveform:
    """The samples at `rate` Hz. Where their own rate changes, another waveform begins."""
    n_samples = 0
    resample = {"soxr": _by_soxr, "resampy": _by_resampy}[by]
    for sample_rate, run in itertools.groupby(pieces, key=itemgetter(0)):
        waveform: Waveform = map(itemgetter(1), run)
        if sample_rate != rate:
            waveform = resample(waveform, sample_rate, rate)
        for samples in waveform:
            n_samples += len(samples)
            yield samples
    if n_samples == 0:
        raise AudioError(f"{name} holds no samples, or less than one at {rate:,} Hz")


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
    n_expected = (2 * n_samples * rate + sample_rate) // (2 * sample_rate)  # a half is one more
    yield rest[: n_expected - n_outputs]


def _by_resampy(waveform: Waveform, sample_rate: int, rate: int) -> Waveform:
    """The whole recording is held in memory, for resampy has no stream."""
    import resampy

    samples = np.concatenate(list(waveform))
    if len(samples) * rate >= sample_rate:  # a shorter one has no sample at the other rate
        yield resampy.resample(samples, sample_rate, rate)


def _in_blocks(waveform: Waveform, n_samples: int) -> Generator[NDArray[np.float32], None, None]:
    """The samples in blocks of `n_samples`; the last may have fewer."""
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
