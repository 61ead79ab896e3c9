"""Windows of recordings with their embeddings, in blocks of bounded size."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BLOCK_BYTES = 1 << 24
"""Of the embeddings of a block: large enough for NumPy, small enough for the cache of a disk."""


class Block(NamedTuple):
    """Some windows; those of a recording follow each other, also from one block to the next.

    Attributes:
        recordings: the number of the recording that each is of, (n,).
        onsets: where they begin in their recordings, in seconds, (n,).
        offsets: where they end, (n,).
        vectors: their embeddings, (n, size) float32.
    """

    recordings: NDArray[np.int64]
    onsets: NDArray[np.float64]
    offsets: NDArray[np.float64]
    vectors: NDArray[np.float32]


class Named(NamedTuple):
    """A recording as results name it.

    Attributes:
        filename: as it was named or found.
        track: number of the sound track, from 1; None if none was chosen.
        channel: number of the channel, from 1; None if none was chosen.
    """

    filename: str
    track: int | None = None
    channel: int | None = None


def rows_of_block(size: int) -> int:
    """Return how many windows make a block.

    Args:
        size: values of an embedding.
    """
    return max(1, BLOCK_BYTES // (4 * size))
