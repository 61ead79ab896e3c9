"""A recording on the disk: its file, the names of that file, and its tracks and channels."""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO

from ..audio import Reading, blocks, name_of, separate
from ..errors import AudioError
from ..origin import key_of
from ..pipeline.recordings import Input

if TYPE_CHECKING:
    from .records import FileRecord


@dataclass(frozen=True)
class Recording:
    """A file to process, or one of its tracks or channels.

    Attributes:
        source: what is read: the path as it was given, or as it was found below one; or an open
            file.
        size: in bytes; None if there is no such file.
        mtime_ns: time of its last change, in nanoseconds.
        identity: equal for all names of one file, and for no other file.
        track: number of one of its sound tracks, where each has a result of its own.
        channel: number of one of its channels, where each has a result of its own.
    """

    source: str | BinaryIO
    size: int | None
    mtime_ns: int
    identity: Hashable = None
    track: int | None = None
    channel: int | None = None

    @classmethod
    def at(cls, path: str) -> Recording:
        """Return the recording at a path, whether or not a file is there.

        Args:
            path: of the file.
        """
        identity, state = _identified(path)
        if state is None:
            return cls(path, None, 0, identity)
        size = state.st_size if stat.S_ISREG(state.st_mode) else None
        return cls(path, size, state.st_mtime_ns, identity)

    @property
    def name(self) -> str | None:
        """The name that results give as their source."""
        return name_of(self.source)

    @property
    def path(self) -> str:
        """The absolute path: the same from whichever folder the program is called."""
        return os.path.abspath(self.name or "")

    @property
    def suffix(self) -> str:
        """The end of output names for a track or channel, such as '.channel2'; else empty."""
        return key_of("", self.track, self.channel)

    @property
    def key(self) -> str:
        """The path and the suffix: unique among the recordings of a run."""
        return f"{self.path}{self.suffix}"

    def unchanged(self, size: int | None, mtime_ns: int) -> bool:
        """Return whether the file is as an earlier run saw it, or gone.

        Args:
            size: that it had then.
            mtime_ns: time of its last change then.
        """
        return self.size is None or (self.size, self.mtime_ns) == (size, mtime_ns)

    def input(self, reading: Reading) -> Input:
        """Return it as the pipeline reads it.

        Args:
            reading: how recordings are read.
        """
        return Input(self.source, reading.of(self.track, self.channel))

    def missing(self) -> AudioError:
        """Return the error for a recording that is not there."""
        try:
            next(blocks(self.source, 32_000))
        except AudioError as error:
            return error
        return AudioError(f"{self.name} was not there a moment ago")


def identity_of_file(path: str | os.PathLike[str]) -> Hashable:
    """Return a value that is equal for all names of one file, and for no other file.

    Args:
        path: of a file, which need not be there.
    """
    return _identified(path)[0]


def split_channels(recordings: Iterable[Recording], reading: Reading) -> list[Recording]:
    """Return the recordings; with `track='all'` or `channel='each'`, their tracks or channels.

    Args:
        recordings: the list; to find its tracks and channels, each file is opened.
        reading: how they are read.
    """
    if not reading.is_several:
        return list(recordings)
    return [each for recording in recordings for each in _channels(recording, reading)]


def with_earlier_channels(
    recordings: Sequence[Recording], records: Mapping[str, FileRecord]
) -> Iterator[Recording]:
    """Yield the recordings, and the tracks and channels that only an earlier run could find.

    Args:
        recordings: as `split_channels` returns them.
        records: what the journal holds on recordings, by their keys.
    """
    named = {each.key for each in recordings}
    missing: defaultdict[str, list[FileRecord]] = defaultdict(list)
    for key, record in records.items():
        if key not in named and not record.cause:
            missing[record.path].append(record)
    for recording in recordings:
        yield recording
        for record in missing.pop(recording.path, ()):
            if recording.suffix and recording.unchanged(record.size, record.mtime_ns):
                yield replace(recording, track=record.track, channel=record.channel)


def _identified(path: str | os.PathLike[str]) -> tuple[Hashable, os.stat_result | None]:
    """The identity of a file, and its state; None if there is no such file."""
    try:
        state = os.stat(path)
    except (OSError, ValueError):
        return os.fspath(path), None
    # Some file systems number no files.
    return (state.st_dev, state.st_ino) if state.st_ino else os.path.realpath(path), state


def _channels(recording: Recording, reading: Reading) -> Iterator[Recording]:
    found: list[tuple[Any, Reading]]
    try:
        found = list(separate(recording.source, reading))
    except AudioError:
        # The error is raised again when it is read: its first channel stands for the file.
        first: dict[str, Any] = dict.fromkeys(reading.separates, 1)
        found = [(recording.source, replace(reading, **first))]
    for source, one in found:
        numbers = {name: getattr(one, name) for name in reading.separates}
        yield replace(recording, source=source, **numbers)
