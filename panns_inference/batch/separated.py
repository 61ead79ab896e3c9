"""Recordings whose tracks or channels have results of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..audio import Reading, separate
from ..errors import AudioError
from .finding import Recording
from .lines import Entry


def separated(recordings: Iterable[Recording], reading: Reading) -> list[Recording]:
    """The same recordings; with `track='all'` or `channel='each'`, each in its parts.

    Args:
        recordings: the list; for the parts, each file is opened.
        reading: how they are to be read.
    """
    if not reading.is_several:
        return list(recordings)
    return [part for recording in recordings for part in _parts(recording, reading)]


def with_parts_before(
    recordings: Iterable[Recording], entries: Mapping[str, Entry]
) -> Iterator[Recording]:
    """The same recordings, with what an earlier run has separated and cannot be separated now.

    Args:
        recordings: the list, separated.
        entries: what the journal says.
    """
    recordings = list(recordings)
    listed = {each.key for each in recordings}
    missing: defaultdict[str, list[Entry]] = defaultdict(list)
    for key, entry in entries.items():
        if key not in listed and not entry.cause:
            missing[entry.path].append(entry)
    for recording in recordings:
        yield recording
        for entry in missing.pop(recording.path, ()):
            state = recording.size, recording.mtime_ns
            if recording.part and (recording.size is None or state == (entry.size, entry.mtime_ns)):
                yield replace(recording, track=entry.track, channel=entry.channel)


def _parts(recording: Recording, reading: Reading) -> Iterator[Recording]:
    found: list[tuple[Any, Reading]]
    try:
        found = list(separate(recording.source, reading))
    except AudioError:
        # What is wrong with it is said when it is read: its first part stands for it.
        first: dict[str, Any] = dict.fromkeys(reading.separates, 1)
        found = [(recording.source, replace(reading, **first))]
    for source, one in found:
        numbers = {name: getattr(one, name) for name in reading.separates}
        yield replace(recording, source=source, **numbers)
