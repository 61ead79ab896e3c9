"""What is computed of stretches of recordings, once, and kept on the disk."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ...batch import Failure, Recording
from ...batch.discover import shared_folder
from ...similar.fragments import Entry, Origin, Rows
from ...similar.kept import FOLDER
from ...similar.store import Store
from ..data import Clip

WHOLE = (0.0, None)
"""Onset and offset of a clip that is a whole recording."""

Values = NDArray[np.float32]
"""Of a stretch, (rows, n): its embedding is one row, its segments are several."""

Place = tuple[str, float, float | None]
"""Path of a recording, and the onset and offset of a stretch of it."""

OnError = Callable[[Failure], object]

Compute = Callable[[Sequence[Clip], OnError], Iterator[tuple[Place, Values]]]
"""What gives the values of stretches, and reports those that it cannot read."""


def place_of(clip: Clip) -> Place:
    """Return where a clip is.

    Args:
        clip: of a data set.
    """
    return str(clip.path), clip.onset, clip.offset


def kept_stretches(
    origin: Origin,
    clips: Sequence[Clip],
    compute: Compute,
    folder: str | os.PathLike[str] | None = None,
    *,
    on_error: OnError,
    progress: bool = False,
) -> dict[Place, Values]:
    """Return the values of stretches, as far as they can be read.

    A recording that has changed, or has a stretch that is new, is decoded once for all of them.

    Args:
        origin: what the values depend on beside the recordings, as for `Store`.
        clips: the stretches.
        compute: gives the values of those that are not known.
        folder: where they are kept; None is `.panns-embeddings` in the folder that all recordings
            share.
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
    store = Store(root / FOLDER if folder is None else folder, origin)
    names = {path: Path(os.path.relpath(path, root)).as_posix() for path in wanted}
    found = _known(store, names)
    missing = [path for path, those in wanted.items() if not those.keys() <= found.keys()]
    if missing:
        with store.writer() as writer:
            for path in tqdm(missing, unit=" recordings", disable=None if progress else True):
                new = dict(compute([*wanted[path].values()], on_error))
                if new:
                    rows = _rows(new)
                    writer.add(_entry(names[path], path, len(rows.onsets)), rows)
                found |= new
            writer.flush()
            store.merge(lambda entry: _is_of(entry, str(root / entry.filename)))
    return {place: found[place] for those in wanted.values() for place in those if place in found}


def _known(store: Store, names: dict[str, str]) -> dict[Place, Values]:
    """What the store has of recordings that are as they were."""
    entries = store.entries
    current = {
        (name, None, None): (number, path)
        for number, (path, name) in enumerate(names.items())
        if (entry := entries.get((name, None, None))) and _is_of(entry, path)
    }
    paths = dict(current.values())
    found: dict[Place, list[Values]] = {}
    for block in store.blocks({key: number for key, (number, _) in current.items()}):
        windows = np.column_stack([block.recordings, block.onsets, block.offsets])
        is_new = (windows[1:] != windows[:-1]).any(axis=1)
        starts = [0, *(np.flatnonzero(is_new) + 1).tolist()]
        for start, values in zip(starts, np.split(block.vectors, starts[1:]), strict=True):
            number, onset, offset = windows[start].tolist()
            place = paths[int(number)], onset, None if math.isinf(offset) else offset
            found.setdefault(place, []).append(values)
    return {place: np.concatenate(several) for place, several in found.items()}


def _entry(name: str, path: str, n_rows: int) -> Entry:
    recording = Recording.at(path)
    return Entry(name, recording.size, recording.mtime_ns, n_rows)


def _rows(found: dict[Place, Values]) -> Rows:
    """All rows of a recording; each has the times of its stretch."""
    _, onsets, offsets = zip(*found, strict=True)
    ends = [math.inf if each is None else each for each in offsets]
    n_rows = [*map(len, found.values())]
    return Rows(
        np.repeat(np.array(onsets, float), n_rows),
        np.repeat(np.array(ends, float), n_rows),
        np.concatenate([*found.values()]),
    )


def _is_of(entry: Entry, path: str) -> bool:
    recording = Recording.at(path)
    return (entry.size, entry.mtime_ns) == (recording.size, recording.mtime_ns)
