"""Cutting a recording into chunks: a block of segments each, with the halo that it needs.

    recording   |----|----|----|----|----|----|----|----|----|----|--
    chunk 1     [kept kept kept halo]
    chunk 2               [halo kept kept kept halo]
    chunk 3                              [halo kept kept kept kept --]     all that is left

Chunks begin on the grid, so that every pool of the network falls as in a single pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..engine import Engine, Grid
from .waiting import State, Waiting, Waveform


class Chunk(NamedTuple):
    """What the network hears at once.

    Attributes:
        samples: (n,).
        halo: segments in front that are heard, but not kept.
        n_segments: segments that are kept behind those; None is all.
        stride: samples of a segment; None if the chunk is a whole recording.
    """

    samples: Waveform
    halo: int = 0
    n_segments: int | None = None
    stride: int | None = None

    @property
    def kept(self) -> Waveform:
        """The samples of the segments that are kept."""
        if self.stride is None:
            return self.samples
        first = self.halo * self.stride
        end = None if self.n_segments is None else first + self.n_segments * self.stride
        return self.samples[first:end]


class Cutter:
    """Samples in pieces of any size in, chunks out.

    Args:
        engine: what is to hear them.
        block: samples of a block, rounded down to whole segments, but at least one.
        state: of another one, to go on where it stood.
    """

    def __init__(
        self,
        engine: Engine,
        block: int,
        state: Mapping[str, NDArray[np.generic]] | None = None,
    ) -> None:
        self.engine = engine
        self.block = block
        self.waiting = Waiting(state)
        self.next = int(state["next"]) if state else 0

    @property
    def grid(self) -> Grid:
        """Grid and halo; a recording that is no longer than a block does without."""
        return self.engine.grid

    def feed(self, samples: Waveform) -> Iterator[Chunk]:
        """The chunks that can be cut with what comes now.

        Args:
            samples: (n,).
        """
        self.waiting.add(samples)
        while self.waiting.end - self.waiting.first > self.block:
            n_segments = max(1, self.block // self.grid.stride)
            end = (self.next + n_segments + self.grid.right) * self.grid.stride
            if end > self.waiting.end:
                return
            yield self._chunk(end, n_segments)
            self.next += n_segments
            self.waiting.drop_before(max(0, self.next - self.grid.left) * self.grid.stride)

    def finish(self) -> Chunk:
        """The last chunk: all that is left, to the last sample."""
        return self._chunk(self.waiting.end, None)

    def _chunk(self, end: int, n_segments: int | None) -> Chunk:
        first = self.waiting.first
        samples = self.waiting.between(first, end)
        if self.next == 0 and n_segments is None:
            return Chunk(samples)
        stride = self.grid.stride
        return Chunk(samples, self.next - first // stride, n_segments, stride)

    def state(self) -> State:
        """All that is needed to go on."""
        return {**self.waiting.state(), "next": np.asarray(self.next)}
