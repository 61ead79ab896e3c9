"""Framewise probabilities of one recording, chunk by chunk, and the events in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..audioset import mid_of
from ..engine import Outputs
from ..events import Event, EventFinder
from ..events.finder import in_order
from ..results import Detection
from .blocks import Waveform
from .forward import pass_over
from .segments import Frames
from .sliding import Batch
from .state import SavedState, State, inner, nested

if TYPE_CHECKING:
    from .detection import DetectionTask

Sink = Callable[[Frames], object]
"""Takes framewise probabilities, (frames, classes), as they become known."""

COLUMNS = ("onset", "offset", "index", "probability", "mean_probability", "threshold")
"""What the state holds of an event; label and mid follow from the index."""


class DetectionAccumulator:
    """Takes a recording for a `DetectionTask`.

    Args:
        task: what is wanted.
        name: of the recording.
        state: of another accumulator of it; empty to begin.
        frames_to: takes the framewise probabilities as they come.
    """

    def __init__(
        self, task: DetectionTask, name: str | None, state: SavedState, frames_to: Sink | None
    ) -> None:
        self.task = task
        self.name = name
        self.whole = pass_over(task.model, task.peak, inner(state, "whole"))
        self.cutter = task.cutter(inner(state, "cutter")) if task.slides else None
        self.finder = EventFinder(
            task.frames_per_second,
            labels=task.model.labels,
            state=inner(state, "finder") or None,
            **vars(task.rules),
        )
        self.events = _events(inner(state, "events"), task.model.labels)
        self.n_frames = int(state.get("n_frames", 0))
        self.kept = [np.asarray(state["kept"], np.float32)] if "kept" in state else []
        self.frames_to = frames_to
        self.outputs: Outputs | None = None

    @property
    def n_samples(self) -> int:
        """Samples so far."""
        return self.whole.n_samples

    def feed(self, samples: Waveform) -> list[Event]:
        """Return the events that nothing to come can change.

        Args:
            samples: what follows, (n,).
        """
        frames = self.whole.feed(samples)
        if self.cutter:
            frames = self._slid(self.cutter.feed(samples))
        return self._add(frames)

    def end(self) -> list[Event]:
        """Return the last events."""
        self.outputs, frames = self.whole.finish()
        if self.cutter:
            frames = self._slid(self.cutter.finish())
        elif frames is None:
            raise self.task.model.lacks("framewise_output")
        new = self._add(frames)
        last = self.finder.finish(self.n_samples / self.task.model.sample_rate)
        self.events += last
        return new + last

    def take(self) -> list[Detection]:
        """Return the events that have become known, and keep them no longer.

        They are one result, or none: of the recording up to here, without its probabilities.
        """
        if not self.events:
            return []
        part = self._result(np.zeros(0, np.float32), None)
        self.events = []
        return [part]

    def finish(self) -> Detection:
        """Return the result of the whole recording, without the events that were taken."""
        if self.outputs is None:
            self.end()
        outputs = self.outputs or {}
        if self.task.output not in outputs:
            raise self.task.model.lacks(self.task.output)
        clipwise = outputs["clipwise_output"]
        self.task.check(self.name, clipwise_output=clipwise)
        return self._result(clipwise, np.concatenate(self.kept) if self.kept else None)

    def _result(self, clipwise: NDArray[np.float32], framewise: Frames | None) -> Detection:
        """What is known of the recording up to here."""
        return self.task.result(
            self.name,
            self.n_samples,
            clipwise=clipwise,
            framewise=framewise,
            n_frames=self.n_frames,
            events=sorted(self.events, key=in_order),
            silence=self.whole.silence,
        )

    def _slid(self, batches: Iterable[Batch]) -> Frames:
        """A frame for each window."""
        empty = np.zeros((0, self.task.model.classes_num), np.float32)
        return np.concatenate([empty, *(self.task.values(each.waveforms) for each in batches)])

    def _add(self, frames: Frames | None) -> list[Event]:
        if frames is None:
            return []
        self.task.check(self.name, framewise_output=frames)
        self.n_frames += len(frames)
        if self.frames_to is not None:
            self.frames_to(frames)
        elif self.task.framewise:
            self.kept.append(frames)
        new = self.finder.feed(frames)
        self.events += new
        return new

    def state(self) -> State:
        """Return all that is needed to go on."""
        events = {name: np.asarray([getattr(e, name) for e in self.events]) for name in COLUMNS}
        states = {"whole": self.whole.state(), "finder": self.finder.state(), "events": events}
        cutter = {"cutter": self.cutter.state()} if self.cutter else {}
        kept = {"kept": np.concatenate(self.kept)} if self.kept else {}
        return {**nested({**states, **cutter}), **kept, "n_frames": np.asarray(self.n_frames)}


def _events(columns: Mapping[str, NDArray[np.generic]], labels: Sequence[str]) -> list[Event]:
    rows = zip(*(columns.get(name, np.zeros(0)).tolist() for name in COLUMNS), strict=True)
    return [
        Event(onset, offset, labels[int(i)], mid_of(labels[int(i)]), int(i), *numbers)
        for onset, offset, i, *numbers in rows
    ]
