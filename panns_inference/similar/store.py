"""Kept embeddings: computed once for each recording, network and settings.

    ROOT/.panns-embeddings/
        PannsMini-0123456789ab/     one for each network with its weights, and settings
            000001.parquet          windows of whole recordings, as in `fragments`
            000002.parquet          of those that are new or have changed since
            lock                    there while a process computes embeddings
            states/                 of long recordings that are not done

A fragment is whole or not there, so that a kill takes only what was computed since the last one.
What has changed is computed again, and stands in a later fragment; what is gone, or stands in a
later one, goes when fragments are merged. Names are below the root: a folder can be moved.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import OutputError
from ..files import explained
from ..lock import locked
from .fragments import Entry, Key, Origin, Rows, read_entries, read_rows, require, write
from .windows import Block

LOG = logging.getLogger("panns_inference")

FRAGMENT_BYTES = 1 << 28
"""Embeddings of a fragment: as many as are held until they are written."""

FRAGMENT_SECONDS = 30.0
"""Work that a kill may take away; of a recording longer than a block, it is less."""


class Store:
    """Embeddings that depend on the same network and settings.

    Args:
        folder: of all embeddings of the same root.
        origin: what they depend on, ready for JSON, with the name of the network as `model`.

    Attributes:
        folder: of these embeddings; it need not be there.
        entries: the recordings, by their keys.

    Raises:
        UsageError: if pyarrow is not installed.
    """

    def __init__(self, folder: str | os.PathLike[str], origin: Origin) -> None:
        require()
        self.origin = origin
        text = json.dumps(origin, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        self.folder = Path(folder, f"{origin['model']}-{digest}")
        self._fragments = self._read()

    @property
    def entries(self) -> dict[Key, Entry]:
        """The recordings by their keys; of two entries on one, the later holds."""
        return {each.key: each for each in itertools.chain(*self._fragments.values())}

    @property
    def fragments(self) -> list[Path]:
        """The files, the oldest first."""
        return [*self._fragments]

    def blocks(self, numbers: Mapping[Key, int]) -> Iterator[Block]:
        """Yield the windows of some recordings.

        Args:
            numbers: by their keys, the numbers that the recordings have in the blocks.
        """
        for path, owners in self.owners(numbers):
            yield from _blocks(read_rows(path), owners)

    def owners(self, numbers: Mapping[Key, int]) -> Iterator[tuple[Path, NDArray[np.int64]]]:
        """Yield fragments, and for each of their windows the number of its recording, (n,).

        Args:
            numbers: of recordings, by their keys; windows of others have -1. Fragments that have
                no other windows are left out.
        """
        latest = self.entries
        for path, entries in self._fragments.items():
            wanted = [
                numbers.get(each.key, -1) if latest[each.key] is each else -1 for each in entries
            ]
            owners = np.repeat(np.array(wanted, np.int64), [each.n_windows for each in entries])
            if (owners >= 0).any():
                yield path, owners

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes from changing the folder, and see what they have done before.

        Raises:
            OutputError: if the folder cannot be written, or another process is at work on it.
        """
        with contextlib.ExitStack() as stack:
            with explained(self.folder):
                self.folder.mkdir(parents=True, exist_ok=True)
                try:
                    stack.enter_context(locked(self.folder / "lock", wait=False))
                except BlockingIOError:
                    raise OutputError(
                        f"another process is at work in {self.folder}: wait for it"
                    ) from None
            for path in self.folder.glob(".panns-*.tmp"):  # what a kill left
                path.unlink(missing_ok=True)
            if self._paths() != self.fragments:
                self._fragments = self._read()
            yield

    @contextlib.contextmanager
    def writer(self) -> Iterator[Writer]:
        """Open what adds recordings; when the `with` block ends, also by an error, all are kept.

        Raises:
            OutputError: as `alone`.
        """
        with self.alone():
            writer = Writer(self._write)
            try:
                yield writer
            finally:
                writer.flush()

    def merge(self, is_current: Callable[[Entry], bool]) -> None:
        """Write anew what is current in fragments that are small, or have something else.

        It is called while a `writer` is open.

        Args:
            is_current: whether a recording is as it was.
        """
        latest = self.entries
        alive = {
            path: [latest[each.key] is each and is_current(each) for each in entries]
            for path, entries in self._fragments.items()
        }
        small = [path for path in alive if path.stat().st_size < FRAGMENT_BYTES / 2]
        stale = [path for path, those in alive.items() if not those or not all(those)]
        merged = {*stale, *(small if len(small) > 1 else ())}
        writer = Writer(self._write)
        for path in [path for path in alive if path in merged]:
            entries = self._fragments[path]
            kept = zip(entries, _of_each(path, entries), alive[path], strict=True)
            for entry, rows, is_alive in kept:
                if is_alive:
                    writer.add(entry, rows)
        writer.flush()
        for path in merged:
            for each in self.folder.glob(f"{path.stem}.*"):  # with what was made of it
                each.unlink(missing_ok=True)
            del self._fragments[path]

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("[0-9]*.parquet"))

    def _read(self) -> dict[Path, list[Entry]]:
        """The recordings of each fragment, the oldest first."""
        fragments: dict[Path, list[Entry]] = {}
        for path in self._paths():
            try:
                fragments[path] = read_entries(path, self.origin)
            except (ValueError, OSError) as error:
                LOG.warning("warning: %s is computed again, for it cannot be used: %s", path, error)
                fragments[path] = []
        return fragments

    def _write(self, entries: Sequence[Entry], rows: Sequence[Rows]) -> None:
        number = max((int(path.stem) for path in self._fragments), default=0) + 1
        path = self.folder / f"{number:06}.parquet"
        write(path, self.origin, entries, rows)
        self._fragments[path] = list(entries)


class Writer:
    """Gathers recordings until they make a fragment.

    Args:
        write: writes a fragment of recordings with their windows.
    """

    def __init__(self, write: Callable[[Sequence[Entry], Sequence[Rows]], object]) -> None:
        self._write = write
        self._gathered: list[tuple[Entry, Rows]] = []
        self._n_bytes = 0
        self._since = time.monotonic()

    def add(self, entry: Entry, rows: Rows) -> None:
        """Take a recording.

        Args:
            entry: what is known of it.
            rows: its windows.
        """
        self._gathered.append((entry, rows))
        self._n_bytes += rows.vectors.nbytes
        if self._n_bytes >= FRAGMENT_BYTES or time.monotonic() - self._since > FRAGMENT_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what is gathered, if there is anything."""
        if self._gathered:
            self._write(*zip(*self._gathered, strict=True))
        self._gathered.clear()
        self._n_bytes, self._since = 0, time.monotonic()


def _blocks(found: Iterable[Rows], owners: NDArray[np.int64]) -> Iterator[Block]:
    """The windows whose recordings have numbers of 0 or more."""
    start = 0
    for rows in found:
        numbers = owners[start : start + len(rows.onsets)]
        start += len(numbers)
        wanted = numbers >= 0
        if wanted.all():
            yield Block(numbers, *rows)
        elif wanted.any():
            onsets, offsets, vectors = rows
            yield Block(numbers[wanted], onsets[wanted], offsets[wanted], vectors[wanted])


def _of_each(path: Path, entries: Sequence[Entry]) -> Iterator[Rows]:
    """The windows of each recording of a fragment."""
    if not entries:
        return
    whole = [np.concatenate(column) for column in zip(*read_rows(path), strict=True)]
    ends = np.cumsum([each.n_windows for each in entries])[:-1]
    yield from map(Rows, *(np.split(column, ends) for column in whole))
