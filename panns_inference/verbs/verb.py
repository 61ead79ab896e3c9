"""What the verbs share: what they ask, and what they make of the outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..engine import Engine, Outputs
from ..errors import AudioError, UsageError
from ..events import Event
from ..registry import NETWORKS
from ..results import Result
from ..windows import BlockwisePass, WholePass
from ..windows.silence import peak_of
from ..windows.waiting import State, Waveform

R = TypeVar("R", bound=Result, covariant=True)

BLOCK = 30.0
"""Seconds that the network hears at once."""


class Asked(Protocol):
    """What a verb needs of a model; `Model` says what they are."""

    name: str
    labels: list[str]
    classes_num: int

    @property
    def engine(self) -> Engine:
        """What computes its network."""

    @property
    def sample_rate(self) -> int:
        """In Hz."""

    @property
    def frames_per_second(self) -> float:
        """Of framewise probabilities."""


class Listener(Protocol[R]):
    """Hears a recording block by block, for a result of type `R`."""

    @property
    def n_samples(self) -> int:
        """Samples so far."""

    def feed(self, samples: Waveform) -> Sequence[Event | Result]:
        """What has become known: events, or results of stretches.

        Args:
            samples: what follows, (n,).
        """

    def end(self) -> Sequence[Event | Result]:
        """There is no more: what becomes known by that."""

    def finish(self) -> R:
        """The result of the whole recording; `end` need not be called before."""

    def state(self) -> State:
        """All that is needed to go on, what was returned already included."""


class Verb:
    """A question with its settings.

    Args:
        model: who is asked.
        skip_silence: level in dB relative to full scale, 0 or less, up to which samples are
            silence that need not be heard; None hears everything.
        settings: what else was asked, as it was given.

    Raises:
        UsageError: if a setting makes no sense, or the network cannot answer.
    """

    needs: ClassVar[str]
    """Name of the output that the network must have."""

    def __init__(self, model: Asked, skip_silence: float | None, **settings: Any) -> None:
        if skip_silence is not None and not skip_silence <= 0:
            raise UsageError(
                f"skip_silence is a level below full scale, 0 dB or less, not {skip_silence}"
            )
        self.model = model
        self.peak = None if skip_silence is None else peak_of(skip_silence)
        self.settings: dict[str, Any] = {**settings, "skip_silence": skip_silence}
        self.require(self.needs, model.engine.output_names)

    @property
    def block(self) -> int:
        """Samples that the network hears at once."""
        return round(BLOCK * self.model.sample_rate)

    @property
    def at_most(self) -> int:
        """Samples of the longest recordings that `together` may be given."""
        return self.block if self.peak is None else 0

    def together(self, waveforms: Waveform, names: Sequence[str | None]) -> list[Result]:
        """Results of recordings of one length, by one forward pass.

        Args:
            waveforms: (recordings, samples).
            names: of the recordings.
        """
        raise NotImplementedError

    def listener(
        self, name: str | None, state: Mapping[str, NDArray[np.generic]] | None = None
    ) -> Listener[Result]:
        """Who hears a recording block by block.

        Args:
            name: of the recording.
            state: of another listener to it, which goes on where that one stood.
        """
        raise NotImplementedError

    def whole(self, state: Mapping[str, NDArray[np.generic]] | None) -> BlockwisePass | WholePass:
        """A pass over a whole recording.

        Args:
            state: of another one.
        """
        engine = self.model.engine
        if engine.statistics is None:
            return WholePass(engine.outputs, state)
        return BlockwisePass(engine, self.block, self.model.classes_num, self.peak, state)

    def outputs(self, waveforms: Waveform) -> list[Outputs]:
        """The outputs of each recording.

        Args:
            waveforms: (recordings, samples).
        """
        arrays = self.model.engine.outputs(waveforms)
        self.require(self.needs, arrays)
        return [{name: array[k] for name, array in arrays.items()} for k in range(len(waveforms))]

    def outputs_of(self, waveforms: Waveform, output: str) -> Waveform:
        """One of the outputs, (recordings, n); of those that are silence it is 0.

        Args:
            waveforms: (recordings, samples).
            output: its name: `clipwise_output` or `embedding`.
        """
        loud = self.loud(waveforms)
        heard = [each[output] for each in self.outputs(waveforms[loud])] if loud.any() else []
        size = len(heard[0]) if heard else self.model.engine.sizes[output]
        values = np.zeros((len(waveforms), size), np.float32)
        values[loud] = np.reshape(heard, (-1, size))
        return values

    def loud(self, waveforms: Waveform) -> NDArray[np.bool_]:
        """Which recordings are to be heard, (recordings,).

        Args:
            waveforms: (recordings, samples).
        """
        if self.peak is None:
            return np.ones(len(waveforms), bool)
        loud: NDArray[np.bool_] = np.abs(waveforms).max(axis=1) > self.peak
        return loud

    def require(self, output: str, given: Iterable[str] | None) -> None:
        """Refuse what the network does not give.

        Args:
            output: name of an output.
            given: names of those that there are; None if the network does not say.

        Raises:
            UsageError: if it is not among them.
        """
        if given is not None and output not in given:
            able = [name for name, network in NETWORKS.items() if output in network.output_names]
            raise UsageError(
                f"{self.model.name} has no {output}; these have one: {', '.join(able)}"
            )

    def known(self, clipwise: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities of the classes, if there are as many as labels.

        Args:
            clipwise: (classes,).

        Raises:
            UsageError: if there are not.
        """
        if len(clipwise) != self.model.classes_num:
            raise UsageError(
                f"{self.model.name} has {len(clipwise)} classes, but there are "
                f"{self.model.classes_num} labels: give the names of its classes as labels=[...]"
            )
        return clipwise

    def check_finite(self, name: str | None, **outputs: NDArray[np.float32] | None) -> None:
        """Refuse what is no result: NaN is above no threshold, and would look like no sound.

        Args:
            name: of the recording.
            outputs: of the network, (n,) or (frames, classes); None for those it does not have.

        Raises:
            AudioError: if a value is NaN or infinite.
        """
        for output, values in outputs.items():
            if values is not None and not np.isfinite(values).all():
                raise AudioError(
                    f"{name or 'the recording'}: {self.model.name} gives values of its {output} "
                    "that are NaN or infinite: its samples or the weights are too large for the "
                    "numbers that it computes with"
                )

    def heading(
        self, name: str | None, n_samples: int, first: int = 0, silence: int = 0
    ) -> dict[str, Any]:
        """What every result says of the recording.

        Args:
            name: of the recording.
            n_samples: that were heard.
            first: number of the first of them.
            silence: how many of them were silence.
        """
        rate = self.model.sample_rate
        return {
            "source": name,
            "onset": first / rate,
            "duration": n_samples / rate,
            "model": self.model.name,
            "silence": silence / rate,
        }

    def samples_of(self, name: str, seconds: float) -> int:
        """A number of seconds in samples.

        Args:
            name: of the setting.
            seconds: what was given.

        Raises:
            UsageError: if it is less than a sample, or not finite.
        """
        if not 1 <= seconds * self.model.sample_rate < float("inf"):
            raise UsageError(f"{name} must be a number of seconds above 0, not {seconds}")
        return round(seconds * self.model.sample_rate)
