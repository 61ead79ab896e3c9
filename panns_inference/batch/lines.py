"""The lines of a journal: what has become of a recording, and which file was made of several.

A line bears the fingerprint of the file that was written, so that this file is known again, and a
checksum of itself and of what the run was asked: it holds without the rest of the journal, and
never for another run.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, get_type_hints

from ..files import Fingerprint
from .finding import key_of


@dataclass(frozen=True)
class Entry:
    """A recording that is done, or that failed.

    Attributes:
        path: where it is, absolute.
        size: in bytes; None if there was no such file.
        mtime_ns: when it was last changed, in nanoseconds.
        n_samples: its length at the network's rate; 0 if it failed.
        output: name of the file that holds its results; empty if it failed.
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
        """As that of the recording."""
        return key_of(self.path, self.track, self.channel)


@dataclass(frozen=True)
class Made:
    """A file that was made of the results of several recordings.

    Attributes:
        output: its name.
        written: its fingerprint.
        of: digest of the results.
    """

    output: str
    written: Fingerprint
    of: str = ""


Line = Entry | Made

_TYPES: dict[type[Any], dict[str, Any]] = {
    kind: get_type_hints(kind) for kind in (Entry, Made, Fingerprint)
}


def line_of(line: Line, run: str) -> bytes:
    """The bytes of a line, with its end.

    Args:
        line: what it says.
        run: digest of what the run was asked.
    """
    values = asdict(line)
    return f"{json.dumps({**values, 'check': _check(values, run)})}\n".encode()


def read_line(content: bytes, run: str) -> Line | None:
    """What a line says.

    Args:
        content: its bytes.
        run: digest of what the run was asked.

    Returns:
        None for a line that is damaged in any way, or of another run.
    """
    try:
        values = json.loads(content)
        if values.pop("check") != _check(values, run):
            return None
        if written := values.pop("written"):
            values["written"] = _built(Fingerprint, written)
        line: Line = _built(Entry if "path" in values else Made, values)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return line


def _check(values: dict[str, Any], run: str) -> str:
    return hashlib.sha256(f"{run}{json.dumps(values)}".encode()).hexdigest()[:16]


def _built(kind: type[Any], values: dict[str, Any]) -> Any:
    """A dataclass of values, each of its type."""
    types = _TYPES[kind]
    if wrong := [name for name, value in values.items() if not isinstance(value, types[name])]:
        raise TypeError(f"{', '.join(wrong)}: not of the types of {kind.__name__}")
    return kind(**values)
