"""Cutting a recording into blocks of segments, each with the halo that it needs.

    recording   |----|----|----|----|----|----|----|----|----|----|--
    block 1     [kept kept kept halo]
    block 2               [halo kept kept kept halo]
    block 3                              [halo kept kept kept kept --]     all that is left

Blocks begin on the grid of the network, so that each of its pools falls as in a single pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..engine import Engine, Grid
from .state import SavedState, State

Waveform = NDArray[np.float32]
"""Samples, (samples,) or (batch, samples)."""


class Block(NamedTuple):
    """What goes through the network at once.

    Attributes:
        samples: (n,).
        halo: segments in front that are computed and dropped.
        n_segments: segments behind those that are kept; None is all.
        stride: samples of a segment; None if the block is a whole recording.
    """

    samples: Waveform
    halo: int = 0
    n_segments: int | None = None
    stride: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it is a recording that needs no cutting."""
        return self.stride is None

    @property
    def kept(self) -> Waveform:
        """The samples of the segments that are kept."""
        if self.stride is None:
            return self.samples
        first = self.halo * self.stride
        end = None if self.n_segments is None else first + self.n_segments * self.stride
        return self.samples[first:end]


class Buffer:
    """The last samples of a recording so far, numbered from its beginning.

    Args:
        state: of another one, to go on where it stood.
    """

    def __init__(self, state: SavedState | None = None) -> None:
        state = state or {"samples": np.zeros(0, np.float32), "first": np.asarray(0)}
        self.chunks: list[Waveform] = [np.asarray(state["samples"], np.float32)]
        self.first = int(state["first"])
        self.end = self.first + len(self.chunks[0])

    def add(self, samples: Waveform) -> None:
        """Append what follows.

        Args:
            samples: (n,).
        """
        self.chunks.append(samples)
        self.end += len(samples)

    def between(self, first: int, end: int) -> Waveform:
        """Return the samples from `first` up to, not including, `end`, as far as there are any.

        Args:
            first: at least that of the buffer.
            end: any.
        """
        if len(self.chunks) > 1:
            self.chunks = [np.concatenate(self.chunks)]
        return self.chunks[0][first - self.first : max(0, end - self.first)]

    def drop_before(self, first: int) -> None:
        """Forget what is not needed any more.

        Args:
            first: the first sample that is.
        """
        if first > self.first:
            # A copy: a view would hold all that it was cut from.
            self.chunks = [self.between(first, self.end).copy()]
            self.first = first

    def state(self) -> State:
        """Return the samples, and the number of the first."""
        samples = self.between(self.first, self.end)
        return {"samples": samples, "first": np.asarray(self.first)}


class Cutter:
    """Chunks of any size in, blocks out.

    Args:
        engine: what computes the blocks.
        block: samples of a block, rounded down to whole segments, but at least one.
        state: of another one, to go on where it stood.
    """

    def __init__(self, engine: Engine, block: int, state: SavedState | None = None) -> None:
        self.engine = engine
        self.block = block
        self.buffer = Buffer(state)
        self.next = int(state["next"]) if state else 0

    @property
    def grid(self) -> Grid:
        """Grid and halo; a recording that is no longer than a block does without."""
        return self.engine.grid

    def feed(self, samples: Waveform) -> Iterator[Block]:
        """Yield the blocks that are complete now.

        Args:
            samples: what follows, (n,).
        """
        self.buffer.add(samples)
        while self.buffer.end - self.buffer.first > self.block:
            n_segments = max(1, self.block // self.grid.stride)
            end = (self.next + n_segments + self.grid.right) * self.grid.stride
            if end > self.buffer.end:
                return
            yield self._block(end, n_segments)
            self.next += n_segments
            self.buffer.drop_before(max(0, self.next - self.grid.left) * self.grid.stride)

    def finish(self) -> Block:
        """Return the last block: all that is left, to the last sample."""
        return self._block(self.buffer.end, None)

    def _block(self, end: int, n_segments: int | None) -> Block:
        first = self.buffer.first
        samples = self.buffer.between(first, end)
        if self.next == 0 and n_segments is None:
            return Block(samples)
        stride = self.grid.stride
        return Block(samples, self.next - first // stride, n_segments, stride)

    def state(self) -> State:
        """Return all that is needed to go on."""
        return {**self.buffer.state(), "next": np.asarray(self.next)}
