"""A long recording through the network, chunk by chunk, with all cores.

chunks --accumulator--> increments: what nothing to come can change
             |  '-----> the result at the end, without what was given in increments
             '--------> its state, from which a later run goes on
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol, TypeVar

from ..errors import AudioError
from ..results import Result
from .prefetch import buffered
from .recordings import Clip, Outcome, behind
from .task import Accumulator, Task

R = TypeVar("R", bound=Result)


class Resume(Protocol):
    """Where the state of a long recording is saved, so that a later run goes on from there."""

    def accumulator(self, task: Task[R], name: str | None) -> Accumulator[R]:
        """Return an accumulator that goes on where the saved state ends; else a new one.

        Args:
            task: what is wanted.
            name: of the recording.
        """

    def save(self, accumulator: Accumulator[R]) -> None:
        """Save the state of an accumulator, if it is time.

        Args:
            accumulator: of the recording.
        """


class Progress(Protocol):
    """What counts how far a run is."""

    def add_seconds(self, seconds: float) -> None:
        """Count audio that was processed.

        Args:
            seconds: of it.
        """

    def go_on(self, name: str | None, seconds: float) -> None:
        """Count what an earlier run has processed of a long recording.

        Args:
            name: of the recording.
            seconds: from its beginning.
        """


def accumulated(
    task: Task[R],
    clip: Clip,
    name: str | None,
    *,
    prefetch: bool,
    increments: bool,
    resume: Resume | None,
    progress: Progress | None,
) -> Iterator[Outcome[R]]:
    """Yield the outcome of a long recording, and before it what becomes known on the way.

    Args:
        task: what is wanted of the model.
        clip: the recording, the beginning of which is decoded.
        name: of the recording.
        prefetch: whether it is decoded in another thread.
        increments: whether increments are wanted; without them, the outcome holds all.
        resume: where its state is saved; None saves none.
        progress: counts what was processed; None is nobody.
    """
    accumulator = resume.accumulator(task, name) if resume else task.accumulator(name)
    rate = task.model.sample_rate
    if progress and accumulator.n_samples:
        progress.go_on(name, accumulator.n_samples / rate)
    chunks = behind(accumulator.n_samples, clip.chunks)
    try:
        for chunk in buffered(chunks) if prefetch else chunks:
            accumulator.feed(chunk)
            if increments:
                yield from _increments(clip, accumulator)
            if progress:
                progress.add_seconds(len(chunk) / rate)
            if resume:
                resume.save(accumulator)
        if increments:
            accumulator.end()
            yield from _increments(clip, accumulator)
        result = accumulator.finish()
    except AudioError as error:
        yield Outcome(clip.number, 0, error)
        return
    yield replace(clip, n_samples=accumulator.n_samples).outcome(result)


def _increments(clip: Clip, accumulator: Accumulator[R]) -> Iterator[Outcome[R]]:
    for part in accumulator.take():
        yield replace(clip.outcome(part), is_last=False)
