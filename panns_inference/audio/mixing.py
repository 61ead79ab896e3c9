"""Several channels become one, and samples that cannot be used are refused."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ._pieces import Piece
from .checks import check_file_rate, check_samples


def mono(pieces: Iterator[Piece], name: str) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Sample rate in Hz and the mean of the channels, (samples,), of each piece.

    Args:
        pieces: pieces of a recording, in order.
        name: what to call it in messages.

    Raises:
        AudioError: for a sample rate that cannot be meant, and for samples that are not finite or
            beyond any scale.
    """
    start = 0.0
    for sample_rate, samples in pieces:
        check_file_rate(sample_rate, name)
        check_samples(samples, start, sample_rate, name)
        start += len(samples) / sample_rate
        yield sample_rate, _mean(samples)


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
