"""Embeddings of stretches of recordings, computed once and kept on the disk."""

from __future__ import annotations

import itertools
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ...audio import Reading
from ...batch import Failure, Recording
from ...batch.discover import shared_folder
from ...errors import AudioError, PannsError
from ...pipeline import EmbeddingTask
from ...pipeline.recordings import Input
from ...pipeline.run import run
from ...pipeline.workers import default_jobs
from ...similar.fragments import Entry, Rows
from ...similar.kept import FOLDER, origin_of
from ...similar.store import Store
from ..data import Clip
from ..data.cutting import in_order, waveforms_of

WHOLE = (0.0, None)
"""Onset and offset of a clip that is a whole recording."""

AT_ONCE = 64
"""Stretches that are in memory at the same time."""

Vector = NDArray[np.float32]

Place = tuple[str, float, float | None]
"""Path of a recording, and the onset and offset of a stretch of it."""

OnError = Callable[[Failure], object]


def place_of(clip: Clip) -> Place:
    """Return where a clip is.

    Args:
        clip: of a data set.
    """
    return str(clip.path), clip.onset, clip.offset


def kept_stretches(
    task: EmbeddingTask,
    clips: Sequence[Clip],
    folder: str | os.PathLike[str] | None = None,
    *,
    on_error: OnError,
    progress: bool = False,
) -> dict[Place, Vector]:
    """Return the embeddings of stretches, as far as they can be read.

    A recording that has changed, or has a stretch that is new, is decoded once for all of them.

    Args:
        task: with the network.
        clips: the stretches.
        folder: where embeddings are kept; None is `.panns-embeddings` in the folder that all
            recordings share.
        on_error: is called with each stretch that cannot be read.
        progress: whether stderr shows how far it is, if that is a terminal.

    Raises:
        OutputError: if the folder cannot be written, or another process is at work on it.
    """
    wanted: dict[str, dict[Place, Clip]] = {}
    for clip in clips:
        wanted.setdefault(str(clip.path), {})[place_of(clip)] = clip
    if not wanted:
        return {}
    root = shared_folder(wanted)
    origin = {**origin_of(task, Reading()), "stretches": True}
    store = Store(root / FOLDER if folder is None else folder, origin)
    names = {path: Path(os.path.relpath(path, root)).as_posix() for path in wanted}
    found = _known(store, names)
    missing = [path for path, those in wanted.items() if not those.keys() <= found.keys()]
    if missing:
        with store.writer() as writer:
            for path in tqdm(missing, unit=" recordings", disable=None if progress else True):
                new = dict(_computed(task, [*wanted[path].values()], on_error))
                if new:
                    writer.add(_entry(names[path], path, len(new)), _rows(new))
                found |= new
            writer.flush()
            store.merge(lambda entry: _is_of(entry, str(root / entry.filename)))
    return {place: found[place] for those in wanted.values() for place in those if place in found}


def _known(store: Store, names: dict[str, str]) -> dict[Place, Vector]:
    """What the store has of recordings that are as they were."""
    entries = store.entries
    current = {
        (name, None, None): (number, path)
        for number, (path, name) in enumerate(names.items())
        if (entry := entries.get((name, None, None))) and _is_of(entry, path)
    }
    paths = dict(current.values())
    return {
        (paths[number], onset, None if math.isinf(offset) else offset): vector
        for block in store.blocks({key: number for key, (number, _) in current.items()})
        for number, onset, offset, vector in zip(
            block.recordings.tolist(),
            block.onsets.tolist(),
            block.offsets.tolist(),
            block.vectors,
            strict=True,
        )
    }


def _computed(
    task: EmbeddingTask, clips: Sequence[Clip], on_error: OnError
) -> Iterator[tuple[Place, Vector]]:
    rate, ordered = task.model.sample_rate, in_order(clips)
    read = zip(ordered, waveforms_of(ordered, rate, sys.maxsize), strict=True)
    while taken := [*itertools.islice(read, AT_ONCE)]:
        given = [(clip, one) for clip, one in taken if not isinstance(one, AudioError)]
        failed: list[tuple[Clip, PannsError]] = [
            (clip, one) for clip, one in taken if isinstance(one, AudioError)
        ]
        inputs = [Input(waveform, Reading(), rate) for _, waveform in given]
        for outcome in run(task, inputs, jobs=default_jobs(task)):
            clip = given[outcome.number][0]
            if isinstance(outcome.result, PannsError):
                failed.append((clip, outcome.result))
            else:
                yield place_of(clip), outcome.result.vector
        for clip, error in failed:
            on_error(Failure(str(clip.path), str(error)))


def _entry(name: str, path: str, n_windows: int) -> Entry:
    recording = Recording.at(path)
    return Entry(name, recording.size, recording.mtime_ns, n_windows)


def _rows(found: dict[Place, Vector]) -> Rows:
    _, onsets, offsets = zip(*found, strict=True)
    ends = [math.inf if each is None else each for each in offsets]
    return Rows(np.array(onsets, float), np.array(ends, float), np.stack([*found.values()]))


def _is_of(entry: Entry, path: str) -> bool:
    recording = Recording.at(path)
    return (entry.size, entry.mtime_ns) == (recording.size, recording.mtime_ns)
