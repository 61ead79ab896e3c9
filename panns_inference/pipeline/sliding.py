"""Equal stretches of a recording, one each `hop`, in batches.

FROM_START   |--------|                   each begins a hop behind the one before; the last
                 |--------|               one ends behind the recording, and is padded with
                     |----|000|           zeros there

CENTRED      |--------|                   a stretch for each hop, around its middle; at the
             |--------|                   ends they are moved into the recording
               |--------|
                 |--------|
                 |--------|

INSIDE       |--------|                   each begins a hop behind the one before, and the last
                 |--------|               one is moved back into the recording
                    |--------|
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

import numpy as np

from .blocks import Buffer, Waveform
from .state import SavedState, State


class Placement(Enum):
    """Where stretches lie."""

    FROM_START = "from the start"
    CENTRED = "centred"
    INSIDE = "inside"


class Batch(NamedTuple):
    """Stretches of one length.

    Attributes:
        waveforms: (stretches, samples); what is behind the recording is 0.
        firsts: number of the first sample of each.
        n_valid: samples of each that belong to the recording.
    """

    waveforms: Waveform
    firsts: list[int]
    n_valid: list[int]


class Stretches:
    """Chunks of any size in, batches of stretches out.

    Args:
        length: samples of a stretch. A recording that is shorter gives shorter ones, unless they
            are placed from the start.
        hop: samples from a stretch to the next.
        placement: where they lie.
        at_once: stretches of a batch; the last may have fewer.
        state: of another one, to go on where it stood.
    """

    def __init__(
        self,
        length: int,
        hop: int,
        placement: Placement,
        at_once: int,
        state: SavedState | None = None,
    ) -> None:
        self.length = length
        self.hop = hop
        self.placement = placement
        self.at_once = at_once
        self.buffer = Buffer(state)
        self.next = int(state["next"]) if state else 0

    def feed(self, samples: Waveform) -> Iterator[Batch]:
        """Yield the batches that are full now.

        Args:
            samples: (n,).
        """
        self.buffer.add(samples)
        while self._first(self.next + self.at_once - 1) + self.length <= self.buffer.end:
            yield self._batch(self.at_once)
            # A stretch at the end may be moved back by its whole length.
            needed = min(self._first(self.next), self.buffer.end - self.length)
            self.buffer.drop_before(needed)

    def finish(self) -> Iterator[Batch]:
        """Yield the last batches."""
        while left := self._number() - self.next:
            yield self._batch(min(left, self.at_once))

    def _number(self) -> int:
        """How many stretches the whole recording has."""
        n_samples = self.buffer.end
        n_hops = -(-n_samples // self.hop)
        if self.placement is Placement.CENTRED:
            return n_hops
        # No further one begins where the one before has reached the end.
        return min(n_hops, 1 + -(-max(0, n_samples - self.length) // self.hop))

    def _first(self, number: int) -> int:
        """First sample of a stretch, where the recording goes on."""
        first = number * self.hop
        if self.placement is Placement.CENTRED:
            first += self.hop // 2 - self.length // 2
        return max(0, first)

    def _batch(self, number: int) -> Batch:
        end = self.buffer.end
        firsts, length = [self._first(self.next + k) for k in range(number)], self.length
        if self.placement is not Placement.FROM_START:
            firsts = [max(0, min(first, end - length)) for first in firsts]
            length = min(length, end)
        waveforms = np.zeros((number, length), np.float32)
        n_valid = [min(length, end - first) for first in firsts]
        for row, first, n in zip(waveforms, firsts, n_valid, strict=True):
            row[:n] = self.buffer.between(first, first + n)
        self.next += number
        return Batch(waveforms, firsts, n_valid)

    def state(self) -> State:
        """Return all that is needed to go on."""
        return {**self.buffer.state(), "next": np.asarray(self.next)}
