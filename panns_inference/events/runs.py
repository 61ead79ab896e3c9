"""Runs: frames in a row of which something is true, for many classes at once.

A mask is (classes, frames) bool. A run has the class `rows[i]` and the frames `starts[i]` up to,
not including, `ends[i]`. Runs are sorted by class, then by time, and those of a class never touch.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Integers = NDArray[np.intp]


class Runs(NamedTuple):
    """Some runs.

    Attributes:
        rows: class of each run, (runs,).
        starts: its first frame, (runs,).
        ends: the frame after its last, (runs,).
    """

    rows: Integers
    starts: Integers
    ends: Integers

    def where(self, kept: Mask) -> Runs:
        """Some of the runs.

        Args:
            kept: which, (runs,) bool.
        """
        return Runs(self.rows[kept], self.starts[kept], self.ends[kept])


def runs_of(mask: Mask) -> Runs:
    """The runs of a mask.

    Args:
        mask: (classes, frames).
    """
    # Where a frame differs from the one before it: by turns the start and the end of a run.
    rows, edges = np.nonzero(np.diff(mask, axis=1, prepend=False, append=False))
    return Runs(rows[::2], edges[::2], edges[1::2])


def holds(runs: Runs, mask: Mask) -> Mask:
    """In which of the runs a mask is true at least once, (runs,).

    Args:
        runs: runs over the classes and frames of the mask.
        mask: (classes, frames).
    """
    counts = _counts(mask)
    return counts[runs.rows, runs.ends] > counts[runs.rows, runs.starts]


def joined(earlier: Runs, later: Runs) -> Runs:
    """The runs of both.

    Args:
        earlier: runs, each before all of its class in `later`.
        later: further runs.
    """
    both = Runs(*(np.concatenate(pair) for pair in zip(earlier, later, strict=True)))
    order = np.argsort(both.rows, kind="stable")
    return Runs(*(each[order] for each in both))


def merged(runs: Runs, gap: float) -> Runs:
    """The runs, with those of one class joined that lie close to each other.

    Args:
        runs: the runs.
        gap: the largest gap that is closed, in frames.
    """
    first = np.diff(runs.rows, prepend=-1) != 0
    first |= runs.starts - np.roll(runs.ends, 1) > gap
    last = np.roll(first, -1)
    return Runs(runs.rows[first], runs.starts[first], runs.ends[last])


def majority(mask: Mask, half: int) -> Mask:
    """For each frame, what most of the `2 * half + 1` frames around it say.

    This is the median filter of the probabilities that the mask was made of: the median of an odd
    number of values is at least a threshold just where most of the values are. So it costs a
    running sum, however long the filter is.

        0 1 1 0 1 1 1 0 0 0 0 1 0 0 1 1 1 1 1
            1 1 1 1 1 0 0 0 0 0 0 1 1 1 1         with half = 2

    Args:
        mask: (classes, frames).
        half: frames on each side; the first and last so many of the mask get no answer.

    Returns:
        (classes, frames - 2 * half).
    """
    counts = _counts(mask)
    length = 2 * half + 1
    return counts[:, length:] - counts[:, :-length] > half


def _counts(mask: Mask) -> NDArray[np.int32]:
    """How often a mask was true before each frame, and in all: (classes, frames + 1)."""
    counts = np.zeros((len(mask), mask.shape[1] + 1), np.int32)
    np.cumsum(mask, axis=1, out=counts[:, 1:])
    return counts
