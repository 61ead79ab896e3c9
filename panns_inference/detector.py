"""Recordings in, events out: `detect` of every model."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, NoReturn, overload

from .arguments import unknown_argument
from .audio import Reading, Source
from .events import rules
from .events.columns import Class
from .iterators import Iterators
from .pipeline import DetectionTask
from .pipeline.run import results_of
from .results import Detection

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .keywords import All, Each, Framewise, Many, One, Side


class Detector(Iterators):
    """A model that says when there are sounds."""

    @overload
    def detect(  # type: ignore[overload-overlap]
        self,
        audio: One,
        sample_rate: int | None = None,
        *,
        channel: Each,
        track: int | All | None = None,
        **more: Unpack[Framewise],
    ) -> list[Detection]: ...

    @overload
    def detect(  # type: ignore[overload-overlap]
        self,
        audio: One,
        sample_rate: int | None = None,
        *,
        channel: int | Side = "mix",
        track: All,
        **more: Unpack[Framewise],
    ) -> list[Detection]: ...

    @overload
    def detect(  # type: ignore[overload-overlap]
        self,
        audio: One,
        sample_rate: int | None = None,
        *,
        channel: int | Side = "mix",
        track: int | None = None,
        **more: Unpack[Framewise],
    ) -> Detection: ...

    @overload
    def detect(
        self,
        audio: Many,
        sample_rate: int | None = None,
        *,
        channel: Each,
        track: int | All | None = None,
        **more: Unpack[Framewise],
    ) -> list[list[Detection]]: ...

    @overload
    def detect(
        self,
        audio: Many,
        sample_rate: int | None = None,
        *,
        channel: int | Side = "mix",
        track: All,
        **more: Unpack[Framewise],
    ) -> list[list[Detection]]: ...

    @overload
    def detect(
        self,
        audio: Many,
        sample_rate: int | None = None,
        *,
        channel: int | Side = "mix",
        track: int | None = None,
        **more: Unpack[Framewise],
    ) -> list[Detection]: ...

    def detect(
        self,
        audio: Source | Iterable[Source],
        sample_rate: int | None = None,
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
        resampler: str = "soxr",
        strict: bool = False,
        track: int | str | None = None,
        channel: int | str = "mix",
        **_unknown: NoReturn,
    ) -> Detection | list[Detection] | list[list[Detection]]:
        """Return which sounds a recording holds, and when.

        Args:
            audio: as for `Recogniser.tag`.
            sample_rate: as for `Recogniser.tag`.
            method: 'threshold', for runs of frames above it, or 'boxes', for segments between
                changes of the probability, of which the threshold chooses by their mean; None is
                what the file of the network says, else 'threshold'.
            threshold: probability in (0, 1] from which on there is an event: a number, an array of
                one for each class, or a mapping from label, mid or index; None is that of the
                network, `Model.threshold`: chosen from data for PannsMini, 0.5 for the others.
            threshold_off: probability down to which an event lasts; None is `threshold`. It is of
                the method threshold alone, as are `smooth`, `merge_gap` and `pad`.
            smooth: length in seconds of a median filter over the probabilities.
            min_duration: seconds; shorter events are dropped.
            merge_gap: seconds; events of a class with no longer gap between them become one.
            pad: seconds by which each event grows at both ends.
            step_filter: seconds of the filter that finds changes; for boxes, as are the next two.
            merge_difference: boxes of a class are merged if the largest probability of both is at
                most this far above the smallest between them, and
            merge_ratio: at most this many times as large.
            classes: labels, mids or indices of the classes that are wanted; None is all.
            exclude: classes that are not wanted.
            framewise: whether the result holds the framewise probabilities.
            window: seconds around each hop, for a network without framewise probabilities, which
                slides; None is 2.
            hop: seconds from one of its frames to the next; None is 1.
            skip_silence: as for `Recogniser.tag`.
            resampler: as for `Recogniser.tag`.
            strict: as for `Recogniser.tag`.
            track: as for `Recogniser.tag`.
            channel: as for `Recogniser.tag`.

        Raises:
            AudioError: as `Recogniser.tag`.
            UsageError: as `Recogniser.tag`, and if a rule makes no sense.

        Warns:
            UserWarning: if the network slides: times are as coarse as its hop.
        """
        if _unknown:
            raise unknown_argument(_unknown, self.detect, type(self))
        task = DetectionTask(
            self,
            method=method,
            threshold=threshold,
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
            framewise=framewise,
            window=window,
            hop=hop,
            skip_silence=skip_silence,
        )
        return results_of(task, audio, sample_rate, Reading(resampler, strict, track, channel))
