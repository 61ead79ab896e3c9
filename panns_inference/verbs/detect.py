"""Which sounds, and when.

Networks with framewise probabilities hear the recording once, in blocks. The others slide: each
`hop` is a frame, and its probabilities are those of the window around it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..audioset import mid_of
from ..engine import Outputs
from ..errors import UsageError
from ..events import Event, EventFinder, Rules, find_events
from ..results import Detection, Result
from ..warning import warn
from ..windows import Batch, Placement, Stretches
from ..windows.waiting import State, Waveform, nested, part_of
from ..windows.whole import Frames
from .verb import Asked, Verb

WINDOW = 2.0
"""Seconds that a network without framewise probabilities hears around each hop."""

HOP = 1.0
"""Seconds from one of its frames to the next."""

Sink = Callable[[Frames], object]
"""Takes framewise probabilities, (frames, classes), as they become known."""

COLUMNS = ("onset", "offset", "index", "probability", "mean_probability")


class Detect(Verb):
    """Which sounds, and when.

    Args:
        model: who is asked.
        window: seconds that a network without framewise probabilities hears for each frame; None
            is 2. The others do not slide, and refuse it.
        hop: seconds from one of these frames to the next; None is 1.
        framewise: whether the result holds the framewise probabilities.
        skip_silence: as for `Verb`; the framewise probabilities of silence are 0.
        rules: how events follow from probabilities: the attributes of `Rules`.

    Raises:
        UsageError: if a setting makes no sense, or the network cannot answer.

    Warns:
        UserWarning: if the network slides: times are as coarse as its hop.
    """

    needs = "clipwise_output"

    def __init__(
        self,
        model: Asked,
        window: float | None = None,
        hop: float | None = None,
        framewise: bool = False,
        skip_silence: float | None = None,
        **rules: Any,
    ) -> None:
        chosen = Rules(**rules)
        # What makes no sense is said before the network runs.
        chosen.columns(model.labels)
        chosen.thresholds(model.labels)
        plain = {name: _plain(value) for name, value in rules.items()}
        super().__init__(model, skip_silence, window=window, hop=hop, **plain)
        self.rules = rules
        self.framewise = framewise
        names = model.engine.output_names
        self.slides = names is not None and "framewise_output" not in names
        if not self.slides and (window, hop) != (None, None):
            raise UsageError(
                f"{model.name} has framewise probabilities: window= and hop= are for networks that "
                "have none"
            )
        self.window = self.samples_of("window", WINDOW if window is None else window)
        self.hop = self.samples_of("hop", HOP if hop is None else hop)
        if self.slides:
            warn(
                f"{model.name} has no framewise probabilities: it slides, and the times of its "
                f"events are as coarse as its hop, {self.hop / model.sample_rate:g} s"
            )

    @property
    def at_most(self) -> int:
        return 0 if self.slides else super().at_most

    @property
    def frames_per_second(self) -> float:
        """Frames of the framewise probabilities in a second."""
        if self.slides:
            return self.model.sample_rate / self.hop
        return self.model.frames_per_second

    def together(self, waveforms: Waveform, names: Sequence[str | None]) -> list[Result]:
        n_samples = waveforms.shape[1]
        return [
            self._result(name, n_samples, outputs)
            for name, outputs in zip(names, self.outputs(waveforms), strict=True)
        ]

    def _result(self, name: str | None, n_samples: int, outputs: Outputs) -> Detection:
        self.require("framewise_output", outputs)
        framewise, clipwise = outputs["framewise_output"], self.known(outputs["clipwise_output"])
        self.check_finite(name, framewise_output=framewise)
        given: dict[str, Any] = {"duration": n_samples / self.model.sample_rate}
        events = find_events(
            framewise, self.frames_per_second, **given, labels=self.model.labels, **self.rules
        )
        found: dict[str, Any] = {"clipwise": clipwise, "events": tuple(events)}
        kept = framewise if self.framewise else None
        return self.result(name, n_samples, framewise=kept, n_frames=len(framewise), **found)

    def result(
        self, name: str | None, n_samples: int, *, silence: int = 0, **found: Any
    ) -> Detection:
        """The result for a recording.

        Args:
            name: of the recording.
            n_samples: of the recording.
            silence: how many of them were not heard.
            found: `clipwise`, `framewise`, `n_frames` and `events` of the result.

        Raises:
            AudioError: if a probability is NaN or infinite.
        """
        self.check_finite(name, clipwise_output=found["clipwise"])
        return Detection(
            **self.heading(name, n_samples, silence=silence),
            frames_per_second=self.frames_per_second,
            n_samples=n_samples,
            labels=tuple(self.model.labels),
            **found,
        )

    def listener(
        self,
        name: str | None,
        state: Mapping[str, NDArray[np.generic]] | None = None,
        frames_to: Sink | None = None,
    ) -> DetectListener:
        """Who hears a recording block by block.

        Args:
            name: of the recording.
            state: of another listener to it, which goes on where that one stood.
            frames_to: takes the framewise probabilities piece by piece, instead of the result.
        """
        return DetectListener(self, name, state or {}, frames_to)

    def cutter(self, state: Mapping[str, NDArray[np.generic]] | None = None) -> Stretches:
        """Who cuts a recording into the windows of a network that slides.

        Args:
            state: of another one.
        """
        at_once = max(1, self.block // self.window)
        return Stretches(self.window, self.hop, Placement.CENTRED, at_once, state)


class DetectListener:
    """Hears a recording for `Detect`.

    Args:
        verb: what is asked.
        name: of the recording.
        state: of another listener to it; empty to begin.
        frames_to: takes the framewise probabilities piece by piece.
    """

    def __init__(
        self,
        verb: Detect,
        name: str | None,
        state: Mapping[str, NDArray[np.generic]],
        frames_to: Sink | None,
    ) -> None:
        self.verb = verb
        self.name = name
        self.whole = verb.whole(part_of(state, "whole"))
        self.cutter = verb.cutter(part_of(state, "cutter")) if verb.slides else None
        self.finder = EventFinder(
            verb.frames_per_second,
            labels=verb.model.labels,
            state=part_of(state, "finder") or None,
            **verb.rules,
        )
        self.events = _events(part_of(state, "events"), verb.model.labels)
        self.n_frames = int(state.get("n_frames", 0))
        self.kept = [np.asarray(state["kept"], np.float32)] if "kept" in state else []
        self.frames_to = frames_to
        self.outputs: Outputs | None = None

    @property
    def n_samples(self) -> int:
        """Samples so far."""
        return self.whole.n_samples

    def feed(self, samples: Waveform) -> list[Event]:
        """The events that nothing to come can change.

        Args:
            samples: what follows, (n,).
        """
        frames = self.whole.feed(samples)
        if self.cutter:
            frames = self._slid(self.cutter.feed(samples))
        return self._take(frames)

    def end(self) -> list[Event]:
        """The last events."""
        self.outputs, frames = self.whole.finish()
        if self.cutter:
            frames = self._slid(self.cutter.finish())
        elif frames is None:
            self.verb.require("framewise_output", self.outputs)
        new = self._take(frames)
        last = self.finder.finish(self.n_samples / self.verb.model.sample_rate)
        self.events += last
        return new + last

    def finish(self) -> Detection:
        """The result of the whole recording."""
        if self.outputs is None:
            self.end()
        outputs = self.outputs or {}
        self.verb.require(self.verb.needs, outputs)
        return self.verb.result(
            self.name,
            self.n_samples,
            silence=self.whole.silence,
            clipwise=self.verb.known(outputs["clipwise_output"]),
            framewise=np.concatenate(self.kept) if self.kept else None,
            n_frames=self.n_frames,
            events=tuple(sorted(self.events, key=lambda e: (e.onset, e.offset, e.index))),
        )

    def _slid(self, batches: Iterable[Batch]) -> Frames:
        """A frame for each window."""
        empty = np.zeros((0, self.verb.model.classes_num), np.float32)
        rows = (self.verb.outputs_of(batch.waveforms, self.verb.needs) for batch in batches)
        return np.concatenate([empty, *rows])

    def _take(self, frames: Frames | None) -> list[Event]:
        if frames is None:
            return []
        self.verb.check_finite(self.name, framewise_output=frames)
        self.n_frames += len(frames)
        if self.frames_to is not None:
            self.frames_to(frames)
        elif self.verb.framewise:
            self.kept.append(frames)
        new = self.finder.feed(frames)
        self.events += new
        return new

    def state(self) -> State:
        """All that is needed to go on."""
        events = {name: np.asarray([getattr(e, name) for e in self.events]) for name in COLUMNS}
        parts = {"whole": self.whole.state(), "finder": self.finder.state(), "events": events}
        cutter = {"cutter": self.cutter.state()} if self.cutter else {}
        kept = {"kept": np.concatenate(self.kept)} if self.kept else {}
        return {**nested({**parts, **cutter}), **kept, "n_frames": np.asarray(self.n_frames)}


def _events(columns: Mapping[str, NDArray[np.generic]], labels: Sequence[str]) -> list[Event]:
    rows = zip(*(columns.get(name, np.zeros(0)).tolist() for name in COLUMNS), strict=True)
    return [
        Event(onset, offset, labels[int(i)], mid_of(labels[int(i)]), int(i), peak, mean)
        for onset, offset, i, peak, mean in rows
    ]


def _plain(value: Any) -> Any:
    """A setting as JSON holds it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Collection) and not isinstance(value, str):
        return [_plain(each) for each in value]
    return value
