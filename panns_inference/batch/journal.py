"""What a run has done so far, beside its output: the same command goes on where it stopped.

    run.json       what is asked: verb, settings, network, weights, version, format, files
    files.jsonl    a line for each recording that is done or failed; of two on one, the later holds
    parts/         results of recordings that are put into one table at the end
    notes/         what is known of long recordings while they are heard
    lock           there while a process is at work

Each line is written by one call, when what it speaks of is under its final name. What a kill or a
full disk leaves of a line is cut off by the next run.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..checkpoints.lock import locked
from ..errors import OutputError, UsageError
from ..files import atomic_write
from .finding import Recording
from .notes import Notes

TOLD_ONLY = frozenset({"inputs", "runtime", "device"})
"""What `run.json` tells, and the next run may change."""


@dataclass(frozen=True)
class Entry:
    """A recording that is done, or that failed.

    Attributes:
        path: where it is, absolute.
        size: in bytes; None if there was no such file.
        mtime_ns: when it was last changed, in nanoseconds.
        n_samples: its length at the network's rate; 0 if it failed.
        output: name of the file that holds its result; empty if it failed.
        n_bytes: size of that file.
        cause: why it failed; empty if it is done.
    """

    path: str
    size: int | None
    mtime_ns: int
    n_samples: int = 0
    output: str = ""
    n_bytes: int = 0
    cause: str = ""


@dataclass(frozen=True)
class Journal:
    """The journal of a run; `opened` makes one.

    Attributes:
        folder: where its files are.
        entries: what is known of recordings, by their paths.
    """

    folder: Path
    entries: dict[str, Entry] = field(default_factory=dict)

    @property
    def lines(self) -> Path:
        """The file with a line for each recording."""
        return self.folder / "files.jsonl"

    @property
    def parts(self) -> Path:
        """The folder for results that are put into one table at the end."""
        return self.folder / "parts"

    def done(self, recording: Recording) -> Entry | None:
        """What is known of a recording that is done and has not changed since.

        Args:
            recording: it.
        """
        entry = self.entries.get(recording.path)
        if entry is None or entry.cause:
            return None
        same = (entry.size, entry.mtime_ns) == (recording.size, recording.mtime_ns)
        return entry if same else None

    def note(self, entry: Entry) -> None:
        """Write down that a recording is done, or that it failed.

        Args:
            entry: what to write.
        """
        self.entries[entry.path] = entry
        with self.lines.open("ab", buffering=0) as file:
            file.write(f"{json.dumps(asdict(entry))}\n".encode())

    def notes(self, recording: Recording) -> Notes:
        """Where notes on a long recording are kept.

        Args:
            recording: it.
        """
        identity = (recording.size or 0, recording.mtime_ns)
        return Notes(self.folder / "notes" / name_of(recording), identity)

    def forget_notes(self) -> None:
        """All recordings are heard: no notes are needed any more."""
        shutil.rmtree(self.folder / "notes", ignore_errors=True)

    def sweep(self, folders: Iterable[Path]) -> None:
        """Remove what a kill left under temporary names.

        Args:
            folders: where only this run writes.
        """
        for folder in (self.folder, self.folder / "notes", *folders):
            for path in folder.glob(".panns-*.tmp"):
                path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget what was done; the files of others in the folder stay."""
        # The lines first: without them the rest says nothing.
        self.lines.unlink(missing_ok=True)
        self.entries.clear()
        (self.folder / "table").unlink(missing_ok=True)
        for name in ("parts", "notes"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def remove(self) -> None:
        """Leave nothing of the journal behind."""
        self.clear()
        for name in ("run.json", "lock"):
            (self.folder / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()


def name_of(recording: Recording) -> str:
    """The name of files that belong to a recording.

    Args:
        recording: it.
    """
    path = recording.path.encode("utf-8", "surrogateescape")
    return hashlib.sha256(path).hexdigest()[:32]


def exists(folder: Path) -> bool:
    """Whether a run has left a journal.

    Args:
        folder: where it would be.
    """
    return (folder / "run.json").is_file()


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
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(folder / "lock", wait=False))
        except BlockingIOError:
            raise OutputError(f"another process is at work on {folder}: wait for it") from None
        journal = Journal(folder)
        if overwrite or not exists(folder):
            journal.clear()
        else:
            _compare(json.loads((folder / "run.json").read_text("utf-8")), asked, folder)
        with atomic_write(folder / "run.json") as file:
            json.dump(asked, file, indent=2)
            file.write("\n")
        journal.entries.update(_read(journal.lines))
        yield journal


def _read(path: Path) -> dict[str, Entry]:
    """The entries of a file, which is cut behind its last whole line."""
    with path.open("a+b") as file:
        file.seek(0)
        content = file.read()
        whole = content.rpartition(b"\n")[0]
        file.truncate(len(whole) + 1 if whole else 0)
    entries = (Entry(**json.loads(line)) for line in whole.splitlines())
    return {entry.path: entry for entry in entries}


def _compare(was: Mapping[str, Any], now: Mapping[str, Any], folder: Path) -> None:
    old, new = _flat(was), _flat(json.loads(json.dumps(now)))
    names = [name for name in {**old, **new} if name not in TOLD_ONLY]
    lines = [
        f"  {name}: was {old.get(name)!r}, is {new.get(name)!r}"
        for name in names
        if old.get(name) != new.get(name)
    ]
    if lines:
        raise UsageError(
            f"{folder} is of a run that was asked something else:\n" + "\n".join(lines) + "\n"
            "ask the same to go on, give another output, or begin anew: overwrite=True, --overwrite"
        )


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        inner = value if isinstance(value, dict) else {}
        flat |= {f"{name}.{key}": each for key, each in inner.items()} if inner else {name: value}
    return flat
