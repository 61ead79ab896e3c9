"""Which sounds, and when.

Networks with framewise probabilities take the recording once, in blocks. The others slide: each
`hop` is a frame, and its probabilities are those of the window around it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine import Outputs
from ..errors import UsageError
from ..events import Event, Rules, find_events, rules
from ..events.columns import Class
from ..model import Model
from ..registry import NETWORKS
from ..results import Detection
from ..warning import warn
from ..wording import argument
from .blocks import Waveform
from .framewise import DetectionAccumulator, Sink
from .segments import Frames
from .sliding import Placement, Stretches
from .state import SavedState
from .task import Task

WINDOW = 2.0
"""Seconds around each hop that a network without framewise probabilities is given, where the best
length was not measured."""

HOP = 1.0
"""Seconds from one of its frames to the next."""


class DetectionTask(Task[Detection]):
    """Which sounds, and when.

    Args:
        model: the network and its labels.
        method: as for `Rules`, like the next eleven; None is that of the network, if its file has
            one, else 'threshold'.
        threshold: as for `Rules`.
        threshold_off: as for `Rules`.
        smooth: as for `Rules`.
        min_duration: as for `Rules`.
        merge_gap: as for `Rules`.
        pad: as for `Rules`.
        step_filter: as for `Rules`.
        merge_difference: as for `Rules`.
        merge_ratio: as for `Rules`.
        classes: as for `Rules`.
        exclude: as for `Rules`.
        framewise: whether the result holds the framewise probabilities.
        window: seconds that a network without framewise probabilities is given for each frame;
            None is what was measured to be best for it, else 2. The others do not slide, and
            refuse it.
        hop: seconds from one of these frames to the next; None is what was measured, else 1.
        skip_silence: level in dB relative to full scale, 0 or less, up to which samples are
            silence: their framewise probabilities are 0. None computes everything.

    Raises:
        UsageError: if a setting makes no sense, or the network has not the output.

    Warns:
        UserWarning: if the network slides: times are as coarse as its hop.
    """

    name = "detect"
    output = "clipwise_output"
    result_type = Detection

    def __init__(
        self,
        model: Model,
        *,
        method: str | None = None,
        threshold: rules.Threshold | None = None,
        threshold_off: rules.Threshold | None = None,
        smooth: float = 0.0,
        min_duration: float = 0.0,
        merge_gap: float = 0.0,
        pad: float = 0.0,
        step_filter: float = rules.STEP_FILTER,
        merge_difference: float = rules.MERGE_DIFFERENCE,
        merge_ratio: float = rules.MERGE_RATIO,
        classes: Collection[Class] | Class | None = None,
        exclude: Collection[Class] | Class = (),
        framewise: bool = False,
        window: float | None = None,
        hop: float | None = None,
        skip_silence: float | None = None,
    ) -> None:
        self.rules = Rules(
            method=method or model.method or rules.DEFAULT_METHOD,
            threshold=threshold,
            default_threshold=model.threshold,
            threshold_off=threshold_off,
            smooth=smooth,
            min_duration=min_duration,
            merge_gap=merge_gap,
            pad=pad,
            step_filter=step_filter,
            merge_difference=merge_difference,
            merge_ratio=merge_ratio,
            classes=classes,
            exclude=exclude,
        )
        # What makes no sense is an error before the network runs.
        self.rules.columns(model.labels)
        self.rules.thresholds(model.labels)
        plain = {rule: _plain(value) for rule, value in vars(self.rules).items()}
        super().__init__(model, skip_silence, window=window, hop=hop, **plain)
        self.framewise = framewise
        names = model.output_names
        self.slides = names is not None and "framewise_output" not in names
        if not self.slides and (window, hop) != (None, None):
            raise UsageError(
                f"{model.name} has framewise probabilities: {argument('window')} and "
                f"{argument('hop')} are for networks that have none"
            )
        known = NETWORKS.get(model.name)
        best = (known.slide_window, known.slide_hop) if known else (0.0, 0.0)
        window = best[0] or WINDOW if window is None else window
        hop = best[1] or HOP if hop is None else hop
        self.window, self.hop = self.samples_of("window", window), self.samples_of("hop", hop)
        if self.slides:
            self.longest_clip = 0
            warn(
                f"{model.name} has no framewise probabilities: it slides, and the times of its "
                f"events are as coarse as its hop, {self.hop / model.sample_rate:g} s"
            )

    @property
    def frames_per_second(self) -> float:
        """Frames of the framewise probabilities in a second."""
        if self.slides:
            return self.model.sample_rate / self.hop
        return self.model.frames_per_second

    def results(
        self, waveforms: Sequence[Waveform], names: Sequence[str | None]
    ) -> list[Detection]:
        """Return the results of the clips of a batch, by one forward pass.

        Args:
            waveforms: (samples,) each, of one length.
            names: of the recordings.
        """
        return [
            self._of_clip(name, len(waveform), outputs)
            for name, waveform, outputs in zip(
                names, waveforms, self.outputs(waveforms), strict=True
            )
        ]

    def _of_clip(self, name: str | None, n_samples: int, outputs: Outputs) -> Detection:
        if "framewise_output" not in outputs:
            raise self.model.lacks("framewise_output")
        framewise = outputs["framewise_output"]
        self.check(name, framewise_output=framewise, clipwise_output=outputs["clipwise_output"])
        events = find_events(
            framewise,
            self.frames_per_second,
            duration=n_samples / self.model.sample_rate,
            labels=self.model.labels,
            **vars(self.rules),
        )
        return self.result(
            name,
            n_samples,
            clipwise=outputs["clipwise_output"],
            events=events,
            framewise=framewise if self.framewise else None,
            n_frames=len(framewise),
        )

    def result(
        self,
        name: str | None,
        n_samples: int,
        *,
        clipwise: NDArray[np.float32],
        framewise: Frames | None,
        n_frames: int,
        events: Iterable[Event],
        silence: int = 0,
    ) -> Detection:
        """Return the result of a recording.

        Args:
            name: of the recording.
            n_samples: of the recording.
            clipwise: probabilities, (classes,).
            framewise: probabilities, (frames, classes); None if they are not kept.
            n_frames: of the recording.
            events: by onset.
            silence: samples that are silence.
        """
        return Detection(
            **self.origin(name, n_samples, silence=silence),
            clipwise=clipwise,
            framewise=framewise,
            frames_per_second=self.frames_per_second,
            n_frames=n_frames,
            n_samples=n_samples,
            labels=tuple(self.model.labels),
            events=tuple(events),
        )

    def accumulator(
        self,
        name: str | None,
        state: SavedState | None = None,
        frames_to: Sink | None = None,
    ) -> DetectionAccumulator:
        """Return what takes one recording chunk by chunk.

        Args:
            name: of the recording.
            state: of another accumulator of it, to go on where that one stood.
            frames_to: takes the framewise probabilities as they come, instead of the result.
        """
        return DetectionAccumulator(self, name, state or {}, frames_to)

    def cutter(self, state: SavedState | None = None) -> Stretches:
        """Return what cuts a recording into the windows of a network that slides.

        Args:
            state: of another one.
        """
        at_once = max(1, self.block // self.window)
        return Stretches(self.window, self.hop, Placement.CENTRED, at_once, state)


def _plain(value: Any) -> Any:
    """A setting as JSON holds it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Collection) and not isinstance(value, str):
        return [_plain(each) for each in value]
    return value
