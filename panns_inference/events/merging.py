"""Candidates that are near to each other become one event."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .runs import Integers, Mask
from .segments import NOTHING, Segments
from .step_filter import UNIT, Whole


class Nearness(NamedTuple):
    """How far two candidates may be above the gap between them, and are merged all the same.

    Attributes:
        difference: of the largest probability of both and the smallest of the gap, at most.
        ratio: of the same two, at most; probabilities below 1e-9 count as 1e-9.
    """

    difference: float
    ratio: float

    def holds(self, high: Whole, low: Whole) -> Mask:
        """Whether candidates are merged, (pairs,).

        Args:
            high: largest probability of each pair of candidates, in units, (pairs,).
            low: smallest probability of the gap between them, in units, (pairs,).
        """
        near: Mask = high - low <= self.difference / UNIT
        return near & (high <= self.ratio * np.maximum(low, 1))


class Items(NamedTuple):
    """Candidates, or the events that were made of them, by class and time.

    Attributes:
        rows: class of each, (items,).
        segments: their frames, (items,).
        high: largest probability of the last candidate of each, in units, (items,).
        gaps: the gap before each of them, (items,).
    """

    rows: Integers
    segments: Segments
    high: Whole
    gaps: Segments

    def where(self, kept: Mask | Integers) -> Items:
        """Some of the items.

        Args:
            kept: which, a mask or indices, (items,).
        """
        return Items(self.rows[kept], self.segments[kept], self.high[kept], self.gaps[kept])


def merged(items: Items, nearness: Nearness) -> Items:
    """The items, with those merged that are near to each other.

    Args:
        items: of which only the first of a class may be merged of several candidates.
        nearness: the rule.
    """
    if not len(items.rows):
        return items
    follows = np.diff(items.rows, prepend=-1) == 0
    high = np.maximum(items.high, np.roll(items.high, 1))
    follows &= nearness.holds(high, items.gaps["low"])
    starts = np.flatnonzero(~follows)
    lasts = np.append(starts[1:], len(follows)) - 1
    events = items.segments[starts]
    events["end"] = items.segments["end"][lasts]
    inside = np.where(follows, items.gaps, NOTHING)
    events["sum"] = np.add.reduceat(items.segments["sum"] + inside["sum"], starts)
    events["high"] = np.maximum.reduceat(np.maximum(items.segments["high"], inside["high"]), starts)
    return Items(items.rows[starts], events, items.high[lasts], items.gaps[starts])
