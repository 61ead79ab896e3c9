"""Finding events while framewise probabilities come in.

    framewise --smooth--> --threshold--> runs --merge--> --drop--> --pad--> events

Each step works on many classes at once, and in frames: times become seconds at the end, so that no
event hangs on how a sum of seconds was rounded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..audioset import labels as audioset_labels
from ..audioset import mid_of
from ..errors import UsageError
from .chains import CHAIN, Chains, Clock, Links, advanced
from .event import Event
from .frames import Frames, checked_frames, frames_within, peaks_of
from .rules import Rules
from .runs import Integers, majority

PIECE = 2**20
"""Probabilities that are worked on at once: it bounds the memory that is taken."""


class EventFinder:
    """Finds events in framewise probabilities that come in pieces of any size.

    The events are those that `find_events` finds in all pieces joined. Each comes out once, with
    its full extent, when nothing that follows can change it; the last frame does not count for
    that before a next one comes, for it may lie beyond the end of the recording. What is kept
    does not grow with the recording or its events, but with `smooth`.

    Args:
        frames_per_second: frames in a second.
        labels: display names of the classes, in the order of the columns.
        state: where to go on: the `state()` of a finder with the same other arguments.
        rules: `threshold`, `threshold_off`, `smooth`, `min_duration`, `merge_gap`, `pad`,
            `classes` and `exclude`: the attributes of `Rules`.

    Raises:
        UsageError: if an argument makes no sense.
    """

    def __init__(
        self,
        frames_per_second: float,
        *,
        labels: Sequence[str] = audioset_labels,
        state: Mapping[str, NDArray[Any]] | None = None,
        **rules: Any,
    ) -> None:
        chosen = Rules(**rules)
        if not 0 < frames_per_second < math.inf:
            raise UsageError(f"frames_per_second must be above 0, not {frames_per_second}")
        self._rate = float(frames_per_second)
        self._labels = labels
        self._pad = float(chosen.pad)
        self._lengths = chosen.lengths(self._rate)
        self._columns = chosen.columns(labels)
        self._on, self._off = chosen.thresholds(labels)
        if state is None:
            state = {
                "n_frames": np.array(0),
                "frames": np.zeros((0, len(labels)), np.float32),
                "chains": np.zeros(len(labels), CHAIN),
            }
        if len(state["chains"]) != len(labels):
            raise UsageError(
                f"a state of {len(state['chains'])} classes does not fit to {len(labels)} labels"
            )
        self._n_frames = int(state["n_frames"])
        self._frames: Frames = state["frames"]
        self._chains: Chains = state["chains"].copy()
        self._known = max(0, self._n_frames - 1 - self._lengths.half)
        self._has_ended = False

    def feed(self, frames: ArrayLike) -> list[Event]:
        """Take the next frames.

        Args:
            frames: probabilities, (frames, classes), any number of frames.

        Returns:
            The events that are now known in full, sorted by onset, then offset, then index.

        Raises:
            UsageError: if it is no such array, not of the type of the pieces before, a probability
                is not a number, or the recording has ended.
        """
        self._require_going_on()
        new = checked_frames(frames, len(self._labels))
        if not len(new):
            return []
        if len(self._frames) and new.dtype != self._frames.dtype:
            raise UsageError(
                f"all pieces must be of one type: {new.dtype} came after {self._frames.dtype}"
            )
        rows = np.concatenate([self._frames, new]) if len(self._frames) else new
        n_frames, half = self._n_frames + len(new), self._lengths.half
        # The last frame may lie beyond the end, and the filter looks on as far as back.
        known = max(0, n_frames - 1 - half)
        kept = max(0, known - half) - self._first
        columns = self._busy(peaks_of(rows), peaks_of(rows[kept:]))
        found = self._advance(rows[:-1], columns, known, math.inf)
        self._n_frames, self._known = n_frames, known
        self._frames = rows[kept:].copy()
        return found

    def finish(self, duration: float | None = None) -> list[Event]:
        """End the recording.

        Args:
            duration: length of the recording in seconds; None is that of the frames. The last
                frame does not count if it begins at the end of the recording, or later.

        Returns:
            The events that were still open, sorted as by `feed`.

        Raises:
            UsageError: if the duration makes no sense, a frame before the last begins after it, or
                the recording has ended already.
        """
        self._require_going_on()
        if duration is None:
            duration = self._n_frames / self._rate
        n_frames = frames_within(duration, self._rate, self._n_frames)
        if n_frames < self._n_frames - 1:
            raise UsageError(
                f"the recording cannot end after {duration:g} seconds: {self._n_frames} frames at "
                f"{self._rate:g} in a second have been fed, and only the last may begin later"
            )
        self._has_ended = True
        rows = self._frames[: n_frames - self._first]
        columns = self._busy(peaks_of(rows), np.zeros(len(self._labels)))
        return self._advance(rows, columns, n_frames, float(duration))

    def state(self) -> dict[str, NDArray[Any]]:
        """What a finder needs to go on from here: arrays by name, ready for `numpy.savez`.

        Raises:
            UsageError: if the recording has ended.
        """
        self._require_going_on()
        return {
            "n_frames": np.array(self._n_frames),
            "frames": self._frames.copy(),
            "chains": self._chains.copy(),
        }

    def _require_going_on(self) -> None:
        if self._has_ended:
            raise UsageError("the recording has ended: another one needs a new EventFinder")

    @property
    def _first(self) -> int:
        """Number of the first frame that is kept."""
        return max(0, self._known - self._lengths.half)

    def _busy(self, peaks: Frames, recent: Frames) -> Integers:
        """The columns in which something may happen: an event begins, or something is open.

        `peaks` are the largest probabilities of all frames, `recent` those of the frames on which
        it depends whether a run goes on with the next one, (classes,) both.
        """
        # In the type of the probabilities: a float32 0.7 is less than 0.7, and shall count as 0.7.
        busy = peaks >= self._on.astype(peaks.dtype)
        busy |= recent >= self._off.astype(peaks.dtype)
        busy |= self._chains["run"]["end"] > 0
        return self._columns[busy[self._columns]]

    def _advance(self, rows: Frames, columns: Integers, known: int, duration: float) -> list[Event]:
        """Events that become known with `rows`; `duration` is infinite while it goes on."""
        end = self._first + len(rows)
        half = min(self._lengths.half, end)
        lasting, mirror = (end - 1.0, 0) if math.isinf(duration) else (math.inf, half)
        clock = Clock(self._known, known, lasting, duration * self._rate)
        new = slice(self._known - self._first, known - self._first)
        edges = (half - min(self._known, half), mirror)
        found: list[Event] = []
        at_once = max(1, PIECE // (len(rows) + sum(edges) + 1))
        for start in range(0, len(columns), at_once):
            group = columns[start : start + at_once]
            part = np.ascontiguousarray(rows[:, group].T)
            padded = np.pad(part, ((0, 0), edges), "symmetric")
            off, on = (
                majority(padded >= each[group, None].astype(rows.dtype), half)
                for each in (self._off, self._on)
            )
            self._chains[group], spans, links = advanced(
                self._chains[group], part[:, new], off, on, clock, self._lengths
            )
            found += self._events(group[spans.rows], links, duration)
        return sorted(found, key=in_order)

    def _events(self, columns: Integers, links: Links, duration: float) -> Iterator[Event]:
        for index, (start, end, total, peak) in zip(columns.tolist(), links.tolist(), strict=True):
            yield Event(
                onset=max(0.0, start / self._rate - self._pad),
                offset=min(duration, end / self._rate + self._pad),
                label=self._labels[index],
                mid=mid_of(self._labels[index]),
                index=index,
                probability=peak,
                mean_probability=min(peak, total / (end - start)),
            )


def in_order(event: Event) -> tuple[float, float, int]:
    """What events are sorted by.

    Args:
        event: one of them.
    """
    return event.onset, event.offset, event.index
