"""The way of many recordings through a network.

    files --decoders--> clips --together--> batches --workers--> results
                          |
                          '--> blocks of a long recording --listener--> result

Decoders run ahead in threads, as far as the bounds on what waits allow. On the CPU some workers
hear a batch each, with a share of the cores: two that have one core each are faster than one that
has two, and no core waits for another while decoders take it away for a moment. A long recording
gets all cores, where `heard` is iterated over.
"""

from __future__ import annotations

import itertools
import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import cores
from ..audio import Blocks, Reading, waveform
from ..engine.schedule import schedule_of
from ..errors import AudioError, PannsError
from ..results import Result
from ..verbs import Verb
from .ahead import in_order, pulled
from .recording import Recording
from .resume import SavedState
from .together import results_of, together

LOG = logging.getLogger("panns_inference")

Waveform = Iterator[NDArray[np.float32]]

BLOCK_SECONDS = 10
"""Length of the blocks in which recordings are read."""


class Heard(NamedTuple):
    """What has become of a recording.

    Attributes:
        number: its place in the list of recordings.
        n_samples: its length at the network's rate; 0 if it could not be read.
        outcome: the result, or why there is none.
        heard_as: the recording under the name by which it was read.
    """

    number: int
    n_samples: int
    outcome: Result | PannsError
    heard_as: Recording


def _no_notes(recording: Recording) -> None:
    """Long recordings are heard again from their beginning."""


def _nobody(seconds: float) -> None:
    """Nobody is told how far it is."""


@dataclass(frozen=True)
class _Clip:
    """A recording between the decoder and the network.

    One that is not longer than what a network hears at once is decoded, and is one block; of a
    longer one, `n_samples` counts what is decoded already.
    """

    number: int
    n_samples: int
    blocks: Waveform = field(default_factory=lambda: iter(()))
    waveform: Blocks | None = None
    error: AudioError | None = None

    def of(self, result: Result | AudioError) -> Result | AudioError:
        """A result with what is known of the recording when it was read."""
        if isinstance(result, AudioError) or self.waveform is None:
            return result
        return result.made_from(**self.waveform.origin)


@dataclass(frozen=True)
class Hearing:
    """How recordings are heard.

    Attributes:
        verb: what is asked of the model.
        recordings: the files.
        jobs: decoders that work at the same time.
        reading: how they are read.
        done: recordings that need no hearing, by their places in the list: their lengths in
            samples at the network's rate.
        notes: where notes on a long recording are kept; None keeps none.
        tell: called with the seconds of audio that were heard, whenever some were.
    """

    verb: Verb
    recordings: Sequence[Recording]
    jobs: int = 1
    reading: Reading = field(default_factory=Reading)
    done: Mapping[int, int] = field(default_factory=dict)
    notes: Callable[[Recording], SavedState | None] = _no_notes
    tell: Callable[[float], object] = _nobody

    def heard(self) -> Iterator[Heard]:
        """What has become of each recording that is not done, as soon as it is known."""
        failed: list[Heard] = []
        clips = self._without(failed)
        waiting: deque[Future[list[Heard]]] = deque()
        n_workers, pool = workers(self.verb, len(self.recordings))
        try:
            for batch in together(clips, samples_at_once(self.verb)):
                while failed:
                    yield failed.pop(0)
                if all(clip.number in self.done for clip in batch):
                    continue
                is_long = batch[0].n_samples > self.verb.at_most
                while len(waiting) > (0 if is_long else n_workers):
                    yield from self._told(waiting.popleft())
                if is_long:
                    yield self._listened(batch[0])
                else:
                    waiting.append(pool.submit(self._together, batch))
            while waiting:
                yield from self._told(waiting.popleft())
            yield from failed
        finally:
            pool.shutdown(cancel_futures=True)

    def _without(self, failed: list[Heard]) -> Iterator[_Clip]:
        """The clips that could be decoded; the others go where they are collected."""
        numbers = range(len(self.recordings))
        for clip in in_order(self._clip, numbers, self.jobs, self.verb.block):
            if clip.error is None:
                yield clip
            else:
                failed.append(self._of(clip, clip.error))

    def _clip(self, number: int) -> _Clip:
        """A recording decoded, as far as a block reaches."""
        if number in self.done:
            return _Clip(number, self.done[number])
        try:
            return self._decoded(number)
        except AudioError as error:
            return _Clip(number, 0, error=error)

    def _decoded(self, number: int) -> _Clip:
        recording, rate = self.recordings[number], self.verb.model.sample_rate
        reading = self.reading.of(recording.track, recording.channel)
        rest = waveform(recording.source, rate, BLOCK_SECONDS * rate, reading)
        held: list[NDArray[np.float32]] = []
        n_samples = 0
        while n_samples <= self.verb.block and (block := next(rest, None)) is not None:
            held.append(block)
            n_samples += len(block)
        if n_samples <= self.verb.block:
            held = [np.concatenate(held)]
        return _Clip(number, n_samples, itertools.chain(held, rest), rest)

    def _together(self, batch: Sequence[_Clip]) -> list[Heard]:
        """The outcomes of clips that go through the network together."""
        # Those that were done in an earlier run are heard again: the others depend on them.
        again = [self._again(clip) for clip in batch]
        waveforms = np.stack([next(clip.blocks) for clip in again])
        names = [self.recordings[clip.number].name for clip in batch]
        results = results_of(self.verb, waveforms, names)
        return [
            self._of(clip, clip.of(result))
            for clip, result in zip(again, results, strict=True)
            if clip.number not in self.done
        ]

    def _again(self, clip: _Clip) -> _Clip:
        """A clip with its samples, also if it was done before; silence if it cannot be read now."""
        if clip.number not in self.done:
            return clip
        name = self.recordings[clip.number].name
        try:
            again = self._decoded(clip.number)
            cause = f"{name!r} is not the recording that it was, though of the same size and time"
        except AudioError as error:
            again, cause = _Clip(clip.number, 0), str(error)
        if again.n_samples == clip.n_samples:
            return again
        LOG.warning("warning: %s: it was done before, and its result is kept", cause)
        silence = np.zeros(clip.n_samples, np.float32)
        return _Clip(clip.number, clip.n_samples, iter([silence]))

    def _of(self, clip: _Clip, outcome: Result | PannsError) -> Heard:
        """What has become of a clip."""
        return Heard(clip.number, clip.n_samples, outcome, self.recordings[clip.number])

    def _told(self, heard: Future[list[Heard]]) -> list[Heard]:
        """Outcomes of a worker, when they are there."""
        outcomes = heard.result()
        n_samples = sum(outcome.n_samples for outcome in outcomes)
        self.tell(n_samples / self.verb.model.sample_rate)
        return outcomes

    def _listened(self, clip: _Clip) -> Heard:
        """The outcome of a recording that is heard block by block."""
        recording = self.recordings[clip.number]
        notes = self.notes(recording)
        name, rate = recording.name, self.verb.model.sample_rate
        listener = notes.listener(self.verb, name) if notes else self.verb.listener(name)
        try:
            for block in pulled(_behind(listener.n_samples, clip.blocks)):
                listener.feed(block)
                self.tell(len(block) / rate)
                if notes:
                    notes.keep(listener, rate)
            result = clip.of(listener.finish())
            return Heard(clip.number, listener.n_samples, result, recording)
        except AudioError as error:
            return Heard(clip.number, 0, error, recording)


def is_on_cpu(verb: Verb) -> bool:
    """Whether the network works on the cores that decoders work on, too.

    Args:
        verb: what is asked of it.
    """
    return verb.model.engine.device == "cpu"


MOST_JOBS = 16
"""Decoders that no network outruns."""


def default_jobs(task: Verb) -> int:
    """Return how many decoders leave most cores to a network on the CPU, or feed one elsewhere.

    Args:
        task: what is computed.
    """
    return max(2, min(MOST_JOBS, cores.available() // (4 if is_on_cpu(task) else 1)))


def workers(verb: Verb, n_recordings: int) -> tuple[int, ThreadPoolExecutor]:
    """Who hears batches: their number, and their threads.

    Their number follows from the list of recordings, and not from what is left to do: with another
    number of cores the last bits of a result are others.

    Args:
        verb: what is asked of them.
        n_recordings: how many there are.
    """
    schedule = schedule_of(verb.model.engine)
    number = schedule.workers if n_recordings > 1 else 1
    return number, ThreadPoolExecutor(number, "panns-worker", schedule.enter_worker, (number,))


def samples_at_once(verb: Verb) -> int:
    """How many samples of short clips go through the network together.

    Args:
        verb: what is asked of it.
    """
    model = verb.model
    seconds = schedule_of(model.engine).batch_seconds
    return round(seconds * model.sample_rate) if verb.at_most else 0


def in_turn(heard: Iterable[Heard]) -> Iterator[Heard]:
    """The same outcomes in the order of the recordings.

    Args:
        heard: the outcomes of all recordings, in any order.
    """
    early: dict[int, Heard] = {}
    number = 0
    for each in heard:
        early[each.number] = each
        while number in early:
            yield early.pop(number)
            number += 1


def _behind(n_samples: int, blocks: Waveform) -> Waveform:
    """What is left of blocks, (samples,) each, behind the first samples of a recording."""
    for block in blocks:
        if n_samples < len(block):
            yield block[n_samples:]
        n_samples = max(0, n_samples - len(block))
