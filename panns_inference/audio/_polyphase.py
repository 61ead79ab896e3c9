"""Resampling as a product of matrices, which torch computes on the GPU if there is one.

    samples --strided--> (blocks, taps) @ (taps, outputs of a block) = (blocks, outputs of a block)

`up` samples at one rate take as long as `down` at the other, so that the same filters come again
with each block: a sinc whose window is Kaiser's, at the places of the block's outputs. It passes
what lies below 0.913 of half the lower rate, as soxr's HQ does: 44.1 to 32 kHz, a sine below
14.6 kHz comes out within 2e-6 of what it was, and from 16 kHz on less than 1e-6 is left of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError

if TYPE_CHECKING:
    import torch

PASSBAND = 0.913
"""What is passed, as a part of half the lower rate; nothing is at half of it."""

REJECTION = 126.0
"""What is left of that, in dB below what it was."""

FEWEST_OUTPUTS = 256
"""Outputs of a block: products with fewer columns are slow."""

CHUNK = 1 << 15
"""Outputs that are computed at once, about: always as many, so that none depends on the pieces."""

MOST_TAPS = 1 << 26
"""Numbers that all filters of two rates may have: 0.25 GB."""


class Filters(NamedTuple):
    """The filters of some outputs of a block that follow one another.

    Attributes:
        first: the sample, counted from the block's beginning, on which the first tap falls.
        taps: (taps, outputs).
    """

    first: int
    taps: NDArray[np.float32]


class Bank(NamedTuple):
    """All filters from a rate to another.

    Attributes:
        up: outputs of a block.
        down: samples from a block to the next.
        half: samples on either side of an output on which it depends.
        groups: the filters of a block.
    """

    up: int
    down: int
    half: int
    groups: tuple[Filters, ...]


@lru_cache(maxsize=4)
def bank(sample_rate: int, rate: int) -> Bank:
    """The filters from a rate to another, in Hz.

    Args:
        sample_rate: of the samples.
        rate: of what comes out.

    Raises:
        UsageError: if the rates have so little in common that the filters would fill the memory.
    """
    unit = math.gcd(sample_rate, rate)
    repeats = -(-FEWEST_OUTPUTS * unit // rate)
    up, down = repeats * rate // unit, repeats * sample_rate // unit
    lower = min(1.0, rate / sample_rate)
    # Kaiser's own rule for the length of a filter.
    width = (REJECTION - 7.95) / (2.285 * math.pi * (1 - PASSBAND) * lower)
    half = math.ceil(width / 2)
    if 4 * half * up > MOST_TAPS:
        raise UsageError(
            f"the resampler 'torch' cannot get from {sample_rate:,} to {rate:,} Hz, which have too "
            "little in common: take 'soxr'"
        )
    outputs = np.arange(up)
    before = outputs * down // up
    # A filter that reaches over all samples of a block would be zero nearly everywhere.
    group = (before - before[0]) // (2 * half)
    parts = (outputs[group == g] for g in np.unique(group))
    return Bank(up, down, half, tuple(_filters(part, up, down, half, lower) for part in parts))


def _filters(outputs: NDArray[np.int64], up: int, down: int, half: int, lower: float) -> Filters:
    first, last = outputs[[0, -1]] * down // up
    sample = np.arange(first - half + 1, last + half + 1)
    distance = (sample[:, None] * up - outputs * down) / up
    inside = np.clip(1 - (distance / half) ** 2, 0, None)
    shape = 0.1102 * (REJECTION - 8.7)
    window = np.i0(shape * np.sqrt(inside)) / np.i0(shape) * (inside > 0)
    cutoff = lower * (1 + PASSBAND) / 2
    taps = cutoff * np.sinc(cutoff * distance) * window
    return Filters(int(first) - half + 1, taps.astype(np.float32))


class Stream:
    """A waveform at another rate, as it comes.

    Args:
        sample_rate: of the samples, in Hz.
        rate: of what comes out.
    """

    def __init__(self, sample_rate: int, rate: int) -> None:
        import torch

        self.bank = bank(sample_rate, rate)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.taps = [torch.from_numpy(group.taps).to(self.device) for group in self.bank.groups]
        self.blocks = max(1, CHUNK // self.bank.up)
        self.n_outputs = 0
        # Silence comes before the first sample.
        self.held = np.zeros(self.bank.half, np.float32)

    def feed(self, samples: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        """What is known now, in chunks.

        Args:
            samples: (samples,).
        """
        self.held = np.concatenate([self.held, samples])
        advance = self.blocks * self.bank.down
        while len(self.held) >= advance + 2 * self.bank.half:
            yield self._chunk()
            self.held = self.held[advance:]

    def finish(self, n_outputs: int) -> Iterator[NDArray[np.float32]]:
        """What is left, with silence behind the recording.

        Args:
            n_outputs: number of samples that come out in all.
        """
        advance = self.blocks * self.bank.down
        while self.n_outputs < n_outputs:
            missing = max(0, advance + 2 * self.bank.half - len(self.held))
            self.held = np.pad(self.held, (0, missing))
            rest = n_outputs - self.n_outputs
            yield self._chunk()[:rest]
            self.held = self.held[advance:]

    def _chunk(self) -> NDArray[np.float32]:
        import torch

        self.n_outputs += self.blocks * self.bank.up
        held = torch.from_numpy(self.held).to(self.device)
        with torch.no_grad():
            parts = [
                self._strided(held, group.first, len(group.taps)) @ taps
                for group, taps in zip(self.bank.groups, self.taps, strict=True)
            ]
            outputs: NDArray[np.float32] = torch.cat(parts, dim=1).flatten().cpu().numpy()
        return outputs

    def _strided(self, held: torch.Tensor, first: int, n_taps: int) -> torch.Tensor:
        """What the filters of each block see, (blocks, n_taps)."""
        start = self.bank.half + first
        return held[start:].unfold(0, n_taps, self.bank.down)[: self.blocks]
