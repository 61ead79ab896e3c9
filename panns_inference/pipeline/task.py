"""A task: what is wanted of a model for each recording, with settings that are checked once.

clips of a batch --Task.results-----------------------------------> results
chunks of one recording --Accumulator.feed--> what is known already --finish--> result
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..engine import Outputs
from ..errors import AudioError, UsageError
from ..events import Event
from ..model import Model
from ..results import Result
from ..wording import argument
from .blocks import Waveform
from .forward import BLOCK, outputs_of
from .padding import centred
from .state import SavedState, State

R = TypeVar("R", bound=Result)
Made = TypeVar("Made", bound=Result, covariant=True)


class Accumulator(Protocol[Made]):
    """Takes a recording chunk by chunk, for a result of type `Made`."""

    @property
    def n_samples(self) -> int:
        """Samples so far."""

    def feed(self, samples: Waveform) -> Sequence[Event | Result]:
        """Return what has become known: events, or results of stretches.

        Args:
            samples: what follows, (n,).
        """

    def end(self) -> Sequence[Event | Result]:
        """Return what becomes known by the end of the recording."""

    def take(self) -> Sequence[Made]:
        """Return what has become known since the last call, as results, and keep it no longer."""

    def finish(self) -> Made:
        """Return the result of the whole recording, without what was taken.

        `end` need not be called before.
        """

    def state(self) -> State:
        """Return all that is needed to go on, what was returned already included."""


class Task(Generic[R]):
    """What is wanted of a model for each recording.

    Args:
        model: the network and its labels.
        skip_silence: level in dB relative to full scale, 0 or less, up to which samples are
            silence that need not go through the network; None computes everything.
        settings: all further settings, as JSON holds them.

    Attributes:
        block: samples that go through the network at once.
        longest_clip: samples of the longest recordings that `results` may be given; longer ones
            accumulate. It is 0 where silence is skipped or stretches are wanted.
        settings: all settings, as JSON holds them: what the results depend on beside the model.

    Raises:
        UsageError: if a setting makes no sense, or the network has not the output.
    """

    name: ClassVar[str]
    """What the command line calls it."""

    output: ClassVar[str]
    """Name of the output that the network must have."""

    result_type: ClassVar[type[Result]]
    """What it gives."""

    min_samples = 0
    """Samples of the shortest clip that the network is given: shorter ones are padded."""

    def __init__(self, model: Model, skip_silence: float | None, **settings: Any) -> None:
        if skip_silence is not None and not skip_silence <= 0:
            raise UsageError(
                f"{argument('skip_silence')} is a level below full scale, 0 dB or less, not "
                f"{skip_silence}"
            )
        self.model = model
        self.peak = None if skip_silence is None else 10 ** (skip_silence / 20)
        self.block = model.window or BLOCK * model.sample_rate
        self.longest_clip = self.block if self.peak is None else 0
        self.settings: dict[str, Any] = {**settings, "skip_silence": skip_silence}
        names = model.output_names
        if names is not None and self.output not in names:
            raise model.lacks(self.output)

    def results(self, waveforms: Sequence[Waveform], names: Sequence[str | None]) -> list[R]:
        """Return the results of the clips of a batch, by one forward pass.

        Args:
            waveforms: (samples,) each, of one length when they are padded.
            names: of the recordings.
        """
        raise NotImplementedError

    def accumulator(self, name: str | None, state: SavedState | None = None) -> Accumulator[R]:
        """Return what takes one recording chunk by chunk.

        Args:
            name: of the recording.
            state: of another accumulator of it, to go on where that one stood.
        """
        raise NotImplementedError

    def outputs(self, waveforms: Iterable[Waveform]) -> list[Outputs]:
        """Return the outputs of each clip.

        Args:
            waveforms: (samples,) each, of one length when they are padded.
        """
        if self.min_samples:
            waveforms = [centred(waveform, self.min_samples) for waveform in waveforms]
        batch = np.stack([*waveforms])
        arrays = outputs_of(self.model, batch, self.output)
        return [{name: array[k] for name, array in arrays.items()} for k in range(len(batch))]

    def values(self, waveforms: Waveform) -> Waveform:
        """Return the output that is needed, (clips, n); of clips that are silence it is 0.

        Args:
            waveforms: (clips, samples).
        """
        loud = loud_clips(waveforms, self.peak)
        rows = [each[self.output] for each in self.outputs(waveforms[loud])] if loud.any() else []
        size = len(rows[0]) if rows else self.model.engine.sizes[self.output]
        values = np.zeros((len(waveforms), size), np.float32)
        values[loud] = np.reshape(rows, (-1, size))
        return values

    def check(self, name: str | None, **outputs: NDArray[np.float32] | None) -> None:
        """Refuse what is no result: NaN is above no threshold, and would look like no sound.

        Args:
            name: of the recording.
            outputs: of the network, (n,) or (frames, classes); None for those it does not have.

        Raises:
            AudioError: if a value is NaN or infinite.
            UsageError: if there are not as many classes as labels.
        """
        for output, values in outputs.items():
            if values is not None and not np.isfinite(values).all():
                raise AudioError(
                    f"{name or 'the recording'}: {self.model.name} gives values of its {output} "
                    "that are NaN or infinite: its samples or the weights are too large for the "
                    "numbers that it computes with"
                )
        clipwise = outputs.get("clipwise_output")
        if clipwise is not None and len(clipwise) != self.model.classes_num:
            raise UsageError(
                f"{self.model.name} has {len(clipwise)} classes, but there are "
                f"{self.model.classes_num} labels: give the names of its classes as labels=[...]"
            )

    def origin(
        self, name: str | None, n_samples: int, first: int = 0, silence: int = 0
    ) -> dict[str, Any]:
        """Return the fields of a result that state what it is about.

        Args:
            name: of the recording.
            n_samples: that the result is about.
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

    def samples_of(self, setting: str, seconds: float) -> int:
        """Return a number of seconds in samples.

        Args:
            setting: its name.
            seconds: what was given.

        Raises:
            UsageError: if it is less than a sample, or not finite.
        """
        if not 1 <= seconds * self.model.sample_rate < float("inf"):
            raise UsageError(
                f"{argument(setting)} must be a number of seconds above 0, not {seconds}"
            )
        return round(seconds * self.model.sample_rate)


def loud_clips(waveforms: Waveform, peak: float | None) -> NDArray[np.bool_]:
    """Return which clips are not silent, (clips,).

    Args:
        waveforms: (clips, samples).
        peak: largest magnitude of silence; None: no clip is silent.
    """
    if peak is None:
        return np.ones(len(waveforms), bool)
    loud: NDArray[np.bool_] = np.abs(waveforms).max(axis=1) > peak
    return loud
