"""The embeddings of a folder brought up to date: what is new or has changed is computed."""

from __future__ import annotations

import contextlib
import logging
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from .. import __version__
from ..audio import Reading
from ..batch import Failure, Recording, find
from ..batch.discover import shared_folder
from ..batch.progress import OnError
from ..batch.recording import split_channels
from ..batch.records import digest_of_path
from ..batch.resume import StateFiles
from ..batch.run import in_order
from ..errors import PathError
from ..pipeline import EmbeddingTask
from ..results import Embedding
from ..wording import argument
from .fragments import Entry, Key, Origin, Rows
from .store import Store
from .windows import Block, Named

LOG = logging.getLogger("panns_inference")

FOLDER = ".panns-embeddings"
"""What embeddings are kept in, below the folder of the recordings."""

STATES = "states"
"""Folder of a store for the states of long recordings that are not done."""

VERSION = 1
"""Of what an embedding is: it grows when the same recording gets another one."""


@dataclass(frozen=True)
class Kept:
    """The embeddings of some recordings, on the disk.

    Attributes:
        store: that has them.
        found: the recordings that have embeddings, by what they are known by in the store.
        reading: how they are read.
        failures: recordings that have none, and why.
        n_computed: how many were embedded just now.
    """

    store: Store
    found: Mapping[Key, Recording]
    reading: Reading
    failures: Sequence[Failure]
    n_computed: int

    @cached_property
    def recordings(self) -> list[Named]:
        """The recordings by their numbers: their places in `found`."""
        return [_named(each, self.reading) for each in self.found.values()]

    @cached_property
    def numbers(self) -> dict[Key, int]:
        """The numbers of the recordings, by what they are known by in the store."""
        return {key: number for number, key in enumerate(self.found)}

    def blocks(self) -> Iterator[Block]:
        """Yield all windows."""
        return self.store.blocks(self.numbers)


def keep(
    task: EmbeddingTask,
    inputs: Iterable[str | os.PathLike[str]],
    folder: str | os.PathLike[str] | None = None,
    *,
    jobs: int | None = None,
    on_error: OnError = "skip",
    resampler: str = "soxr",
    strict: bool = False,
    track: int | str | None = None,
    channel: int | str = "mix",
    progress: bool = False,
) -> Kept:
    """Return the embeddings of recordings; what was computed before is not computed again.

    A recording is known by its name below the deepest folder that all inputs share, its size and
    the time of its last change. Whatever ends the call, what it has computed stays, also of a long
    recording that is not done.

    Args:
        task: the network, and the windows if there are to be some; else each recording has a
            single embedding.
        inputs: files, folders and patterns, as for `batch.find`.
        folder: where embeddings are kept; None is `.panns-embeddings` in the folder that all
            inputs share.
        jobs: as for `batch.results`, like the next six.
        on_error: as there.
        resampler: as there.
        strict: as there.
        track: as there.
        channel: as there.
        progress: as there.

    Raises:
        AudioError: if there is no recording, or for one that cannot be used.
        UsageError: if an argument makes no sense, or pyarrow is not installed.
        OutputError: if the folder cannot be written, or another process is at work on it.
    """
    inputs = list(inputs)
    reading = Reading(resampler, strict, track, channel)
    root = shared_folder(inputs)
    store = Store(root / FOLDER if folder is None else folder, origin_of(task, reading))
    recordings = {_key(each, root): each for each in split_channels(find(inputs), reading)}
    new = _without_entry(recordings, store)
    failures: list[Failure] = []

    def count(failure: Failure) -> None:
        failures.append(failure)
        if callable(on_error):
            on_error(failure)
        else:
            LOG.error("error: %s", failure.cause)

    if new:
        with _elsewhere(), store.writer() as writer:
            new = _without_entry(recordings, store)  # another process may have been at work
            order = [*new.items()]
            results = in_order(
                task,
                [*new.values()],
                reading,
                jobs=jobs,
                on_error="raise" if on_error == "raise" else count,
                progress=progress,
                state_of=lambda recording: _state_of(recording, store.folder),
            )
            for number, (result, _) in enumerate(results):
                key, recording = order[number + len(failures)]  # failures come in their turn
                writer.add(_entry(key, recording, result), _rows(result))
            writer.flush()
            store.merge(lambda entry: _is_of(entry, Recording.at(str(root / entry.filename))))
            with contextlib.suppress(OSError):  # it is not there, or a state is needed later
                (store.folder / STATES).rmdir()
    missing = _without_entry(recordings, store)
    found = {key: each for key, each in recordings.items() if key not in missing}
    return Kept(store, found, reading, failures, len(new) - len(failures))


def origin_of(task: EmbeddingTask, reading: Reading) -> Origin:
    """Return what the embeddings of a task depend on beside the recordings.

    Args:
        task: with its network.
        reading: how recordings are read.
    """
    identity = task.model.engine.identity()
    return {
        "version": VERSION,
        "model": task.model.name,
        "weights": identity["weights"],
        "precision": identity["precision"],
        "settings": task.settings,
        "reading": {name: getattr(reading, name) for name in ("resampler", "track", "channel")},
    }


def _key(recording: Recording, root: Path) -> Key:
    name = Path(os.path.relpath(recording.path, root)).as_posix()
    return name, recording.track, recording.channel


def _without_entry(recordings: Mapping[Key, Recording], store: Store) -> dict[Key, Recording]:
    """The recordings that the store does not have as they are now."""
    known = store.entries
    return {key: each for key, each in recordings.items() if not _is_of(known.get(key), each)}


def _is_of(entry: Entry | None, recording: Recording) -> bool:
    """Whether an entry is of a recording as it is now."""
    now = recording.size, recording.mtime_ns
    return entry is not None and (entry.size, entry.mtime_ns) == now


def _entry(key: Key, recording: Recording, result: Embedding) -> Entry:
    filename, track, channel = key
    n_windows = len(result.stretches) or 1
    return Entry(filename, recording.size, recording.mtime_ns, n_windows, track, channel)


def _rows(result: Embedding) -> Rows:
    windows = result.stretches or (result,)
    onsets, offsets = ([getattr(each, name) for each in windows] for name in ("onset", "offset"))
    vectors = np.stack([each.vector for each in windows])
    return Rows(np.array(onsets), np.array(offsets), vectors)


def _state_of(recording: Recording, folder: Path) -> StateFiles:
    """Where the state of a long recording is, as it is now; other versions have other states."""
    identity = (recording.size or 0, recording.mtime_ns, zlib.crc32(__version__.encode()))
    return StateFiles(folder / STATES / digest_of_path(recording.key), identity)


def _named(recording: Recording, reading: Reading) -> Named:
    """A recording with the track and the channel that were chosen, for it or for all."""
    chosen = reading.of(recording.track, recording.channel)
    numbers = (chosen.track, chosen.channel)
    track, channel = (each if isinstance(each, int) else None for each in numbers)
    return Named(recording.name or "", track, channel)


@contextlib.contextmanager
def _elsewhere() -> Iterator[None]:
    """What cannot be written here may be written in another place."""
    try:
        yield
    except PathError as error:
        raise PathError(
            f"{error}; embeddings can be kept in another folder: {argument('embeddings')}"
        ) from error
