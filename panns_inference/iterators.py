"""What becomes known along a recording, as it becomes known: `tags`, `events`, `embeddings`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NoReturn, TypeVar

from .arguments import unknown_argument
from .audio import Reading, Source, name_of
from .errors import UsageError
from .events import Event, rules
from .events.columns import Class
from .model import Model
from .pipeline import DetectionTask, EmbeddingTask, TaggingTask
from .pipeline.clipwise import ClipwiseTask
from .pipeline.recordings import Input, inputs_of, with_origin
from .results import Embedding, Result, Tagging

C = TypeVar("C", bound=Result)


class Iterators(Model):
    """A model that gives results along a recording, while it is read."""

    def tags(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        window: float,
        hop: float | None = None,
        min_clip: float | None = None,
        skip_silence: float | None = None,
        resampler: str = "soxr",
        strict: bool = False,
        track: int | str | None = None,
        channel: int | str = "mix",
        **_unknown: NoReturn,
    ) -> Iterator[Tagging]:
        """Yield tags of stretches of a recording, as they become known; `tag` gives those of all.

        With `channel='each'` or `track='all'` they come one channel or track after the other.

        Args:
            audio: as for `Recogniser.tag`, but one recording.
            sample_rate: as for `Recogniser.tag`.
            window: length of a stretch in seconds.
            hop: as for `Recogniser.tag`.
            min_clip: as for `Recogniser.tag`.
            skip_silence: as for `Recogniser.tag`.
            resampler: as for `Recogniser.tag`.
            strict: as for `Recogniser.tag`.
            track: as for `Recogniser.tag`.
            channel: as for `Recogniser.tag`.

        Raises:
            AudioError: as `Recogniser.tag`.
            UsageError: as `Recogniser.tag`.
        """
        if _unknown:
            raise unknown_argument(_unknown, self.tags, type(self))
        reading = Reading(resampler, strict, track, channel)
        task = TaggingTask(
            self, window=window, hop=hop, min_clip=min_clip, skip_silence=skip_silence
        )
        return _along(task, inputs_of(audio, sample_rate, reading))

    def events(
        self,
        audio: Source,
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
        window: float | None = None,
        hop: float | None = None,
        skip_silence: float | None = None,
        resampler: str = "soxr",
        strict: bool = False,
        track: int | str | None = None,
        channel: int | str = "mix",
        **_unknown: NoReturn,
    ) -> Iterator[Event]:
        """Yield the events of a recording, each as soon as nothing to come can change it.

        They are those of `detect`, by the time at which they are known.

        Args:
            audio: as for `Recogniser.tag`, but one recording.
            sample_rate: as for `Recogniser.tag`.
            method: as for `Recogniser.detect`.
            threshold: as for `Recogniser.detect`.
            threshold_off: as for `Recogniser.detect`.
            smooth: as for `Recogniser.detect`.
            min_duration: as for `Recogniser.detect`.
            merge_gap: as for `Recogniser.detect`.
            pad: as for `Recogniser.detect`.
            step_filter: as for `Recogniser.detect`.
            merge_difference: as for `Recogniser.detect`.
            merge_ratio: as for `Recogniser.detect`.
            classes: as for `Recogniser.detect`.
            exclude: as for `Recogniser.detect`.
            window: as for `Recogniser.detect`.
            hop: as for `Recogniser.detect`.
            skip_silence: as for `Recogniser.detect`.
            resampler: as for `Recogniser.tag`.
            strict: as for `Recogniser.tag`.
            track: as for `Recogniser.tag`, but one.
            channel: as for `Recogniser.tag`, but one or a mix.

        Raises:
            AudioError: as `Recogniser.tag`.
            UsageError: as `Recogniser.detect`.
        """
        if _unknown:
            raise unknown_argument(_unknown, self.events, type(self))
        reading = Reading(resampler, strict, track, channel)
        if reading.is_several:
            raise UsageError(
                "an event does not say of which track or channel it is: request the events of one "
                "at a time, or detect() for a result of each"
            )
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
            window=window,
            hop=hop,
            skip_silence=skip_silence,
        )
        (one,) = inputs_of(audio, sample_rate, reading)
        return _events(task, one)

    def embeddings(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        window: float,
        hop: float | None = None,
        min_clip: float | None = None,
        skip_silence: float | None = None,
        resampler: str = "soxr",
        strict: bool = False,
        track: int | str | None = None,
        channel: int | str = "mix",
        **_unknown: NoReturn,
    ) -> Iterator[Embedding]:
        """Yield embeddings of stretches of a recording, as they become known.

        With `channel='each'` or `track='all'` they come one channel or track after the other.

        Args:
            audio: as for `Recogniser.tag`, but one recording.
            sample_rate: as for `Recogniser.tag`.
            window: length of a stretch in seconds.
            hop: as for `Recogniser.tag`.
            min_clip: as for `Recogniser.tag`.
            skip_silence: as for `Recogniser.tag`.
            resampler: as for `Recogniser.tag`.
            strict: as for `Recogniser.tag`.
            track: as for `Recogniser.tag`.
            channel: as for `Recogniser.tag`.

        Raises:
            AudioError: as `Recogniser.tag`.
            UsageError: as `Recogniser.embed`.
        """
        if _unknown:
            raise unknown_argument(_unknown, self.embeddings, type(self))
        reading = Reading(resampler, strict, track, channel)
        task = EmbeddingTask(
            self, window=window, hop=hop, min_clip=min_clip, skip_silence=skip_silence
        )
        return _along(task, inputs_of(audio, sample_rate, reading))


def _along(task: ClipwiseTask[C], inputs: Iterable[Input]) -> Iterator[C]:
    """Results of stretches, of one recording after the other."""
    for one in inputs:
        chunks = one.chunks(task.model.sample_rate)
        for result in task.along(name_of(one.source), chunks):
            yield with_origin(result, chunks)


def _events(task: DetectionTask, one: Input) -> Iterator[Event]:
    """Events of a recording, as they become known."""
    accumulator = task.accumulator(name_of(one.source))
    for chunk in one.chunks(task.model.sample_rate):
        yield from accumulator.feed(chunk)
        accumulator.take()  # what was given is not kept
    yield from accumulator.end()
