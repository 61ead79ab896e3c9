"""A waveform block by block."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import numpy as np
from numpy.typing import NDArray

from ..errors import AudioError
from ._bitstream import Piece
from .channels import mono
from .reading import Reading
from .resampling import in_blocks, resampled


class Blocks(Iterator[NDArray[np.float32]]):
    """A waveform block by block, and the sample rate of the recording that it is made from.

    Args:
        pieces: of the recording, at its own rate.
        rate: of the waveform, in Hz.
        n_samples: samples of each block; the last may have fewer.
        reading: how the recording is read.
        name: the name of the recording in messages.

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
    ) -> None:
        self._pieces, self._reading = pieces, reading
        self.source_rate: int | None = None
        channel = mono(map(self._noted, pieces), name, reading)
        self._blocks = in_blocks(resampled(channel, rate, reading.resampler, name), n_samples)

    @property
    def origin(self) -> dict[str, int | None]:
        """The fields of results that state what they are made from."""
        track, channel = self._reading.track, self._reading.channel
        return {
            "source_rate": self.source_rate,
            "track": track if isinstance(track, int) else None,
            "channel": channel if isinstance(channel, int) else None,
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

    def _noted(self, piece: Piece) -> Piece:
        self.source_rate = max(self.source_rate or 0, piece.sample_rate)
        return piece
