"""What a run has done so far, beside its output: the same command goes on where it stopped.

    run.json       what is asked: verb, settings, network, weights, version, format, files
    files.jsonl    a line for each recording that is done or failed; of two on one, the later holds;
                   and one for each table that was written
    parts/         results of recordings that are put into one table at the end
    notes/         what is known of long recordings while they are heard
    lock           there while a process is at work

The line on a file is written, and on the disk, before the file gets its final name: what has such a
name and is as no line says was written by somebody else. The line on a part may come to the disk
some seconds later, and says by which digest a part is known that a power cut has not harmed.
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
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..checkpoints.lock import locked
from ..errors import OutputError, UsageError
from ..files import Fingerprint, Replace, atomic_write, explained, open_partial, sync_folder
from ..terminal import printable
from .finding import Recording
from .identity import compare, digest_of, digest_of_path
from .lines import Entry, Line, Made, line_of
from .notes import Notes
from .repair import read_asked, read_lines, set_aside, set_aside_all

LOG = logging.getLogger("panns_inference")

VERSION = 2
"""Of the layout of journals."""

SYNC_SECONDS = 5.0
"""Work on parts that a power cut may take away."""

OWN = re.compile(r"[0-9a-f]{32}\.(npz|frames|tmp)|\.panns-[0-9a-f]{16}\.tmp")
"""Names of files in the folders of a journal."""


class Journal:
    """The journal of a run; `opened` makes one.

    Args:
        folder: where its files are.
        run: digest of what the run is asked.
        overwrite: whether any file may be replaced by what the run writes.

    Attributes:
        entries: what is known of recordings, by their paths.
        made: the table that was written last; None without one.
    """

    def __init__(self, folder: Path, run: str, overwrite: bool = False) -> None:
        self.folder = folder
        self.run = run
        self.overwrite = overwrite
        self.entries: dict[str, Entry] = {}
        self.made: Made | None = None
        self._written: defaultdict[str, list[Fingerprint]] = defaultdict(list)
        self._parts: list[Path] = []
        self._synced = time.monotonic()

    @property
    def lines(self) -> Path:
        """The file with a line for each recording."""
        return self.folder / "files.jsonl"

    @property
    def parts(self) -> Path:
        """The folder for results that are put into one table at the end."""
        return self.folder / "parts"

    @property
    def is_empty(self) -> bool:
        """Whether nothing is done."""
        return not self._written

    def learn(self, line: Line) -> None:
        """Take in what a line says.

        Args:
            line: one of the journal's.
        """
        if line.written:
            self._written[line.output].append(line.written)
        if isinstance(line, Entry):
            self.entries[line.key] = line
        else:
            self.made = line

    def done(self, recording: Recording) -> Entry | None:
        """What is known of a recording that is done and has not changed since, or is gone.

        Args:
            recording: it.
        """
        entry = self.entries.get(recording.key)
        if entry is None or entry.cause:
            return None
        state = recording.size, recording.mtime_ns
        return entry if recording.size is None or state == (entry.size, entry.mtime_ns) else None

    def note(self, line: Line, part: Path | None = None) -> None:
        """Write a line down.

        Args:
            line: what to write.
            part: the part that it is about, which is brought to the disk together with others;
                None brings the line there at once.
        """
        self.learn(line)
        self._parts += [part] if part else []
        with open_partial(self.lines, append=True) as file:
            file.write(line_of(line, self.run))
        if not part or time.monotonic() - self._synced > SYNC_SECONDS:
            self.sync()

    def sync(self) -> None:
        """Bring lines and parts to the disk."""
        for path in (*self._parts, self.lines):
            with path.open("rb") as file:
                os.fsync(file.fileno())
        if self._parts:
            sync_folder(self.parts)
        self._parts.clear()
        self._synced = time.monotonic()

    def replaces(self, output: str) -> Replace:
        """What may be replaced under a name: what this run wrote there, and nobody changed.

        Args:
            output: name of the file.
        """
        digests = {written.sha256 for written in self._written.get(output, ())}
        return self.overwrite or (lambda there: there.sha256 in digests)

    def notes(self, recording: Recording) -> Notes:
        """Where notes on a long recording are kept.

        Args:
            recording: it.
        """
        identity = (recording.size or 0, recording.mtime_ns, int(self.run[:15], 16))
        return Notes(self.folder / "notes" / digest_of_path(recording.key), identity)

    def forget_notes(self) -> None:
        """All recordings are heard: no notes are needed any more."""
        _empty(self.folder / "notes")

    def sweep(self, folders: Iterable[Path]) -> None:
        """Remove what a kill left under temporary names.

        Args:
            folders: where only this run writes.
        """
        for folder in (self.folder, self.folder / "notes", self.parts, *folders):
            for pattern in (".panns-*.tmp", "*.tmp"):
                for path in folder.glob(pattern):
                    if OWN.fullmatch(path.name):
                        path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget what was done, but not which files were written; those of others stay."""
        self.entries.clear()
        self.made = None
        kept = [Made(name, each) for name, known in self._written.items() for each in known]
        # The lines first: without them the rest says nothing.
        with atomic_write(self.lines, binary=True) as file:
            file.write(b"".join(line_of(line, self.run) for line in kept))
        for name in ("parts", "notes"):
            _empty(self.folder / name)

    def remove_if_empty(self) -> None:
        """Leave nothing of the journal behind if nothing was written, and nothing is half heard."""
        if not self.is_empty or any((self.folder / "notes").glob("*.npz")):
            return
        for name in ("parts", "notes"):
            _empty(self.folder / name)
        for name in ("files.jsonl", "run.json", "lock"):
            (self.folder / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()


def exists(folder: Path) -> bool:
    """Whether a run has left a journal, whole or damaged.

    Args:
        folder: where it would be.
    """
    return any(os.path.lexists(folder / name) for name in ("run.json", "files.jsonl"))


@contextlib.contextmanager
def opened(folder: Path, asked: Mapping[str, Any], overwrite: bool) -> Iterator[Journal]:
    """The journal of a run, new or that of an earlier run to go on with.

    Args:
        folder: made if need be.
        asked: what `run.json` says.
        overwrite: whether an earlier run is forgotten.

    Raises:
        UsageError: if the earlier run was asked something else; the message shows what.
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
        asked = {"journal": VERSION, **asked}
        journal = Journal(folder, digest_of(asked), overwrite)
        set_aside_all(folder, faults)
        _read(journal, asked, faults)
        with atomic_write(folder / "run.json") as file:
            file.write(f"{json.dumps(asked, indent=2)}\n")
        sync_folder(folder.parent)
        if faults and not overwrite:
            damaged = printable(f"{folder} was damaged, and is repaired: {'; '.join(faults)}")
            LOG.warning("warning: %s", damaged)
        yield journal


def _read(journal: Journal, asked: Mapping[str, Any], faults: list[str]) -> None:
    """Take in what an earlier run has left, or forget it."""
    was = read_asked(journal.folder / "run.json", faults)
    if was and not journal.overwrite:
        if was.get("journal") != VERSION:
            raise UsageError(
                f"{journal.folder} was left by another version of this package, and cannot be gone "
                "on with: give another output, or begin anew: overwrite=True, --overwrite"
            )
        compare(was, asked, journal.folder)
    for line in read_lines(journal.lines, digest_of(was) if was else journal.run, faults):
        journal.learn(line)
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
