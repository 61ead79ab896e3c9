"""Finding events while framewise probabilities come in."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..arguments import arguments_of, unknown_argument
from ..audioset import labels as audioset_labels
from ..audioset import mid_of
from ..errors import UsageError
from .boxes import Boxes
from .event import Event
from .frames import Frames, checked_frames, frames_within
from .rules import MOST, Rules
from .search import PIECE, Found, Open, Search, Window
from .thresholding import Thresholding

SEARCHES: Mapping[str, Callable[[Rules, float, Sequence[str]], Search]] = {
    "threshold": Thresholding,
    "boxes": Boxes,
}
"""What finds events by each of the methods."""


class EventFinder:
    """Finds events in framewise probabilities that come in pieces of any size.

    The events are those that `find_events` finds in all pieces joined. Each comes out once, with
    its full extent, when nothing that follows can change it; the last frame does not count for
    that before a next one comes, for it may lie beyond the end of the recording. What is kept
    does not grow with the recording or its events, but with `smooth` or `step_filter`.

    Args:
        frames_per_second: frames in a second.
        labels: display names of the classes, in the order of the columns.
        state: where to go on: the `state()` of a finder with the same other arguments.
        rules: `method`, `threshold` and all the other attributes of `Rules`.

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
        if unknown := [name for name in rules if name not in arguments_of(Rules)]:
            raise unknown_argument(unknown, Rules)
        chosen = Rules(**rules)
        if not 0 < frames_per_second < math.inf:
            raise UsageError(f"frames_per_second must be above 0, not {frames_per_second}")
        self._rate = float(frames_per_second)
        self._labels = labels
        self._pad = float(chosen.pad)
        self._thresholds = chosen.thresholds(labels)[0].tolist()
        self._search = SEARCHES[chosen.method](chosen, self._rate, labels)
        if state is None:
            state = {
                "n_frames": np.array(0),
                "frames": np.zeros((0, len(labels)), np.float32),
                "chains": self._search.start(),
            }
        if len(state["chains"]) != len(labels):
            raise UsageError(
                f"a state of {len(state['chains'])} classes does not fit to {len(labels)} labels"
            )
        self._n_frames = int(state["n_frames"])
        self._frames: Frames = state["frames"]
        self._chains: Open = state["chains"].copy()
        self._known = max(0, self._n_frames - 1 - self._search.half)
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
        self._search.check(new)
        # Pieces that are not much longer than what is kept of the ones before them.
        at_once = max(PIECE // len(self._labels), 4 * self._search.half)
        blocks = range(0, len(new), at_once)
        return sorted(
            (each for start in blocks for each in self._advance(new[start : start + at_once])),
            key=in_order,
        )

    def _advance(self, new: Frames) -> list[Event]:
        rows = np.concatenate([self._frames, new]) if len(self._frames) else new
        n_frames, half = self._n_frames + len(new), self._search.half
        # The last frame may lie beyond the end, and the filter looks on as far as back.
        known = max(0, n_frames - 1 - half)
        window = Window(rows, self._first, n_frames - 1, self._known, known, math.inf)
        found = self._search.advance(self._chains, window)
        kept = max(0, known - half) - self._first
        self._n_frames, self._known = n_frames, known
        self._frames = rows[kept:].copy()
        return self._events(found, math.inf)

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
        lasted = min(duration * self._rate, MOST)
        window = Window(self._frames, self._first, n_frames, self._known, n_frames, lasted)
        found = self._search.advance(self._chains, window)
        return sorted(self._events(found, float(duration)), key=in_order)

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
        return max(0, self._known - self._search.half)

    def _events(self, found: Iterable[Found], duration: float) -> list[Event]:
        """The events with their times in seconds; `duration` is infinite while it goes on."""
        return [
            Event(
                onset=max(0.0, start / self._rate - self._pad),
                offset=min(duration, end / self._rate + self._pad),
                label=self._labels[index],
                mid=mid_of(self._labels[index]),
                index=index,
                probability=peak,
                mean_probability=mean,
                threshold=self._thresholds[index],
            )
            for each in found
            for index, start, end, peak, mean in zip(*map(np.ndarray.tolist, each), strict=True)
        ]


def in_order(event: Event) -> tuple[float, float, int]:
    """What events are sorted by.

    Args:
        event: one of them.
    """
    return event.onset, event.offset, event.index
