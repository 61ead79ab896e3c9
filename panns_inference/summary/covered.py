"""How long something is there, where times that overlap count once."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right


class Covered:
    """Times of a recording that are covered by events: spans apart from each other, in order.

    They are kept as bare numbers: an event that overlaps none takes 16 bytes.
    """

    def __init__(self) -> None:
        self._onsets = array("d")
        self._offsets = array("d")

    def add(self, onset: float, offset: float) -> None:
        """Cover a span.

        Args:
            onset: where it begins, in seconds.
            offset: where it ends, in seconds.
        """
        if not self._offsets or onset > self._offsets[-1]:
            self._onsets.append(onset)
            self._offsets.append(offset)
            return
        first = bisect_left(self._offsets, onset)
        last = bisect_right(self._onsets, offset)
        if first < last:
            onset = min(onset, self._onsets[first])
            offset = max(offset, self._offsets[last - 1])
        self._onsets[first:last] = array("d", [onset])
        self._offsets[first:last] = array("d", [offset])

    @property
    def seconds(self) -> float:
        """How long all spans are."""
        return sum(self._offsets) - sum(self._onsets)
