"""Tasks with one answer for a whole recording, and one for each stretch of it if they are wanted.

`TaggingTask` and `EmbeddingTask` are two: they differ in the output that they take.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..engine import Outputs
from ..errors import UsageError
from ..model import Model
from ..results import Embedding, Result, Tagging
from ..wording import argument
from .blocks import Waveform
from .forward import pass_over
from .sliding import Batch, Placement, Stretches
from .state import SavedState, State, inner, nested
from .task import Task, loud_clips

C = TypeVar("C", bound=Result)


class Stretch(NamedTuple):
    """What the network gives for a stretch.

    Attributes:
        first: number of its first sample.
        n_valid: samples of it that belong to the recording.
        silence: how many of them were silence, and not computed.
        values: of the output that the task needs, (n,).
    """

    first: int
    n_valid: int
    silence: int
    values: NDArray[np.float32]


class ClipwiseTask(Task[C]):
    """A task with one answer for the whole recording, and for stretches if they are wanted.

    Args:
        model: the network and its labels.
        window: length of a stretch in seconds; None gives a result of the whole recording alone.
        hop: seconds from a stretch to the next; None is `window`. The last stretch is padded with
            zeros; its `duration` counts the recording alone.
        min_clip: seconds of the shortest clip that the network is given: a recording or stretch
            that is shorter is put in the middle of zeros of that length. 0 pads nothing; None is
            `Model.min_clip`, or 0 if silence is skipped.
        skip_silence: level in dB relative to full scale, 0 or less, up to which samples are
            silence that need not go through the network; None computes everything.

    Raises:
        UsageError: if a setting makes no sense, or the network has not the output.
    """

    def __init__(
        self,
        model: Model,
        *,
        window: float | None = None,
        hop: float | None = None,
        min_clip: float | None = None,
        skip_silence: float | None = None,
    ) -> None:
        if min_clip is None:
            min_clip = model.min_clip if skip_silence is None else 0
        min_clip = float(min_clip)
        super().__init__(model, skip_silence, window=window, hop=hop, min_clip=min_clip)
        if window is None and hop is not None:
            raise UsageError(
                f"{argument('hop')} is the step between windows: give their length, too: "
                f"{argument('window')}"
            )
        if min_clip and skip_silence is not None:
            raise UsageError(
                f"{argument('min_clip')} adds silence and {argument('skip_silence')} leaves it "
                "out: give one"
            )
        self.min_samples = self.samples_of("min_clip", min_clip) if min_clip else 0
        if self.min_samples > self.block:
            most = self.block / model.sample_rate
            raise UsageError(
                f"{argument('min_clip')} is at most {most:g} s: as much goes through the network"
            )
        self.window = None if window is None else self.samples_of("window", window)
        self.hop = self.window if hop is None else self.samples_of("hop", hop)
        if self.window is not None:
            self.longest_clip = 0

    def result(self, origin: dict[str, Any], outputs: Outputs, stretches: Sequence[C] = ()) -> C:
        """Return the result that is made of some outputs.

        Args:
            origin: the fields of `Task.origin`.
            outputs: of the network.
            stretches: results of stretches of the recording.
        """
        raise NotImplementedError

    def results(self, waveforms: Sequence[Waveform], names: Sequence[str | None]) -> list[C]:
        """Return the results of the clips of a batch, by one forward pass.

        Args:
            waveforms: (samples,) each, of one length when they are padded.
            names: of the recordings.
        """
        return [
            self.result(self.origin(name, len(waveform)), outputs)
            for name, waveform, outputs in zip(
                names, waveforms, self.outputs(waveforms), strict=True
            )
        ]

    def accumulator(
        self, name: str | None, state: SavedState | None = None
    ) -> ClipwiseAccumulator[C]:
        """Return what takes one recording chunk by chunk.

        Args:
            name: of the recording.
            state: of another accumulator of it, to go on where that one stood.
        """
        return ClipwiseAccumulator(self, name, state)

    def cutter(self, state: SavedState | None = None) -> Stretches:
        """Return what cuts a recording into stretches.

        Args:
            state: of another one.
        """
        if self.window is None or self.hop is None:
            raise UsageError("the recording is cut into windows: give their length as window=")
        at_once = max(1, self.block // max(self.window, self.min_samples))
        return Stretches(self.window, self.hop, Placement.FROM_START, at_once, state)

    def along(self, name: str | None, waveform: Iterable[Waveform]) -> Iterator[C]:
        """Yield the results of the stretches alone, as they become known.

        Args:
            name: of the recording.
            waveform: its chunks, (n,) each.
        """
        cutter = self.cutter()
        batches = itertools.chain.from_iterable(map(cutter.feed, waveform))
        for batch in itertools.chain(batches, cutter.finish()):
            for stretch in self.stretches(batch):
                yield self.stretch_result(name, stretch)

    def stretches(self, batch: Batch) -> list[Stretch]:
        """Return what the network gives for some stretches.

        Args:
            batch: the stretches.
        """
        values = self.values(batch.waveforms)
        loud = loud_clips(batch.waveforms, self.peak)
        silence = [0 if is_loud else n for is_loud, n in zip(loud, batch.n_valid, strict=True)]
        return list(map(Stretch, batch.firsts, batch.n_valid, silence, values))

    def stretch_result(self, name: str | None, stretch: Stretch) -> C:
        """Return the result of a stretch.

        Args:
            name: of the recording.
            stretch: what the network gives for it.
        """
        origin = self.origin(name, stretch.n_valid, stretch.first, stretch.silence)
        return self.result(origin, {self.output: stretch.values})


class TaggingTask(ClipwiseTask[Tagging]):
    """Which sounds; the arguments are those of `ClipwiseTask`."""

    name = "tag"
    output = "clipwise_output"
    result_type = Tagging

    def result(
        self, origin: dict[str, Any], outputs: Outputs, stretches: Sequence[Tagging] = ()
    ) -> Tagging:
        """Return the tags that are made of some outputs.

        Args:
            origin: the fields of `Task.origin`.
            outputs: of the network.
            stretches: tags of stretches of the recording.
        """
        clipwise, embedding = outputs["clipwise_output"], outputs.get("embedding")
        self.check(origin["source"], clipwise_output=clipwise, embedding=embedding)
        return Tagging(
            **origin,
            clipwise=clipwise,
            embedding=embedding,
            labels=tuple(self.model.labels),
            stretches=tuple(stretches),
        )


class EmbeddingTask(ClipwiseTask[Embedding]):
    """Recordings as vectors; the arguments are those of `ClipwiseTask`."""

    name = "embed"
    output = "embedding"
    result_type = Embedding

    def result(
        self, origin: dict[str, Any], outputs: Outputs, stretches: Sequence[Embedding] = ()
    ) -> Embedding:
        """Return the embedding that is made of some outputs.

        Args:
            origin: the fields of `Task.origin`.
            outputs: of the network.
            stretches: embeddings of stretches of the recording.
        """
        vector = outputs["embedding"]
        self.check(origin["source"], embedding=vector)
        return Embedding(**origin, vector=vector, stretches=tuple(stretches))


class ClipwiseAccumulator(Generic[C]):
    """Takes a recording for a `ClipwiseTask`: as a whole, and in stretches if they are wanted.

    Args:
        task: what is wanted.
        name: of the recording.
        state: of another accumulator of it.
    """

    def __init__(
        self, task: ClipwiseTask[C], name: str | None, state: SavedState | None = None
    ) -> None:
        state = state or {}
        self.task = task
        self.name = name
        self.whole = pass_over(task.model, task.peak, inner(state, "whole"))
        self.cutter = None if task.window is None else task.cutter(inner(state, "cutter"))
        self.stretches = [
            Stretch(int(first), int(n_valid), int(silence), values)
            for first, n_valid, silence, values in zip(
                *(state.get(f"stretches/{field}", ()) for field in Stretch._fields), strict=True
            )
        ]
        self.ended = False

    @property
    def n_samples(self) -> int:
        """Samples so far."""
        return self.whole.n_samples

    def feed(self, samples: Waveform) -> list[C]:
        """Return the results of the stretches that are known now.

        Args:
            samples: what follows, (n,).
        """
        self.whole.feed(samples)
        return self._add(self.cutter.feed(samples)) if self.cutter else []

    def end(self) -> list[C]:
        """Return the results of the last stretches."""
        self.ended = True
        return self._add(self.cutter.finish()) if self.cutter else []

    def take(self) -> list[C]:
        """Return the results of the stretches that have become known, and keep them no longer."""
        taken, self.stretches = self.stretches, []
        return [self.task.stretch_result(self.name, each) for each in taken]

    def finish(self) -> C:
        """Return the result of the whole recording, without the stretches that were taken."""
        if not self.ended:
            self.end()
        n_samples, task = self.n_samples, self.task
        outputs, _ = self.whole.finish(task.min_samples)
        if task.output not in outputs:
            raise task.model.lacks(task.output)
        origin = task.origin(self.name, n_samples, silence=self.whole.silence)
        return task.result(
            origin, outputs, [task.stretch_result(self.name, each) for each in self.stretches]
        )

    def _add(self, batches: Iterable[Batch]) -> list[C]:
        new = [stretch for batch in batches for stretch in self.task.stretches(batch)]
        self.stretches += new
        return [self.task.stretch_result(self.name, stretch) for stretch in new]

    def state(self) -> State:
        """Return all that is needed to go on."""
        columns = zip(*self.stretches, strict=True) if self.stretches else ((),) * 4
        stretches = dict(zip(Stretch._fields, map(np.asarray, columns), strict=True))
        cutter = {"cutter": self.cutter.state()} if self.cutter else {}
        return nested({"whole": self.whole.state(), "stretches": stretches, **cutter})
