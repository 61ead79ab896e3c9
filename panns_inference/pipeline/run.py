"""The one way of recordings through a task, for a single call as for a folder.

    inputs --decoding--> clips --batches--> Task.results ----------------> outcomes
                           |                                                  ^
                           '--> chunks of a long recording --Task.accumulator-'

Recordings are prefetched in threads, as far as the bounds on what waits allow. On the CPU some
workers compute a batch each, with a share of the cores: two that have one core each are faster than
one that has two, and no core waits for another while decoding takes it away for a moment. A long
recording gets all cores, in the thread that iterates over the outcomes. A single recording needs no
threads at all.
"""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..audio import Reading, Source, name_of
from ..audio.sources import recordings_in
from ..errors import AudioError, PannsError
from ..results import Result
from .batches import batches
from .long import Progress, Resume, accumulated
from .prefetch import made_in_threads
from .recordings import Clip, Input, Outcome, decoded, inputs_of
from .task import Task
from .workers import default_jobs, samples_at_once, workers

LOG = logging.getLogger("panns_inference")

R = TypeVar("R", bound=Result)


def _nowhere(number: int) -> None:
    """Long recordings begin anew."""


def run(
    task: Task[R],
    inputs: Sequence[Input],
    *,
    jobs: int = 0,
    done: Mapping[int, int] | None = None,
    resume: Callable[[int], Resume | None] = _nowhere,
    increments: bool = False,
    progress: Progress | None = None,
) -> Iterator[Outcome[R]]:
    """Yield what has become of each recording, as soon as it is known.

    Args:
        task: what is wanted of the model.
        inputs: the recordings.
        jobs: threads that prefetch; 0 decodes when a recording is wanted.
        done: recordings whose results are not wanted, for an earlier run had them, by their places
            in the list: their lengths in samples at the network's rate.
        resume: place in the list to where the state of a long recording is saved.
        increments: whether what is known of a long recording is yielded on the way, as outcomes
            that are not the last of that recording.
        progress: counts what was processed, whenever something was; None is nobody.
    """
    steps = _Run(task, inputs, jobs, done or {}, resume, increments, progress)
    for outcome in steps.single() if len(inputs) == 1 else steps.several():
        if progress and outcome.n_samples <= task.longest_clip:  # the others count on the way
            progress.add_seconds(outcome.n_samples / task.model.sample_rate)
        yield outcome


def results_of(
    task: Task[R], audio: Any, sample_rate: int | None, reading: Reading
) -> R | list[R] | list[list[R]]:
    """Return the result of a recording, or those of its channels or tracks, each as if alone.

    Of a list of recordings there is a list, in their order; short ones of one length are computed
    in one batch.

    Args:
        task: what is wanted.
        audio: a recording, or an iterable of several, as for `Recogniser.tag`.
        sample_rate: of samples in memory, in Hz.
        reading: how it is read.

    Raises:
        AudioError: if it cannot be read.
        UsageError: if what is wanted of it makes no sense.
    """
    if (recordings := recordings_in(audio)) is not None:
        return _results_of_several(task, recordings, sample_rate, reading)
    found = []
    for one in inputs_of(audio, sample_rate, reading):
        (outcome,) = run(task, [one])
        if isinstance(outcome.result, PannsError):
            raise outcome.result
        found.append(outcome.result)
    return found if reading.is_several else found[0]


def _results_of_several(
    task: Task[R], recordings: Sequence[Source], sample_rate: int | None, reading: Reading
) -> list[R] | list[list[R]]:
    inputs: list[Input] = []
    owners: list[int] = []  # the number of the recording that an input is of
    for number, audio in enumerate(recordings):
        try:
            found = inputs_of(audio, sample_rate, reading)
            for one in found:  # nothing is read yet: errors of arguments come now
                one.chunks(task.model.sample_rate)
            inputs += found
        except PannsError as error:
            raise _of_number(number, error) from error
        owners += [number] * (len(inputs) - len(owners))
    # Open files may be of one archive, which stands in one place at a time.
    is_shared = any(hasattr(audio, "read") for audio in recordings)
    results: list[list[R]] = [[] for _ in recordings]
    for outcome in in_turn(run(task, inputs, jobs=0 if is_shared else default_jobs(task))):
        owner = owners[outcome.number]
        if isinstance(outcome.result, PannsError):
            raise _of_number(owner, outcome.result) from outcome.result
        results[owner].append(outcome.result)
    return results if reading.is_several else [result for (result,) in results]


def _of_number(number: int, error: PannsError) -> PannsError:
    """The same error, with the place of its recording in the list, from 1."""
    return type(error)(f"recording {number + 1} of the list: {error}")


@dataclass(frozen=True)
class _Run(Generic[R]):
    """The arguments of `run`, and its steps."""

    task: Task[R]
    inputs: Sequence[Input]
    jobs: int
    done: Mapping[int, int]
    resume: Callable[[int], Resume | None]
    increments: bool
    progress: Progress | None

    def single(self) -> Iterator[Outcome[R]]:
        """The outcome of a single recording: no threads are needed."""
        if 0 in self.done:
            return
        clip = decoded(self.inputs[0], 0, self.task)
        if clip.error is not None:
            yield clip.outcome(clip.error)
        elif clip.n_samples > self.task.longest_clip:
            yield from self.accumulated(clip)
        else:
            yield from self.outcomes([clip])

    def several(self) -> Iterator[Outcome[R]]:
        """The outcomes of several recordings: short ones by workers, in batches."""
        failed: list[Outcome[R]] = []
        waiting: deque[Future[list[Outcome[R]]]] = deque()
        n_workers, pool = workers(self.task)
        try:
            clips, task = self.readable(failed), self.task
            for batch in batches(clips, samples_at_once(task), task.min_samples):
                while failed:
                    yield failed.pop(0)
                if all(clip.number in self.done for clip in batch):
                    continue
                is_long = batch[0].n_samples > self.task.longest_clip
                while len(waiting) > (0 if is_long else n_workers):
                    yield from waiting.popleft().result()
                if is_long:
                    yield from self.accumulated(batch[0])
                else:
                    waiting.append(pool.submit(self.outcomes, batch))
            while waiting:
                yield from waiting.popleft().result()
            yield from failed
        finally:
            pool.shutdown(cancel_futures=True)

    def readable(self, failed: list[Outcome[R]]) -> Iterator[Clip]:
        """The clips that could be decoded; the others go where they are collected."""
        numbers = range(len(self.inputs))
        clips = (
            made_in_threads(self.decoded, numbers, self.jobs, self.task.block)
            if self.jobs
            else map(self.decoded, numbers)
        )
        for clip in clips:
            if clip.error is None:
                yield clip
            else:
                failed.append(clip.outcome(clip.error))

    def decoded(self, number: int) -> Clip:
        """A recording decoded; one that is done need not be, unless others depend on it."""
        if number in self.done:
            return Clip(number, self.done[number])
        return decoded(self.inputs[number], number, self.task)

    def accumulated(self, clip: Clip) -> Iterator[Outcome[R]]:
        """What becomes known of a recording that is longer than a block."""
        return accumulated(
            self.task,
            clip,
            name_of(self.inputs[clip.number].source),
            prefetch=self.jobs > 0,
            increments=self.increments,
            resume=self.resume(clip.number),
            progress=self.progress,
        )

    def outcomes(self, batch: Sequence[Clip]) -> list[Outcome[R]]:
        """The outcomes of a batch of what fits into a block."""
        # Those that were done in an earlier run are computed again: the others depend on them.
        clips = [self.again(clip) if clip.number in self.done else clip for clip in batch]
        waveforms = [next(clip.chunks) for clip in clips]
        names = [name_of(self.inputs[clip.number].source) for clip in clips]
        results: Iterable[R | AudioError]
        try:
            results = self.task.results(waveforms, names)
        except AudioError as error:
            results = self.singly(waveforms, names) if len(batch) > 1 else [error]
        return [
            clip.outcome(result)
            for clip, result in zip(clips, results, strict=True)
            if clip.number not in self.done
        ]

    def singly(
        self, waveforms: Sequence[NDArray[np.float32]], names: Sequence[str | None]
    ) -> Iterator[R | AudioError]:
        """The results of clips one by one: one that has none spoils no other."""
        for waveform, name in zip(waveforms, names, strict=True):
            try:
                yield from self.task.results([waveform], [name])
            except AudioError as error:
                yield error

    def again(self, clip: Clip) -> Clip:
        """A clip that was done before with its samples; silence if it cannot be read now."""
        one = self.inputs[clip.number]
        again = decoded(one, clip.number, self.task)
        if again.n_samples == clip.n_samples:
            return again
        name = name_of(one.source)
        changed = f"{name!r} is not the recording that it was, though of the same size and time"
        cause = again.error or changed
        LOG.warning("warning: %s: it was done before, and its result is kept", cause)
        silence = np.zeros(clip.n_samples, np.float32)
        return Clip(clip.number, clip.n_samples, iter([silence]))


def in_turn(outcomes: Iterable[Outcome[R]]) -> Iterator[Outcome[R]]:
    """Yield the same outcomes in the order of the recordings.

    Args:
        outcomes: those of all recordings, in any order; those of one in theirs.
    """
    early: defaultdict[int, list[Outcome[R]]] = defaultdict(list)
    number = 0
    for each in outcomes:
        early[each.number].append(each)
        while found := early.pop(number, []):
            yield from found
            number += found[-1].is_last
