"""Results in files that outlive a kill: one table, or a file for each recording.

Table   results --partial results in the journal--> one file, when all recordings are done
Tree    results --> a file for each, at once
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..arrays import from_arrays, to_arrays
from ..errors import PathError
from ..files import (
    Fingerprint,
    atomic_write,
    checked,
    explained,
    fingerprint,
    open_partial,
    unchanged,
)
from ..formats import Format
from ..formats.npz import write_rows
from ..formats.spans import Selection
from ..results import Detection, Result
from .journal import PARTIAL, Journal
from .recording import Recording
from .records import FileRecord, TableRecord, digest_of_path, set_aside
from .resume import StateFiles


@dataclass(frozen=True)
class Output:
    """Where the results of a list of recordings go.

    Attributes:
        recordings: the list.
        files: that will be written.
        journal: folder of the journal.
        format: of the files.
        selection: what is written of each result.
        is_split: whether there is a file for each recording, in a folder of their own.
    """

    recordings: Sequence[Recording]
    files: Sequence[Path]
    journal: Path
    format: Format
    selection: Selection
    is_split: bool

    @cached_property
    def refused(self) -> Mapping[int, PathError]:
        """Files that cannot be written, whatever they hold, by their places in the list, and why.

        Of a tree, these are failures of single recordings.
        """
        refused: dict[int, PathError] = {}
        for number, path in enumerate(self.files):
            try:
                checked(path)
            except PathError as error:
                refused[number] = error
        return refused

    def holds(self, record: FileRecord, number: int) -> bool:
        """Return whether the result of a recording is still where it was put, as it was put there.

        Args:
            record: of the recording.
            number: its place in the list.
        """
        raise NotImplementedError

    def keep(
        self, journal: Journal, record: FileRecord, number: int, result: Result, state: StateFiles
    ) -> None:
        """Write a result where a kill does not harm it, and its record into the journal.

        Args:
            journal: of the run.
            record: of the recording, without what is known only now.
            number: its place in the list.
            result: of the recording.
            state: that was saved while it was processed.

        Raises:
            PathError: if this result cannot be written, but others can.
        """
        raise NotImplementedError

    def finish(self, journal: Journal, labels: Sequence[str]) -> None:
        """Write what is made of all results, if anything is.

        Args:
            journal: of the run.
            labels: display names of the classes.
        """


class Tree(Output):
    """A file for each recording: in a folder that mirrors theirs, or one file for a single one."""

    def holds(self, record: FileRecord, number: int) -> bool:
        """Return whether the file of a recording is there, as it was written."""
        written = record.written if record.output == self._name(number) else None
        return written is not None and unchanged(self.files[number], written)

    def keep(
        self, journal: Journal, record: FileRecord, number: int, result: Result, state: StateFiles
    ) -> None:
        """Write the file of a recording."""
        path, name = self.files[number], self._name(number)
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)

        def announce(written: Fingerprint) -> None:
            journal.add(replace(record, output=name, written=written))

        leave, binary = journal.replaceable(name), self.format.binary
        with atomic_write(path, binary=binary, replace=leave, announce=announce) as file:
            self._write(file, result, state)

    def _write(self, file: IO[Any], result: Result, state: StateFiles) -> None:
        if self.format.framewise and isinstance(result, Detection) and result.framewise is None:
            write_rows(file, result, state.rows(len(result.labels)))
        else:
            self.format.write([result], file, **self.selection._asdict())

    def _name(self, number: int) -> str:
        return os.path.relpath(self.files[number], self.journal.parent)


class Table(Output):
    """One file for all recordings; results wait for it in the journal."""

    def holds(self, record: FileRecord, number: int) -> bool:
        """Return whether a partial result is there, to the last bit: a power cut may harm it."""
        name = self._name(self.recordings[number])
        if record.written and record.output == name:
            with contextlib.suppress(OSError):
                return fingerprint(self.journal / name).sha256 == record.written.sha256
        return False

    def keep(
        self, journal: Journal, record: FileRecord, number: int, result: Result, state: StateFiles
    ) -> None:
        """Write the partial result of a recording."""
        name = self._name(self.recordings[number])
        written = write_partial(self.journal / name, result)
        journal.add(replace(record, output=name, written=written), self.journal / name)

    def finish(self, journal: Journal, labels: Sequence[str]) -> None:
        """Make the table of the partial results, unless it is made of just these."""
        pairs = [(each.name, journal.done(each)) for each in self.recordings]
        done = [(name, record) for name, record in pairs if record and record.written]
        digests = [(name, record.written.sha256) for name, record in done if record.written]
        of = hashlib.sha256(repr(digests).encode("utf-8", "surrogateescape")).hexdigest()
        path, table = self.files[0], journal.table
        if not done or (table and table.of == of and unchanged(path, table.written)):
            return

        def announce(written: Fingerprint) -> None:
            journal.add(TableRecord(path.name, written, of))

        results = (read_partial(self.journal / record.output, n, labels) for n, record in done)
        leave, binary = journal.replaceable(path.name), self.format.binary
        try:
            with atomic_write(path, binary=binary, replace=leave, announce=announce) as file:
                self.format.write(results, file, **self.selection._asdict())
        except PathError as error:
            raise PathError(
                f"{error}; the results are kept in {self.journal}, and the same command makes "
                "the table of them when the way is clear"
            ) from error

    def _name(self, recording: Recording) -> str:
        return f"{PARTIAL}/{digest_of_path(recording.key)}.npz"


def write_partial(path: Path, result: Result) -> Fingerprint:
    """Write a result; its name never stands for half of it while the system is up.

    Args:
        path: of the file; its folder is made if need be.
        result: of any kind.

    Returns:
        The fingerprint of the file. After a power cut it may be another one: nothing waits here
        until the disk has it.
    """
    # Made in memory: on a full disk, zipfile hides the cause behind an error of its own.
    buffer = io.BytesIO()
    arrays: dict[str, Any] = to_arrays(result)
    np.savez(buffer, **arrays)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    for name in (path, temporary):
        set_aside(name, stat.S_ISREG, [])
    with open_partial(temporary) as file:
        file.write(buffer.getbuffer())
    os.replace(temporary, path)
    digest = hashlib.sha256(buffer.getbuffer()).hexdigest()
    return Fingerprint(buffer.tell(), path.stat().st_mtime_ns, digest)


def read_partial(path: Path, source: str | None, labels: Sequence[str]) -> Result:
    """Return a result that `write_partial` wrote.

    Args:
        path: of the file.
        source: what the recording is called now.
        labels: display names of the classes.
    """
    with np.load(path) as arrays:
        return from_arrays(arrays, source, labels)
