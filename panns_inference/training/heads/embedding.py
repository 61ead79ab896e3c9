"""Embeddings of clips, by the one way of recordings through a network."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ...audio import Reading
from ...audio.excerpts import Part, excerpts
from ...batch import Failure
from ...errors import AudioError, PannsError
from ...model import Model
from ...pipeline import EmbeddingTask
from ...pipeline.recordings import Input
from ...pipeline.run import run
from ...pipeline.workers import default_jobs
from ..data import Clip, Dataset

AT_ONCE = 64
"""Clips that are in memory at the same time, if they are stretches of recordings."""

WHOLE = (0.0, None)
"""Onset and offset of a clip that is a whole recording."""

ENDLESS = 1e9
"""Offset in seconds of a clip that goes on to the end of its recording: later than any."""

Numbered = tuple[int, Input | AudioError]
"""A clip by its place in the data set, as it is read; or why it cannot be."""


@dataclass(frozen=True, eq=False)
class Embedded:
    """Clips with their embeddings.

    Attributes:
        dataset: the clips that could be read.
        embeddings: of them, (clips, n) float32.
        failures: the others.
    """

    dataset: Dataset
    embeddings: NDArray[np.float32]
    failures: tuple[Failure, ...]


def embedded(dataset: Dataset, model: Model, *, progress: bool = False) -> Embedded:
    """Return the embeddings of the clips of a data set; those that cannot be read are left out.

    Args:
        dataset: the clips.
        model: that computes the embeddings.
        progress: whether stderr shows how far it is, if that is a terminal.

    Raises:
        UsageError: if the network has no embedding of a whole recording.
    """
    # As the network with its new classes takes clips: none is padded that is not padded then.
    task = EmbeddingTask(model, min_clip=0)
    found: dict[int, NDArray[np.float32]] = {}
    failed: dict[int, str] = {}
    bar = tqdm(total=len(dataset.clips), unit=" clips", disable=None if progress else True)
    clips = inputs_of(dataset.clips)
    with bar:
        while taken := [*itertools.islice(clips, AT_ONCE)]:
            failed |= {place: str(one) for place, one in taken if isinstance(one, AudioError)}
            given = [(place, one) for place, one in taken if isinstance(one, Input)]
            for outcome in run(task, [one for _, one in given], jobs=default_jobs(task)):
                place = given[outcome.number][0]
                if isinstance(outcome.result, PannsError):
                    failed[place] = str(outcome.result)
                else:
                    found[place] = outcome.result.vector
            bar.update(len(taken))
    return Embedded(
        replace(dataset, clips=tuple(dataset.clips[place] for place in sorted(found))),
        np.stack([found[place] for place in sorted(found)]) if found else np.empty((0, 0), "f4"),
        tuple(Failure(str(dataset.clips[place].path), failed[place]) for place in sorted(failed)),
    )


def inputs_of(clips: Sequence[Clip]) -> Iterator[Numbered]:
    """Yield clips as the pipeline reads them; a recording is decoded once for all its stretches.

    Args:
        clips: in any order.
    """
    recordings: defaultdict[Path, list[int]] = defaultdict(list)
    for place, clip in enumerate(clips):
        recordings[clip.path].append(place)
    for path, places in recordings.items():
        stretches = []
        for place in places:
            if (clips[place].onset, clips[place].offset) == WHOLE:
                yield place, Input(path)
            else:
                stretches.append((place, clips[place]))
        if stretches:
            yield from _stretches(path, stretches)


def _stretches(path: Path, clips: Sequence[tuple[int, Clip]]) -> Iterator[Numbered]:
    waiting = dict(enumerate(clips))
    ends = [ENDLESS if clip.offset is None else clip.offset for _, clip in clips]
    times = [(clip.onset, end) for (_, clip), end in zip(clips, ends, strict=True)]
    error: AudioError | None = None
    held: defaultdict[int, list[Part]] = defaultdict(list)
    try:
        for part in excerpts(path, times):
            held[part.number].append(part)
            if part.is_last and part.number in waiting:
                place, _ = waiting.pop(part.number)
                yield place, _input(held.pop(part.number))
    except AudioError as raised:
        error = raised
    for place, clip in waiting.values():
        yield place, error or AudioError(f"{path} ends before {clip.onset:g} s")


def _input(pieces: Iterable[Part]) -> Input:
    samples, rates = zip(*((part.samples, part.sample_rate) for part in pieces), strict=True)
    return Input(np.concatenate(samples), Reading(), rates[0])
