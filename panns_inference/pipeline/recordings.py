"""Recordings on their way: as they are named, as clips in memory, and what has become of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..audio import Blocks, Reading, Source, float32_samples, separate, waveform
from ..audio.sources import plain
from ..errors import AudioError, PannsError, UsageError
from ..results import Result
from .task import Task

R = TypeVar("R", bound=Result)

Chunks = Iterator[NDArray[np.float32]]

CHUNK_SECONDS = 10
"""Length of the chunks in which recordings are read."""


@dataclass(frozen=True)
class Input:
    """A recording to process: one mix of channels, or one channel, of one track.

    Attributes:
        source: as for `audio.read`.
        reading: how it is read.
        sample_rate: of samples in memory, in Hz.
    """

    source: Source
    reading: Reading = field(default_factory=Reading)
    sample_rate: int | None = None

    def chunks(self, rate: int) -> Blocks:
        """Return its waveform, chunk by chunk.

        Args:
            rate: of the network, in Hz.
        """
        return waveform(self.source, rate, CHUNK_SECONDS * rate, self.reading, self.sample_rate)


def inputs_of(audio: Source, sample_rate: int | None, reading: Reading) -> list[Input]:
    """Return what is to be processed of a recording: several of 'each' channel or 'all' tracks.

    Args:
        audio: as for `audio.read`.
        sample_rate: of samples in memory, in Hz.
        reading: how it is read.

    Raises:
        AudioError: if the tracks or the channels cannot be found out.
        UsageError: if samples in memory come without their rate.
    """
    found, stated = plain(audio, sample_rate)
    if stated is None and isinstance(found, np.ndarray):
        float32_samples(found)  # an error, if it holds no samples at all
        raise UsageError(
            "samples in memory do not know their rate: give sample_rate= in Hz, as the second "
            "argument or by its name"
        )
    readings = separate(audio, reading) if reading.is_several else [(audio, reading)]
    return [Input(source, one, sample_rate) for source, one in readings]


@dataclass(frozen=True)
class Outcome(Generic[R]):
    """What has become of a recording.

    Attributes:
        number: its place in the list of inputs.
        n_samples: its length at the network's rate; 0 if it could not be read.
        result: the result, or why there is none.
        is_last: whether it is all that is left; else it is a part of a recording of which more is
            to come.
    """

    number: int
    n_samples: int
    result: R | PannsError
    is_last: bool = True


@dataclass(frozen=True)
class Clip:
    """A recording between decoding and the network.

    One that fits into a block is decoded, and is one chunk; of a longer one, `n_samples` counts
    what is decoded already.

    Attributes:
        number: place of the recording in the list of inputs.
        n_samples: its length at the network's rate, or more than a block.
        chunks: its samples, (samples,) each.
        waveform: what they come from.
        error: why it cannot be decoded; None if it can.
    """

    number: int
    n_samples: int
    chunks: Chunks = field(default_factory=lambda: iter(()))
    waveform: Blocks | None = None
    error: AudioError | None = None

    def outcome(self, result: R | AudioError) -> Outcome[R]:
        """Return what has become of it, with what is known of the recording when it was read.

        Args:
            result: of the task, or why there is none.
        """
        if isinstance(result, Result) and self.waveform is not None:
            result = with_origin(result, self.waveform)
        return Outcome(self.number, self.n_samples, result)


def decoded(one: Input, number: int, task: Task[Any]) -> Clip:
    """Return a recording decoded, as far as a block of the network goes; or why it cannot be.

    Args:
        one: the recording.
        number: its place in the list of inputs.
        task: what is wanted of it.
    """
    chunks: list[NDArray[np.float32]] = []
    n_samples = 0
    try:
        waveform = one.chunks(task.model.sample_rate)
        while n_samples <= task.block and (chunk := next(waveform, None)) is not None:
            chunks.append(chunk)
            n_samples += len(chunk)
    except AudioError as error:
        return Clip(number, 0, error=error)
    if n_samples <= task.block:
        chunks = [np.concatenate(chunks)]
    return Clip(number, n_samples, itertools.chain(chunks, waveform), waveform)


def with_origin(result: R, waveform: Blocks) -> R:
    """Return the same result, and its stretches, with what they are made from.

    Args:
        result: of a recording or a stretch of it.
        waveform: what it was read from.
    """
    known: dict[str, Any] = {**waveform.origin}
    if stretches := getattr(result, "stretches", ()):
        known["stretches"] = tuple(with_origin(each, waveform) for each in stretches)
    return replace(result, **known)


def behind(n_samples: int, chunks: Chunks) -> Chunks:
    """Yield what is left of a recording behind its first samples.

    Args:
        n_samples: how many are left out.
        chunks: the recording, (samples,) each.
    """
    for chunk in chunks:
        if n_samples < len(chunk):
            yield chunk[n_samples:]
        n_samples = max(0, n_samples - len(chunk))
