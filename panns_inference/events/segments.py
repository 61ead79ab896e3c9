"""Segments: what lies between two turning points, a candidate or a gap by turns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .runs import Integers
from .step_filter import Deltas, Whole
from .turning_points import turning_points

SEGMENT = np.dtype([(name, np.int64) for name in ("start", "end", "sum", "low", "high")])
"""Frames `start` up to, not including, `end`; sum, smallest and largest of their probabilities, in
units of the step filter."""

Segments = NDArray[np.void]

NOTHING = np.array((0, 0, 0, np.iinfo(np.int64).max, -1), SEGMENT)
"""A segment without frames."""


def segments_of(
    filtered: Deltas, rises: Whole, slopes: NDArray[np.int8], current: Segments, tail: Segments
) -> tuple[Integers, Segments, Whole]:
    """Go on with the segments of each class.

    Args:
        filtered: the step filter from the last boundary that was known on, (classes, boundaries).
        rises: of the probabilities at the boundary where the tail begins, (classes,).
        slopes: 1 in a gap, where the next turning point is an onset, -1 in a candidate, (classes,).
        current: the segment that goes on, up to the tail, (classes,).
        tail: from the steepest boundary of the present plateau up to the last that was known,
            (classes,).

    Returns:
        Class of each segment, (segments,); the segments by class and time: those that are closed,
        the one that goes on, and the tail; rises where that one begins, (classes,).
    """
    n_classes, n_boundaries = filtered.values.shape
    # The boundary where the tail begins is of the same plateau as the last that was known.
    rises = np.column_stack([rises, filtered.rises])
    rows, points = turning_points(
        np.column_stack([filtered.values[:, 0], filtered.values]), rises, slopes
    )
    width = n_boundaries + 2
    first = np.arange(n_classes) * width
    firsts = np.sort(np.concatenate([first, first[rows] + points + 1]))
    of, columns = np.divmod(firsts, width)
    segments = np.empty(len(firsts), SEGMENT)
    behind = filtered.boundaries[columns - 2]
    segments["start"] = np.where(columns == 1, tail["start"][of], behind)
    segments["start"][columns == 0] = current["start"]
    for name, summary, inner in (
        ("sum", np.add, filtered.levels * np.diff(filtered.boundaries)),
        ("low", np.minimum, filtered.levels),
        ("high", np.maximum, filtered.levels),
    ):
        # What lies before each of the boundaries, and behind the last; there, it is nothing.
        pieces = np.full((n_classes, width), NOTHING[name])
        pieces[:, 0], pieces[:, 1], pieces[:, 2:-1] = current[name], tail[name], inner
        segments[name] = summary.reduceat(pieces.ravel(), firsts)
    is_last = np.diff(of, append=-1) != 0
    segments["end"] = np.roll(segments["start"], -1)
    segments["end"][is_last] = filtered.boundaries[-1]
    is_open = np.diff(rows, append=-1) != 0
    return of, segments, rises[rows[is_open], points[is_open]]
