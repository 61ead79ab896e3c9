r"""Turning points: where the step filter stops rising or stops falling.

    delta       .--.               onset: a maximum, where the probability rises most
           ____/    \           __
                     \         /
                      \_______/    offset: a minimum, where it falls most

An extremum is often a plateau: of all boundaries that see a short sound in one half of the filter,
and of those between two equal rises. An onset is then where, on the plateau, the probability rises
most from one frame to the next, and an offset where it falls most. If several are alike, the onset
is the earliest and the offset the latest, so that a recording that runs backwards has the same
events backwards.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .runs import Integers
from .step_filter import Whole

END = 2
"""Stands for the slope after the last boundary: no other is like it."""


def turning_points(
    deltas: Whole, rises: Whole, slopes: NDArray[np.int8]
) -> tuple[Integers, Integers]:
    """The turning points of each class, by class and time.

    Args:
        deltas: the filtered probabilities, (classes, boundaries).
        rises: of the probabilities from one frame to the next, (classes, boundaries).
        slopes: 1 if delta was rising before the first boundary, -1 if it was falling, (classes,).

    Returns:
        Classes and columns, (points,) both. Slopes alternate from point to point. The last of each
        class is not one yet: it would be, if delta turned after the last boundary.
    """
    following = np.full(deltas.shape, END, np.int8)
    following[:, :-1] = np.sign(np.diff(deltas, axis=1))
    rows, ends = np.nonzero(following)
    after = following[rows, ends]
    is_first = np.diff(rows, prepend=-1) != 0
    before = np.where(is_first, slopes[rows], np.roll(after, 1))
    starts = np.where(is_first, 0, np.roll(ends, 1) + 1)
    turns = before != after
    rows, starts, ends, before = rows[turns], starts[turns], ends[turns], before[turns]
    points = starts.copy()
    is_wide = starts < ends
    points[is_wide] = _steepest(
        rises, rows[is_wide], starts[is_wide], ends[is_wide] + 1, before[is_wide]
    )
    return rows, points


def _steepest(
    rises: Whole, rows: Integers, starts: Integers, ends: Integers, slopes: NDArray[np.int8]
) -> Integers:
    """The column of each plateau, `starts` up to `ends`, where the rise or fall is largest."""
    if not len(rows):
        return starts
    counts = ends - starts
    offsets = np.cumsum(counts) - counts
    of = np.repeat(np.arange(len(rows)), counts)
    columns = np.arange(len(of)) + (starts - offsets)[of]
    steps = slopes[of] * rises[rows[of], columns]
    is_largest = steps == np.maximum.reduceat(steps, offsets)[of]
    order = np.where(is_largest, -slopes[of] * columns, np.iinfo(np.int64).min)
    return np.abs(np.maximum.reduceat(order, offsets))
