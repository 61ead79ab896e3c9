"""What a network finds in recordings, to be shown.

Framewise probabilities of a long recording become columns as they come: a day takes as little
memory as an hour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from ..audio import Reading
from ..batch.aliases import outcomes
from ..batch.progress import OnError, Progress
from ..batch.recording import Recording
from ..errors import PannsError
from ..pipeline import Accumulator, DetectionTask, Task
from ..pipeline.run import run
from ..plot.drawing import Settings
from ..plot.pooling import Pooling
from ..plot.scene import scene_of_detection
from ..plot.sound import sound_of
from ..results import Result
from .calendar import Hours
from .output import Shown

R = TypeVar("R", bound=Result)


class Pooled:
    """Takes the framewise probabilities of a long recording, and keeps columns of them.

    Attributes:
        pooling: what it keeps; None before the recording has turned out to be a long one.
    """

    def __init__(self) -> None:
        self.pooling: Pooling | None = None

    def of(self, number: int) -> Pooled:
        """Return itself, whichever place in a list the recording has.

        Args:
            number: the place.
        """
        return self

    def accumulator(self, task: Task[R], name: str | None) -> Accumulator[R]:
        """Return what processes the recording.

        Args:
            task: a `DetectionTask`.
            name: of the recording.
        """
        pooling = self.pooling = Pooling(np.maximum, task.model.classes_num)
        detection: Any = task
        accumulator: Accumulator[R] = detection.accumulator(name, frames_to=pooling.add)
        return accumulator

    def save(self, accumulator: Accumulator[R]) -> None:
        """Keep nothing on the way: a picture is drawn anew.

        Args:
            accumulator: of the recording.
        """


def shown_recordings(
    task: DetectionTask,
    recordings: Sequence[Recording],
    reading: Reading,
    settings: Settings,
    counted: Progress,
    on_error: OnError,
) -> Iterator[Shown]:
    """Yield what is shown of each recording, but for those that cannot be read.

    Args:
        task: with framewise probabilities.
        recordings: files.
        reading: how they are read.
        settings: how pictures are to be.
        counted: takes what was done, and what has failed.
        on_error: as for `batch.results`.
    """
    labels = task.model.labels
    wanted = {labels[column] for column in task.rules.columns(labels)}
    for number, recording in enumerate(recordings):
        pooled = Pooled()
        one = recording.input(reading)
        try:
            (outcome,) = run(task, [one], resume=pooled.of, progress=counted)
            if isinstance(outcome.result, PannsError):
                raise outcome.result
            wants_sound = settings.sound != "none"
            sound = (
                sound_of(one.source, settings.sound, reading=one.reading) if wants_sound else None
            )
        except PannsError as error:
            counted.add_failure(number, recording.name, error, on_error)
            continue
        finally:
            counted.finish(number)
        counted.add_done()
        result = outcome.result
        if reading.clock is not None:
            result = replace(result, start=reading.clock.start_of(one.source), is_clocked=True)
        scene = scene_of_detection(result, settings.top, sound, pooled.pooling, wanted)
        yield Shown(recording, scene, recording.name)


def counted_in_recordings(
    task: DetectionTask,
    recordings: Sequence[Recording],
    reading: Reading,
    jobs: int | None,
    counted: Progress,
    on_error: OnError,
) -> Hours:
    """Return how many events of some recordings there are in each hour.

    Args:
        task: without framewise probabilities.
        recordings: files.
        reading: how they are read.
        jobs: as for `batch.results`.
        counted: takes what was done, and what has failed.
        on_error: as for `batch.results`.
    """
    hours = Hours()
    for outcome, _ in outcomes(task, recordings, reading, counted, jobs=jobs):
        result = outcome.result
        if isinstance(result, PannsError):
            name = recordings[outcome.number].name
            counted.add_failure(outcome.number, name, result, on_error)
            continue
        counted.add_done()
        hours.cover(result.began, result.duration)
        for event in result.events:
            hours.add(event.label, result.clock(event.onset))
    return hours
