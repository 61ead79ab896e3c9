"""Examples of what is looked for: recordings or stretches of them, as one direction.

example --windows--> embeddings, each of length 1 --mean by duration--> of length 1 --.
another example ----------------------------------------------------------------------+--mean
what it is not -----------------------------------------------------------------------'  (less)
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..audio import Reading, waveform
from ..audio.reading import MIX
from ..errors import AudioError, UsageError
from ..pipeline import EmbeddingTask
from ..pipeline.run import results_of
from ..results import Embedding

BLOCK_SECONDS = 10
"""Sound that is decoded at once."""

_STRETCH = re.compile(r"(.+):(\d+(?:[.,]\d+)?)-(\d+(?:[.,]\d+)?)?", re.DOTALL)


class Example(NamedTuple):
    """A recording, or a stretch of it.

    Attributes:
        path: of the recording.
        onset: where the stretch begins, in seconds.
        offset: where it ends; None is the end of the recording.
    """

    path: str
    onset: float = 0.0
    offset: float | None = None

    def __str__(self) -> str:
        is_whole = self.onset == 0 and self.offset is None
        end = "" if self.offset is None else f"{self.offset:g}"
        return self.path if is_whole else f"{self.path}:{self.onset:g}-{end}"


def example_of(text: str | os.PathLike[str]) -> Example:
    """Return the example that a text names.

    Args:
        text: the path of a recording, alone or with a stretch of it in seconds, such as
            `night.wav:12.5-14` or `night.wav:12.5-`, which goes to the end. A file that has the
            whole text for its name is meant as a whole.

    Raises:
        UsageError: if the stretch ends before it begins.
    """
    name = os.fspath(text)
    found = None if os.path.exists(name) else _STRETCH.fullmatch(name)
    if not found:
        return Example(name)
    path, onset = found[1], _number(found[2])
    offset = _number(found[3]) if found[3] else None
    if offset is not None and offset <= onset:
        raise UsageError(f"{name} ends before it begins: give FILE:ONSET-OFFSET, in seconds")
    return Example(path, onset, offset)


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def direction_of(
    task: EmbeddingTask,
    examples: Sequence[Example],
    unlike: Sequence[Example] = (),
    reading: Reading = Reading(),  # noqa: B008 it is frozen
) -> NDArray[np.float32]:
    """Return the direction in which embeddings are like some examples, (size,), of length 1.

    Args:
        task: of the windows that are looked for: an example that is longer is cut into such
            windows, one that is shorter is padded like the last window of a recording.
        examples: one or more.
        unlike: what is not looked for: it is subtracted.
        reading: how they are read; where channels have windows of their own, examples are mixed.

    Raises:
        UsageError: if there is no example, or nothing is left of them.
        AudioError: if one cannot be read, or ends before its stretch begins.
    """
    if not examples:
        raise UsageError("give an example of what is looked for")
    track = None if "track" in reading.separates else reading.track
    channel = MIX if "channel" in reading.separates else reading.channel
    reading = replace(reading, track=track, channel=channel)
    found = _mean(_embedded(task, each, reading) for each in examples)
    if not found.any():
        raise UsageError(f"nothing sounds in {', '.join(map(str, examples))}: give another example")
    if unlike:
        found = found - _mean(_embedded(task, each, reading) for each in unlike)
    if not np.linalg.norm(found) > 1e-6:
        raise UsageError("the examples and what is not looked for are the same: nothing is left")
    return _unit(found)


def _mean(vectors: Iterable[NDArray[np.float32]]) -> NDArray[np.float32]:
    mean: NDArray[np.float32] = np.mean([*vectors], axis=0)
    return mean


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors of length 1 along the last axis; of zeros, zeros."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: NDArray[np.float32] = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    return unit


def _embedded(task: EmbeddingTask, example: Example, reading: Reading) -> NDArray[np.float32]:
    """The embedding of an example: the mean of those of its windows, by their durations."""
    samples = np.concatenate([*_stretch(example, task.model.sample_rate, reading)])
    result: Any = results_of(task, samples, task.model.sample_rate, Reading())  # a single one
    windows: Sequence[Embedding] = result.stretches or (result,)
    vectors = _unit(np.stack([each.vector for each in windows]))
    return _unit(np.average(vectors, axis=0, weights=[each.duration for each in windows]))


def _stretch(example: Example, rate: int, reading: Reading) -> Iterator[NDArray[np.float32]]:
    """The samples of an example, piece by piece; what follows it is not decoded."""
    start = round(example.onset * rate)
    stop = None if example.offset is None else round(example.offset * rate)
    position = n_found = 0
    for block in waveform(example.path, rate, BLOCK_SECONDS * rate, reading, None):
        found = block[max(0, start - position) : None if stop is None else max(0, stop - position)]
        position += len(block)
        n_found += len(found)
        yield found
        if stop is not None and position >= stop:
            break
    if not n_found:
        raise AudioError(f"{example}: the recording has only {position / rate:.2f} s")
