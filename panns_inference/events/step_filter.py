"""The step filter: by how much a probability rises, or falls, between two frames.

    delta(t) = mean of frames t, ..., t + half - 1, minus mean of frames t - half, ..., t - 1

Before and after the recording all probabilities are 0. A delta is here the difference of two sums,
`half` times as large.

Probabilities become whole numbers of 2**-30. So all sums are exact: no delta hangs on the pieces in
which the frames came, and where the true delta stays the same, so does the computed one.

The networks give one row of probabilities for each segment, and repeat it for its frames. Where
rows repeat, delta is linear from one knot to the next; knots are the boundaries at which a row
changes, and those that lie `half` before and after them. An extremum lies at a knot, and so delta
is computed there alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .frames import Frames
from .runs import Integers

UNIT = 2.0**-30
"""What a probability is a whole number of; sums of 2**33 frames fit into 64 bits."""

Whole = NDArray[np.int64]


class Deltas(NamedTuple):
    """The filtered probabilities at some boundaries; boundary t is that before frame t.

    Attributes:
        boundaries: ascending, the first and the last of the stretch included, (boundaries,).
        values: delta, `half / UNIT` times as large, (classes, boundaries).
        rises: by how much the next frame is above the one before, in units, (classes, boundaries).
        levels: probability from each boundary to the next, in units, (classes, boundaries - 1).
    """

    boundaries: Integers
    values: Whole
    rises: Whole
    levels: Whole


def whole(values: NDArray[np.floating]) -> Whole:
    """Probabilities in units, in the shape in which they are given.

    Args:
        values: probabilities, (n, classes) or (classes,).
    """
    return np.rint(values.astype(np.float64) / UNIT).astype(np.int64)


def deltas(rows: Frames, first: int, half: int, start: int, stop: int) -> Deltas:
    """Filter a stretch of a recording.

    Args:
        rows: probabilities from frame `first` on, (frames, classes); beyond them all are 0.
        first: number of the first row.
        half: frames of half the filter.
        start: first boundary of the stretch.
        stop: its last boundary.
    """
    end = first + len(rows)
    changes = np.flatnonzero((rows[1:] != rows[:-1]).any(axis=1)) + first + 1
    starts = np.concatenate([[first], changes])
    edges = np.append(starts, end)
    levels = np.zeros((rows.shape[1], len(edges)), np.int64)
    levels[:, :-1] = whole(rows[starts - first]).T
    sums = np.zeros_like(levels)
    np.cumsum(levels[:, :-1] * np.diff(edges), axis=1, out=sums[:, 1:])

    def sum_before(boundaries: Integers) -> Whole:
        inside = np.clip(boundaries, first, end)
        run = np.searchsorted(edges, inside, side="right") - 1
        since_edge: Whole = levels[:, run] * (inside - edges[run])
        return sums[:, run] + since_edge

    knots = np.concatenate([edges - half, edges, edges + half, [start, stop]])
    boundaries = np.unique(knots[(start <= knots) & (knots <= stop)])
    run = np.searchsorted(edges, boundaries, side="right") - 1
    before = np.searchsorted(edges, boundaries - 1, side="right") - 1
    # Number -1 is the last level, 0, for the frame before the recording.
    after = levels[:, run]
    values = sum_before(boundaries + half) + sum_before(boundaries - half)
    return Deltas(
        boundaries,
        values - 2 * sum_before(boundaries),
        after - levels[:, before],
        after[:, :-1],
    )
