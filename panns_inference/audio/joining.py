"""Pieces of any size become blocks of one size."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

import numpy as np
from numpy.typing import NDArray

from ._pieces import Piece
from .reading import Reading


class Blocks(Iterator[NDArray[np.float32]]):
    """A waveform block by block, and the sample rate of the recording that it is made from.

    Args:
        resampled: makes a waveform of the pieces of the recording.
        pieces: of the recording, at its own rate.
        n_samples: samples of each block; the last may have fewer.
        reading: how the recording is read.

    Attributes:
        source_rate: of the recording in Hz, the highest so far; None before the first block.
    """

    def __init__(
        self,
        resampled: Callable[[Iterator[Piece]], Iterator[NDArray[np.float32]]],
        pieces: Iterator[Piece],
        n_samples: int,
        reading: Reading,
    ) -> None:
        self._reading = reading
        self.source_rate: int | None = None
        self._blocks = in_blocks(resampled(map(self._noted, pieces)), n_samples)

    @property
    def origin(self) -> dict[str, int | None]:
        """What results say of what they are made from: their fields of the same names."""
        track, channel = self._reading.track, self._reading.channel
        return {
            "source_rate": self.source_rate,
            "track": track if isinstance(track, int) else None,
            "channel": channel if isinstance(channel, int) else None,
        }

    def __next__(self) -> NDArray[np.float32]:
        return next(self._blocks)

    def close(self) -> None:
        """Let go of the recording before its end."""
        self._blocks.close()

    def _noted(self, piece: Piece) -> Piece:
        self.source_rate = max(self.source_rate or 0, piece.sample_rate)
        return piece


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
