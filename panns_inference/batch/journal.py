"""What a run has done so far, beside its output: the same command goes on where it stopped.

    run.json       the request: task, settings, network, weights, version, format, files
    files.jsonl    a line for each recording that is done or failed; of two on one, the later holds;
                   and one for each table that was written
    partial/       results of recordings that are put into one table at the end
    states/        what is known of long recordings while they are processed
    lock           there while a process is at work

The record of a file is written, and on the disk, before the file gets its final name: what has such
a name and is as in no record was written by somebody else. The record of a partial result may
come to the disk some seconds later, and its digest shows whether a power cut has harmed the result.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import stat
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..errors import OutputError
from ..files import Fingerprint, Replace, atomic_write, explained, open_partial, sync_folder
from ..lock import locked
from ..terminal import printable
from .recording import Recording
from .records import (
    FileRecord,
    Record,
    TableRecord,
    digest_of_path,
    line_of,
    read_records,
    set_aside,
)
from .request import Request, compare, digest_of, read_request
from .resume import StateFiles

LOG = logging.getLogger("panns_inference")

SYNC_SECONDS = 5.0
"""Work on partial results that a power cut may take away."""

PARTIAL, STATES = "partial", "states"

FILES, FOLDERS = ("files.jsonl", "run.json"), (PARTIAL, STATES)
"""What a journal holds beside its lock; the lines first: without them the rest has no meaning."""

OWN = re.compile(r"[0-9a-f]{32}\.(npz|frames|tmp)|\.panns-[0-9a-f]{16}\.tmp")
"""Names of files in the folders of a journal."""


class Journal:
    """The journal of a run; `opened` makes one.

    Args:
        folder: of its files.
        run: digest of the request.
        overwrite: whether any file may be replaced by what the run writes.

    Attributes:
        records: what is known of recordings, by their keys.
        table: the table that was written last; None without one.
    """

    def __init__(self, folder: Path, run: str, overwrite: bool = False) -> None:
        self.folder = folder
        self.run = run
        self.overwrite = overwrite
        self.records: dict[str, FileRecord] = {}
        self.table: TableRecord | None = None
        self._written: defaultdict[str, list[Fingerprint]] = defaultdict(list)
        self._unsynced: list[Path] = []
        self._synced = time.monotonic()

    @property
    def lines(self) -> Path:
        """The path of the file of the records."""
        return self.folder / "files.jsonl"

    def learn(self, record: Record) -> None:
        """Take in a record.

        Args:
            record: one of the journal's.
        """
        if record.written:
            self._written[record.output].append(record.written)
        if isinstance(record, FileRecord):
            self.records[record.key] = record
        else:
            self.table = record

    def done(self, recording: Recording) -> FileRecord | None:
        """Return the record of a recording that is done and has not changed since, or is gone.

        Args:
            recording: as it is now.
        """
        record = self.records.get(recording.key)
        if record is None or record.cause:
            return None
        return record if recording.unchanged(record.size, record.mtime_ns) else None

    def add(self, record: Record, partial: Path | None = None) -> None:
        """Write a record down.

        Args:
            record: of a recording or a table.
            partial: the partial result that it is about, which is brought to the disk with
                others; None brings the record there at once.
        """
        self.learn(record)
        self._unsynced += [partial] if partial else []
        with open_partial(self.lines, append=True) as file:
            file.write(line_of(record, self.run))
        if not partial or time.monotonic() - self._synced > SYNC_SECONDS:
            self._sync()

    def _sync(self) -> None:
        """Bring records and partial results to the disk."""
        for path in (*self._unsynced, self.lines):
            with path.open("rb") as file:
                os.fsync(file.fileno())
        for folder in {path.parent for path in self._unsynced}:
            sync_folder(folder)
        self._unsynced.clear()
        self._synced = time.monotonic()

    def replaceable(self, output: str) -> Replace:
        """Return which files may be replaced: those that this run wrote, and nobody changed.

        Args:
            output: name of the file.
        """
        digests = {written.sha256 for written in self._written.get(output, ())}
        return self.overwrite or (lambda there: there.sha256 in digests)

    def state_of(self, recording: Recording) -> StateFiles:
        """Return the saved state of a long recording, or where it is to be saved.

        Args:
            recording: as it is now.
        """
        identity = (recording.size or 0, recording.mtime_ns, int(self.run[:15], 16))
        return StateFiles(self.folder / STATES / digest_of_path(recording.key), identity)

    def forget_states(self) -> None:
        """Remove all saved states: all recordings are done."""
        _empty(self.folder / STATES)

    def sweep(self, folders: Iterable[Path]) -> None:
        """Remove what a kill left under temporary names.

        Args:
            folders: where only this run writes.
        """
        for folder in (self.folder, *map(self.folder.joinpath, FOLDERS), *folders):
            for pattern in (".panns-*.tmp", "*.tmp"):
                for path in folder.glob(pattern):
                    if OWN.fullmatch(path.name):
                        path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget what was done, but not which files were written; those of others stay."""
        self.records.clear()
        self.table = None
        kept = [TableRecord(name, each) for name, known in self._written.items() for each in known]
        with atomic_write(self.lines, binary=True) as file:
            file.write(b"".join(line_of(record, self.run) for record in kept))
        for name in FOLDERS:
            _empty(self.folder / name)

    def remove_if_empty(self) -> None:
        """Remove the journal if no file was written, and no recording is half done."""
        if self._written or any((self.folder / STATES).glob("*.npz")):
            return
        for name in FOLDERS:
            _empty(self.folder / name)
        for name in (*FILES, "lock"):
            (self.folder / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()


def exists(folder: Path) -> bool:
    """Return whether a run has left a journal, whole or damaged.

    Args:
        folder: where it would be.
    """
    return any(os.path.lexists(folder / name) for name in FILES)


@contextlib.contextmanager
def opened(folder: Path, request: Request, overwrite: bool) -> Iterator[Journal]:
    """Open the journal of a run, new or that of an earlier run to go on with.

    Args:
        folder: made if need be.
        request: of the run.
        overwrite: whether an earlier run is forgotten.

    Raises:
        UsageError: if the earlier run had another request; the message shows what differs.
        OutputError: if another process is at work on it.
    """
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    faults: list[str] = []
    with contextlib.ExitStack() as stack:
        set_aside(folder / "lock", stat.S_ISREG, faults)
        try:
            stack.enter_context(locked(folder / "lock", wait=False))
        except BlockingIOError:
            raise OutputError(f"another process is at work on {folder}: wait for it") from None
        journal = Journal(folder, digest_of(request), overwrite)
        _read(journal, request, faults)
        with atomic_write(folder / "run.json") as file:
            file.write(f"{json.dumps(request, indent=2)}\n")
        sync_folder(folder.parent)
        if faults and not overwrite:
            damaged = printable(f"{folder} was damaged, and is repaired: {'; '.join(faults)}")
            LOG.warning("warning: %s", damaged)
        yield journal


def _read(journal: Journal, request: Request, faults: list[str]) -> None:
    """Take in what an earlier run has left, or forget it."""
    for names, is_kind in ((FILES, stat.S_ISREG), (FOLDERS, stat.S_ISDIR)):
        for name in names:
            set_aside(journal.folder / name, is_kind, faults)
    before = read_request(journal.folder / "run.json", faults)
    if before and not journal.overwrite:
        compare(before, request, journal.folder)
    run = digest_of(before) if before else journal.run
    for record in read_records(journal.lines, run, faults):
        journal.learn(record)
    if journal.overwrite:
        journal.clear()


def _empty(folder: Path) -> None:
    """Remove the files of a journal from one of its folders, and the folder if nothing is left."""
    if folder.is_dir() and not folder.is_symlink():
        for path in folder.iterdir():
            if OWN.fullmatch(path.name):
                path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            folder.rmdir()
