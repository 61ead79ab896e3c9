"""Pieces of any size become blocks of one size."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray


def in_blocks(
    waveform: Iterator[NDArray[np.float32]], n_samples: int
) -> Iterator[NDArray[np.float32]]:
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
