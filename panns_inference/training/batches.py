"""Batches of labelled clips: step -> indices of clips -> waveforms, targets, and weights of mixup.

sampler   7   3 | 9   9 | 4   1      two clips for each row of a batch, if they are mixed
weights  .8  .2 |.3  .7 |.5  .5      Beta(1, 1), which is uniform
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from ..errors import UsageError
from .data import Dataset
from .samplers import Sampler

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Clips(Protocol):
    """Clips of one length whose waveforms can be had in any order, as those of a packed folder."""

    @property
    def dataset(self) -> Dataset:
        """The clips and their classes."""

    def waveforms(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return waveforms, (clips, samples).

        Args:
            indices: of the clips.
        """


@dataclass(frozen=True, eq=False)
class Selection:
    """Some of the clips, which are clips again.

    Attributes:
        clips: all of them.
        rows: indices of these among all.
    """

    clips: Clips
    rows: NDArray[np.int64]

    @cached_property
    def dataset(self) -> Dataset:
        """The clips and their classes."""
        every = self.clips.dataset
        return replace(every, clips=tuple(every.clips[row] for row in self.rows.tolist()))

    def waveforms(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return waveforms, (clips, samples).

        Args:
            indices: of the clips, among these.
        """
        return self.clips.waveforms(self.rows[indices])


class ClipBatch(NamedTuple):
    """Waveforms with what sounds in them; of rows that are to be mixed, two after one another."""

    waveforms: Tensor
    """(rows, samples)."""

    targets: Tensor
    """1 where a class sounds, (rows, classes)."""

    weights: Tensor
    """Of the rows in mixup, of which two have a sum of 1, (rows,); 1 without it."""


@dataclass(frozen=True)
class Batches:
    """Step to batch, for `prefetched`: what is drawn follows from seed and step alone.

    Attributes:
        clips: that are learnt from.
        sampler: of the clips, two for each row of the batch if they are mixed.
        is_mixed: whether clips are mixed in pairs.
        share: the clips of a batch that this process takes.
    """

    clips: Clips
    sampler: Sampler
    is_mixed: bool
    share: slice

    def __call__(self, step: int) -> ClipBatch:
        indices = self.sampler.batch(step)[self.share]
        return ClipBatch(
            torch.from_numpy(self.clips.waveforms(indices)),
            torch.from_numpy(self._targets(indices)),
            torch.from_numpy(self._weights(step)[self.share]),
        )

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {label: column for column, label in enumerate(self.clips.dataset.labels)}

    def _targets(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        targets = np.zeros((len(indices), len(self._columns)), np.float32)
        for row, index in zip(targets, indices.tolist(), strict=True):
            row[[self._columns[label] for label in self.clips.dataset.clips[index].labels]] = 1
        return targets

    def _weights(self, step: int) -> NDArray[np.float32]:
        """Of the whole batch, however many processes share it."""
        if not self.is_mixed:
            return np.ones(self.sampler.batch_size, np.float32)
        draw = np.random.default_rng((self.sampler.seed, 3, step))
        first = draw.beta(1, 1, self.sampler.batch_size // 2).astype(np.float32)
        return np.stack([first, 1 - first], axis=1).ravel()


def check_size(batch_size: int, n_processes: int, accumulate: int) -> None:
    """Refuse a batch that has no equal shares, or whose pairs would be separated.

    Args:
        batch_size: rows of a batch, once they are mixed.
        n_processes: that share it.
        accumulate: micro-batches of each.

    Raises:
        UsageError: if it is so.
    """
    if batch_size < 1 or batch_size % (n_processes * accumulate):
        raise UsageError(
            f"a batch of {batch_size} clips has no equal shares: give a size that is a multiple of "
            f"{n_processes * accumulate}, the processes ({n_processes}) times accumulate "
            f"({accumulate})"
        )
