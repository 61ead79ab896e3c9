"""Several channels become one, and samples that cannot be used are refused."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..errors import AudioError
from ._pieces import Piece
from .cancellation import Cancellation
from .checks import check_file_rate, check_samples
from .reading import MIX, Reading


def mono(
    pieces: Iterator[Piece], name: str, reading: Reading
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Sample rate in Hz and the mean of the channels, or one of them, (samples,), of each piece.

    Args:
        pieces: pieces of a recording, in order.
        name: what to call it in messages.
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
        check_file_rate(sample_rate, name)
        counts.add(samples.shape[1])
        if isinstance(reading.channel, int):
            samples = _column(samples, reading.channel, start, name)
        check_samples(samples, start, sample_rate, name)
        start += len(samples) / sample_rate
        mix = _mean(samples)
        cancellation.add(sample_rate, samples, mix)
        yield sample_rate, mix
    cancellation.finish()
    faults = []
    if cancellation.seconds:
        faults.append(
            f"{cancellation}: what is lost there is not heard; read one of them with "
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
