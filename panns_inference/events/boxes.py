"""Events as bounding boxes: their extent does not hang on the threshold.

Change-detection-based sound event bounding boxes (cSEBBs) of J. Ebbers, F. G. Germain, G. Wichern
and J. Le Roux, "Sound Event Bounding Boxes", Interspeech 2024, arXiv 2406.04212.

    framewise --step filter--> turning points --> candidates and gaps --merge--> --choose--> events

A candidate begins where the step filter has a maximum, and ends where it has the next minimum; what
lies between two candidates is a gap. Two candidates are merged, with the gap between them, if the
largest probability of both is near to the smallest of the gap. Whether they are is seen from these
three alone, and not from what the candidates were merged with on their other sides. The mean
probability of what has come of it is its confidence, and the threshold chooses by that.

          |-- event: candidates that are merged --|          open, if merged with what follows
    class  C C C C C . . . C C C C C C . . C C C C . . . . C C C C C C C ? ? ? ? ?
                                                   |-gap-| |-segment---| |-tail--|

So little is open in a class, however long it lasts: the event that may still be merged, the gap
behind it, the candidate that goes on (or, without one, the gap that goes on), and behind the last
extremum a tail, of which it is not yet known whether it belongs to that or to what follows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .frames import Frames, require_probabilities
from .merging import Items, Nearness, merged
from .rules import Rules
from .runs import Integers
from .search import PIECE, Found, Open, Window
from .segments import NOTHING, SEGMENT, segments_of
from .step_filter import UNIT, Deltas, deltas, whole

BOXES = np.dtype(
    [
        ("event", SEGMENT),
        ("high", np.int64),
        ("gap", SEGMENT),
        ("current", SEGMENT),
        ("tail", SEGMENT),
        ("rise", np.int64),
        ("slope", np.int8),
    ]
)
"""What is open in one class. `event`: candidates that are merged, without frames if there is none;
`high`: largest probability of the last of them. `current`: the segment that goes on; `slope`: 1 if
it is a gap, -1 if it is a candidate. `gap`: the one behind `event`, as far as it is known. `tail`:
the frames since the last extremum; `rise`: of the probability where it begins."""


class Boxes:
    """The method `boxes`.

    Args:
        rules: what the user has chosen.
        frames_per_second: frames in a second.
        labels: display names of the classes, in the order of the columns.

    Raises:
        UsageError: if a rule makes no sense.
    """

    def __init__(self, rules: Rules, frames_per_second: float, labels: Sequence[str]) -> None:
        self.half = rules.half_step_filter(frames_per_second)
        self._shortest = rules.lengths(frames_per_second).shortest
        self._nearness = Nearness(rules.merge_difference, rules.merge_ratio)
        self._columns = rules.columns(labels)
        self._thresholds, _ = rules.thresholds(labels)

    def start(self) -> Open:
        """What is open before the first frame, (classes,)."""
        opened = np.zeros(len(self._thresholds), BOXES)
        for name in ("event", "gap", "current", "tail"):
            opened[name] = NOTHING
        opened["rise"], opened["slope"] = np.iinfo(np.int64).min, 1
        return opened

    def check(self, frames: Frames) -> None:
        """Make sure that all probabilities are in [0, 1].

        Args:
            frames: probabilities, (frames, classes).

        Raises:
            UsageError: if one is not.
        """
        require_probabilities(frames)

    def advance(self, opened: Open, window: Window) -> list[Found]:
        """Let frames follow on what is open.

        Args:
            opened: what is open in each class, (classes,); it is brought up to date.
            window: the new frames, with those around them.
        """
        rows, first, end, before, known, _ = window
        found: list[Found] = []
        if before == known:
            return found
        at_once = max(1, 2 * PIECE // len(rows))
        for start in range(0, len(self._columns), at_once):
            group = self._columns[start : start + at_once]
            filtered = deltas(rows[: end - first, group], first, self.half, before, known)
            opened[group], items = self._follow(opened[group], filtered, not window.goes_on)
            found.append(self._chosen(items, group, window))
        return found

    def _follow(self, boxes: Open, filtered: Deltas, is_end: bool) -> tuple[Open, Items]:
        """What is open after some more boundaries, and the events that are final."""
        of, segments, rises = segments_of(
            filtered, boxes["rise"], boxes["slope"], boxes["current"], boxes["tail"]
        )
        firsts = np.flatnonzero(np.diff(of, prepend=-1))
        tails = np.append(firsts[1:], len(of)) - 1
        n_closed = tails - 1 - firsts
        gaps = np.roll(segments, 1)
        gaps[firsts] = boxes["gap"]
        number = np.arange(len(of)) - firsts[of]
        is_candidate = (number % 2 == 0) == (boxes["slope"][of] < 0)
        is_closed = number < (n_closed + is_end)[of]
        candidates = np.flatnonzero(is_candidate & is_closed)
        earlier = np.flatnonzero(boxes["event"]["end"])
        high = np.concatenate([boxes["high"][earlier], segments["high"][candidates]])
        items = Items(
            np.concatenate([earlier, of[candidates]]),
            np.concatenate([boxes["event"][earlier], segments[candidates]]),
            high,
            np.concatenate([boxes["gap"][earlier], gaps[candidates]]),
        )
        items = merged(items.where(np.argsort(items.rows, kind="stable")), self._nearness)

        current = segments[tails - 1]
        slope = np.where(n_closed % 2, -boxes["slope"], boxes["slope"])
        following = np.zeros(len(boxes), BOXES)
        following["current"], following["tail"] = current, segments[tails]
        following["rise"], following["slope"] = rises, slope
        following["gap"] = np.where(slope > 0, current, gaps[tails - 1])
        peaks = np.where(slope < 0, current["high"], -1)[items.rows]
        is_open = np.diff(items.rows, append=-1) != 0
        is_open &= self._nearness.holds(
            np.maximum(items.high, peaks), following["gap"]["low"][items.rows]
        )
        is_open &= not is_end
        following["event"][items.rows[is_open]] = items.segments[is_open]
        following["high"][items.rows[is_open]] = items.high[is_open]
        return following, items.where(~is_open)

    def _chosen(self, items: Items, group: Integers, window: Window) -> Found:
        """The events that are sure and long enough."""
        columns = group[items.rows]
        starts, ends = items.segments["start"], items.segments["end"]
        counts = ends - starts
        # In the type of the probabilities: a float32 0.7 is less than 0.7, and shall count as 0.7.
        least = whole(self._thresholds.astype(window.rows.dtype))[columns]
        kept = items.segments["sum"] >= least * counts
        kept &= np.minimum(ends, window.duration) - starts >= self._shortest
        peaks = items.segments["high"] * UNIT
        means = items.segments["sum"] * UNIT / counts
        return Found(*(each[kept] for each in (columns, starts, ends, peaks, means)))
