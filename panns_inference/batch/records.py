"""The records of a journal, one JSON object a line: a recording that is done or failed, a table.

A record bears the fingerprint of the file that was written, so that this file is known again, and a
checksum of itself and of the request of the run: it is valid without the rest of the journal, and
never for another run.

A kill leaves whole lines. After a power cut a file may be empty, end anywhere, or hold zeros; other
programs may have put anything there. Nothing of theirs is removed: it gets another name.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_type_hints

from ..files import Fingerprint, atomic_write
from ..origin import key_of


@dataclass(frozen=True)
class FileRecord:
    """A recording that is done, or that failed.

    Attributes:
        path: of the recording, absolute.
        size: in bytes; None if there was no such file.
        mtime_ns: time of its last change, in nanoseconds.
        n_samples: its length at the network's rate; 0 if it failed.
        output: name of the file that holds its result; empty if it failed.
        written: fingerprint of that file; None if it failed.
        cause: why it failed; empty if it is done.
        track: number of one of its sound tracks, where each has a result of its own.
        channel: number of one of its channels, where each has a result of its own.
    """

    path: str
    size: int | None
    mtime_ns: int
    n_samples: int = 0
    output: str = ""
    written: Fingerprint | None = None
    cause: str = ""
    track: int | None = None
    channel: int | None = None

    @property
    def key(self) -> str:
        """The key of the recording."""
        return key_of(self.path, self.track, self.channel)


@dataclass(frozen=True)
class TableRecord:
    """A file that was made of the results of several recordings.

    Attributes:
        output: its name.
        written: its fingerprint.
        of: digest of the results.
    """

    output: str
    written: Fingerprint
    of: str = ""


Record = FileRecord | TableRecord

_TYPES: dict[type[Any], dict[str, Any]] = {
    kind: get_type_hints(kind) for kind in (FileRecord, TableRecord, Fingerprint)
}


def digest_of_path(path: str) -> str:
    """Return 32 hexadecimal digits, the name of the journal's files on a recording.

    Args:
        path: of the recording, or its key.
    """
    return hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def line_of(record: Record, run: str) -> bytes:
    """Return the line of a record, with its end.

    Args:
        record: what it holds.
        run: digest of the request of the run.
    """
    values = asdict(record)
    return f"{json.dumps({**values, 'check': _check(values, run)})}\n".encode()


def read_records(path: Path, run: str, faults: list[str]) -> list[Record]:
    """Return the valid records of a file, which holds nothing else afterwards.

    Args:
        path: of the file; made if need be.
        run: digest of the request of the run.
        faults: takes a line on how many records are damaged.
    """
    data = path.read_bytes() if path.exists() else b""
    lines = data.splitlines(keepends=True)
    valid = [record for line in lines if (record := _record(line, run))]
    if n_damaged := len(lines) - len(valid):
        faults.append(f"{n_damaged} lines of {path.name} cannot be read")
    # A file that has another name, too, may be somebody's copy: it is not written to.
    if n_damaged or not path.exists() or path.stat().st_nlink > 1:
        with atomic_write(path, binary=True) as file:
            file.write(b"".join(line_of(record, run) for record in valid))
    return valid


def set_aside(path: Path, is_kind: Callable[[int], bool], faults: list[str]) -> None:
    """Rename what is not of the kind that is needed under a name.

    Args:
        path: where it is, or nothing.
        is_kind: `stat.S_ISREG` or `stat.S_ISDIR`; a link is neither.
        faults: takes a line on what was renamed.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not is_kind(mode):
        aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.damaged")
        path.rename(aside)
        faults.append(f"{path.name} was something else, which is now {aside.name}")


def _record(line: bytes, run: str) -> Record | None:
    """The record in a line; None for one that is damaged in any way, or of another run."""
    try:
        if not line.endswith(b"\n"):
            return None
        values = json.loads(line)
        if values.pop("check") != _check(values, run):
            return None
        if written := values.pop("written"):
            values["written"] = _built(Fingerprint, written)
        record: Record = _built(FileRecord if "path" in values else TableRecord, values)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return record


def _check(values: dict[str, Any], run: str) -> str:
    return hashlib.sha256(f"{run}{json.dumps(values)}".encode()).hexdigest()[:16]


def _built(kind: type[Any], values: dict[str, Any]) -> Any:
    """A dataclass of values, each of its type."""
    types = _TYPES[kind]
    if wrong := [name for name, value in values.items() if not isinstance(value, types[name])]:
        raise TypeError(f"{', '.join(wrong)}: not of the types of {kind.__name__}")
    return kind(**values)
