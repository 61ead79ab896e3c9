"""Recordings in, results out: `tag`, `detect` and `embed` of every model."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, overload

from .audio import Reading, Source
from .events import rules
from .events.columns import Class
from .iterators import Iterators
from .pipeline import DetectionTask, EmbeddingTask, TaggingTask
from .pipeline.run import results_of
from .results import Detection, Embedding, Tagging

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .keywords import All, Clipwise, Each, Framewise, Side


class Recogniser(Iterators):
    """A model that recordings are given to."""

    @overload
    def tag(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        channel: Each,
        track: int | All | None = None,
        **more: Unpack[Clipwise],
    ) -> list[Tagging]: ...

    @overload
    def tag(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        channel: int | Side = "mix",
        track: All,
        **more: Unpack[Clipwise],
    ) -> list[Tagging]: ...

    @overload
    def tag(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        channel: int | Side = "mix",
        track: int | None = None,
        **more: Unpack[Clipwise],
    ) -> Tagging: ...

    def tag(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        window: float | None = None,
        hop: float | None = None,
        min_clip: float | None = None,
        skip_silence: float | None = None,
        resampler: str = "soxr",
        strict: bool = False,
        track: int | str | None = None,
        channel: int | str = "mix",
    ) -> Tagging | list[Tagging]:
        """Return which sounds a recording holds.

        A long recording goes through the network in blocks; the result is that of one pass over all
        of it.

        Args:
            audio: path or binary file of any format and rate, or samples in memory: (samples,) or
                (channels, samples), NumPy or torch, floats nominally in [-1, 1] or integers, which
                are divided by their full scale.
            sample_rate: of samples in memory, in Hz, which need it; a file knows its own.
            window: seconds of the stretches of which there are tags, too; None is none.
            hop: seconds from a stretch to the next; None is `window`.
            min_clip: seconds of the shortest clip that the network is given: a recording or
                stretch that is shorter is put in the middle of zeros of that length, in which short
                sounds are often recognised better. 0 pads nothing; None is 3 for LeeNet11, for
                which that was measured, unless silence is skipped, and 0 for all others.
            skip_silence: level in dB relative to full scale, 0 or less, up to which samples are
                silence that need not go through the network; None computes everything.
            resampler: 'soxr', or 'resampy' (extra `resampy`).
            strict: raise for a recording that is cut or damaged, instead of warning.
            track: number of the sound track of a file, from 1; None is its default track; 'all'
                gives a list with a result of each.
            channel: 'mix' for the mean of the channels; the number of one, from 1; 'left' and
                'right', which are channels 1 and 2; 'each' gives a list with a result of each.

        Raises:
            AudioError: if the recording cannot be read, is empty, or holds samples that are not
                finite.
            UsageError: if samples in memory come without their rate, a setting makes no sense, or
                the labels are not as many as the network's classes.
        """
        task = TaggingTask(
            self, window=window, hop=hop, min_clip=min_clip, skip_silence=skip_silence
        )
        return results_of(task, audio, sample_rate, Reading(resampler, strict, track, channel))

    @overload
    def detect(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        channel: Each,
        track: int | All | None = None,
        **more: Unpack[Framewise],
    ) -> list[Detection]: ...

    @overload
    def detect(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        channel: int | Side = "mix",
        track: All,
        **more: Unpack[Framewise],
    ) -> list[Detection]: ...

    @overload
    def detect(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        channel: int | Side = "mix",
        track: int | None = None,
        **more: Unpack[Framewise],
    ) -> Detection: ...

    def detect(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        method: str = rules.DEFAULT_METHOD,
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
    ) -> Detection | list[Detection]:
        """Return which sounds a recording holds, and when.

        Args:
            audio: as for `tag`.
            sample_rate: as for `tag`.
            method: 'threshold', for runs of frames above it, or 'boxes', for segments between
                changes of the probability, of which the threshold chooses by their mean.
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
            skip_silence: as for `tag`.
            resampler: as for `tag`.
            strict: as for `tag`.
            track: as for `tag`.
            channel: as for `tag`.

        Raises:
            AudioError: as `tag`.
            UsageError: as `tag`, and if a rule makes no sense.

        Warns:
            UserWarning: if the network slides: times are as coarse as its hop.
        """
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

    @overload
    def embed(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        channel: Each,
        track: int | All | None = None,
        **more: Unpack[Clipwise],
    ) -> list[Embedding]: ...

    @overload
    def embed(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        channel: int | Side = "mix",
        track: All,
        **more: Unpack[Clipwise],
    ) -> list[Embedding]: ...

    @overload
    def embed(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        channel: int | Side = "mix",
        track: int | None = None,
        **more: Unpack[Clipwise],
    ) -> Embedding: ...

    def embed(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        window: float | None = None,
        hop: float | None = None,
        min_clip: float | None = None,
        skip_silence: float | None = None,
        resampler: str = "soxr",
        strict: bool = False,
        track: int | str | None = None,
        channel: int | str = "mix",
    ) -> Embedding | list[Embedding]:
        """Return a recording as a vector, for search, clustering, or a classifier of one's own.

        Args:
            audio: as for `tag`.
            sample_rate: as for `tag`.
            window: as for `tag`.
            hop: as for `tag`.
            min_clip: as for `tag`.
            skip_silence: as for `tag`.
            resampler: as for `tag`.
            strict: as for `tag`.
            track: as for `tag`.
            channel: as for `tag`.

        Raises:
            AudioError: as `tag`.
            UsageError: as `tag`, and if the network has no embedding of a whole recording.
        """
        task = EmbeddingTask(
            self, window=window, hop=hop, min_clip=min_clip, skip_silence=skip_silence
        )
        return results_of(task, audio, sample_rate, Reading(resampler, strict, track, channel))
