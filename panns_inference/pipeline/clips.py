"""Recordings on their way from decoding to their results."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..audio import Blocks
from ..errors import AudioError, PannsError
from ..results import Result
from .inputs import Input
from .task import Task

R = TypeVar("R", bound=Result)

Chunks = Iterator[NDArray[np.float32]]


@dataclass(frozen=True)
class Outcome(Generic[R]):
    """What has become of a recording.

    Attributes:
        number: its place in the list of inputs.
        n_samples: its length at the network's rate; 0 if it could not be read.
        result: the result, or why there is none.
    """

    number: int
    n_samples: int
    result: R | PannsError


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
            result = result.made_from(**self.waveform.origin)
        return Outcome(self.number, self.n_samples, result)


def decoded(one: Input, number: int, task: Task[Any]) -> Clip:
    """Return a recording decoded, as far as a block of the network reaches; or why it cannot be.

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
