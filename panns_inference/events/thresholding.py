"""Events as runs of frames above a threshold.

    framewise --smooth--> --threshold--> runs --merge--> --drop--> --pad--> events

Each step works on many classes at once, and in frames: times become seconds at the end, so that no
event hangs on how a sum of seconds was rounded.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .chains import CHAIN, Clock, advanced
from .frames import Frames, require_numbers
from .rules import Rules
from .runs import Integers, majority
from .search import PIECE, Found, Open, Window


class Thresholding:
    """The method `threshold`.

    Args:
        rules: what the user has chosen.
        frames_per_second: frames in a second.
        labels: display names of the classes, in the order of the columns.

    Raises:
        UsageError: if a rule makes no sense.
    """

    def __init__(self, rules: Rules, frames_per_second: float, labels: Sequence[str]) -> None:
        self._lengths = rules.lengths(frames_per_second)
        self._columns = rules.columns(labels)
        self._on, self._off = rules.thresholds(labels)
        self.half = self._lengths.half

    def start(self) -> Open:
        """What is open before the first frame, (classes,)."""
        return np.zeros(len(self._on), CHAIN)

    def check(self, frames: Frames) -> None:
        """Make sure that all probabilities are numbers.

        Args:
            frames: probabilities, (frames, classes).

        Raises:
            UsageError: if one is not.
        """
        require_numbers(frames)

    def advance(self, opened: Open, window: Window) -> list[Found]:
        """Let frames follow on what is open.

        Args:
            opened: what is open in each class, (classes,); it is brought up to date.
            window: the new frames, with those around them.
        """
        rows, first, end, before, known, duration = window
        columns = self._busy(opened, window)
        rows = rows[: end - first]
        half = min(self.half, end)
        lasting, mirror = (end - 1.0, 0) if window.goes_on else (np.inf, half)
        clock = Clock(before, known, lasting, duration)
        edges = (half - min(before, half), mirror)
        found = []
        at_once = max(1, PIECE // (len(rows) + sum(edges) + 1))
        for start in range(0, len(columns), at_once):
            group = columns[start : start + at_once]
            values = np.ascontiguousarray(rows[:, group].T)
            padded = np.pad(values, ((0, 0), edges), "symmetric")
            off, on = (
                majority(padded >= each[group, None].astype(rows.dtype), half)
                for each in (self._off, self._on)
            )
            new = values[:, before - first : known - first]
            opened[group], spans, links = advanced(
                opened[group], new, off, on, clock, self._lengths
            )
            means = links["sum"] / (spans.ends - spans.starts)
            found.append(
                Found(
                    group[spans.rows],
                    spans.starts,
                    spans.ends,
                    links["peak"],
                    np.minimum(links["peak"], means),
                )
            )
        return found

    def _busy(self, opened: Open, window: Window) -> Integers:
        """The columns in which something may happen: an event begins, or something is open."""
        peaks: Frames = window.rows.max(axis=0, initial=0)
        # The frames on which it depends whether a run goes on with the next one.
        recent = np.zeros_like(peaks)
        if window.goes_on:
            kept = max(0, window.known - self.half) - window.first
            recent = window.rows[kept:].max(axis=0, initial=0)
        # In the type of the probabilities: a float32 0.7 is less than 0.7, and shall count as 0.7.
        busy = peaks >= self._on.astype(peaks.dtype)
        busy |= recent >= self._off.astype(peaks.dtype)
        busy |= opened["run"]["end"] > 0
        return self._columns[busy[self._columns]]
