"""Tags and embeddings: of whole recordings, and of stretches along them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..engine import Outputs
from ..errors import UsageError
from ..results import Embedding, Result, Tagging
from ..windows import Batch, Placement, Stretches
from ..windows.waiting import State, Waveform, nested, part_of
from .verb import Asked, Verb

R = TypeVar("R", bound=Result)


class Part(NamedTuple):
    """What the network says of a stretch.

    Attributes:
        first: number of its first sample.
        n_valid: samples of it that belong to the recording.
        silence: how many of them were silence, and not heard.
        values: of the output that the verb needs, (n,).
    """

    first: int
    n_valid: int
    silence: int
    values: NDArray[np.float32]


class StretchedVerb(Verb, Generic[R]):
    """A verb that is asked of the whole recording, and of stretches if they are wanted.

    Args:
        model: who is asked.
        window: length of a stretch in seconds; None asks of the whole recording alone.
        hop: seconds from a stretch to the next; None is `window`. The last stretch is padded with
            zeros; its `duration` counts the recording alone.
        skip_silence: as for `Verb`.

    Raises:
        UsageError: if a setting makes no sense, or the network cannot answer.
    """

    def __init__(
        self,
        model: Asked,
        window: float | None = None,
        hop: float | None = None,
        skip_silence: float | None = None,
    ) -> None:
        super().__init__(model, skip_silence, window=window, hop=hop)
        if window is None and hop is not None:
            raise UsageError("hop is the step between windows: give their length as window=")
        self.window = None if window is None else self.samples_of("window", window)
        self.hop = self.window if hop is None else self.samples_of("hop", hop)

    @property
    def at_most(self) -> int:
        return super().at_most if self.window is None else 0

    def result(self, heading: dict[str, Any], outputs: Outputs, stretches: Sequence[R] = ()) -> R:
        """The result that is made of some outputs.

        Args:
            heading: what the result says of the recording.
            outputs: of the network.
            stretches: results of stretches of it.
        """
        raise NotImplementedError

    def together(self, waveforms: Waveform, names: Sequence[str | None]) -> list[Result]:
        n_samples = waveforms.shape[1]
        return [
            self.result(self.heading(name, n_samples), outputs)
            for name, outputs in zip(names, self.outputs(waveforms), strict=True)
        ]

    def listener(
        self, name: str | None, state: Mapping[str, NDArray[np.generic]] | None = None
    ) -> StretchListener[R]:
        return StretchListener(self, name, state)

    def cutter(self, state: Mapping[str, NDArray[np.generic]] | None = None) -> Stretches:
        """Who cuts a recording into stretches.

        Args:
            state: of another one.
        """
        if self.window is None or self.hop is None:
            raise UsageError("the recording is cut into windows: give their length as window=")
        at_once = max(1, self.block // self.window)
        return Stretches(self.window, self.hop, Placement.FROM_START, at_once, state)

    def along(self, name: str | None, waveform: Iterable[Waveform]) -> Iterator[R]:
        """Results of the stretches alone, as they become known.

        Args:
            name: of the recording.
            waveform: its blocks.
        """
        cutter = self.cutter()
        batches = itertools.chain.from_iterable(map(cutter.feed, waveform))
        for batch in itertools.chain(batches, cutter.finish()):
            for part in self.parts(batch):
                yield self.of_part(name, part)

    def parts(self, batch: Batch) -> list[Part]:
        """What the network says of some stretches.

        Args:
            batch: the stretches.
        """
        values = self.outputs_of(batch.waveforms, self.needs)
        silence = [
            0 if loud else n
            for loud, n in zip(self.loud(batch.waveforms), batch.n_valid, strict=True)
        ]
        return list(map(Part, batch.firsts, batch.n_valid, silence, values))

    def of_part(self, name: str | None, part: Part) -> R:
        """The result of a stretch.

        Args:
            name: of the recording.
            part: the stretch.
        """
        heading = self.heading(name, part.n_valid, part.first, part.silence)
        return self.result(heading, {self.needs: part.values})


class Tag(StretchedVerb[Tagging]):
    """Which sounds."""

    needs = "clipwise_output"

    def result(
        self, heading: dict[str, Any], outputs: Outputs, stretches: Sequence[Tagging] = ()
    ) -> Tagging:
        clipwise, embedding = outputs["clipwise_output"], outputs.get("embedding")
        self.check_finite(heading["source"], clipwise_output=clipwise, embedding=embedding)
        return Tagging(
            **heading,
            clipwise=self.known(clipwise),
            embedding=embedding,
            labels=tuple(self.model.labels),
            stretches=tuple(stretches),
        )


class Embed(StretchedVerb[Embedding]):
    """Recordings as vectors."""

    needs = "embedding"

    def result(
        self, heading: dict[str, Any], outputs: Outputs, stretches: Sequence[Embedding] = ()
    ) -> Embedding:
        vector = outputs["embedding"]
        self.check_finite(heading["source"], embedding=vector)
        return Embedding(
            **heading,
            vector=vector,
            stretches=tuple(stretches),
        )


class StretchListener(Generic[R]):
    """Hears a recording for `Tag` or `Embed`: as a whole, and in stretches if they are wanted.

    Args:
        verb: what is asked.
        name: of the recording.
        state: of another listener to it.
    """

    def __init__(
        self,
        verb: StretchedVerb[R],
        name: str | None,
        state: Mapping[str, NDArray[np.generic]] | None = None,
    ) -> None:
        state = state or {}
        self.verb = verb
        self.name = name
        self.whole = verb.whole(part_of(state, "whole"))
        self.cutter = None if verb.window is None else verb.cutter(part_of(state, "cutter"))
        self.parts = [
            Part(int(first), int(n_valid), int(silence), values)
            for first, n_valid, silence, values in zip(
                *(state.get(f"parts/{name}", ()) for name in Part._fields), strict=True
            )
        ]
        self.ended = False

    @property
    def n_samples(self) -> int:
        """Samples so far."""
        return self.whole.n_samples

    def feed(self, samples: Waveform) -> list[R]:
        """Results of the stretches that are known now.

        Args:
            samples: what follows, (n,).
        """
        self.whole.feed(samples)
        return self._take(self.cutter.feed(samples)) if self.cutter else []

    def end(self) -> list[R]:
        """Results of the last stretches."""
        self.ended = True
        return self._take(self.cutter.finish()) if self.cutter else []

    def finish(self) -> R:
        """The result of the whole recording."""
        if not self.ended:
            self.end()
        n_samples, verb = self.n_samples, self.verb
        outputs, _ = self.whole.finish()
        verb.require(verb.needs, outputs)
        heading = verb.heading(self.name, n_samples, silence=self.whole.silence)
        return verb.result(heading, outputs, [verb.of_part(self.name, p) for p in self.parts])

    def _take(self, batches: Iterable[Batch]) -> list[R]:
        new = [part for batch in batches for part in self.verb.parts(batch)]
        self.parts += new
        return [self.verb.of_part(self.name, part) for part in new]

    def state(self) -> State:
        """All that is needed to go on."""
        columns = zip(*self.parts, strict=True) if self.parts else ((),) * len(Part._fields)
        parts = dict(zip(Part._fields, map(np.asarray, columns), strict=True))
        cutter = {"cutter": self.cutter.state()} if self.cutter else {}
        return nested({"whole": self.whole.state(), "parts": parts, **cutter})
