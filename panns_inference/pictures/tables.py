"""What tables of events hold, to be shown: their recordings, as far as they are there, are read."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..audio import Clock, Reading, stated_length
from ..audio.clock import after
from ..batch.progress import OnError, Progress
from ..batch.recording import Recording
from ..errors import AudioError
from ..formats.choice import Choice
from ..formats.read import Row, rows_of
from ..formats.sources import found_recordings
from ..plot.drawing import Settings
from ..plot.scene import scene_of_events
from ..plot.sound import sound_of
from .calendar import Hours
from .output import Shown

ENDINGS = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx")
"""How names of tables end."""


def is_table(path: str) -> bool:
    """Return whether a file is a table by its name.

    Args:
        path: of the file.
    """
    return path.casefold().endswith(ENDINGS) and not os.path.isdir(path)


@dataclass(frozen=True)
class Group:
    """The events of a recording.

    Attributes:
        recording: as the table calls it.
        source: what the table calls it.
        path: of its file; None if it is not there.
        start: when it began, if its name or its header states it.
        rows: at least one.
    """

    recording: Recording
    source: str
    path: str | None
    start: datetime | None
    rows: list[Row]

    def shown(self, settings: Settings) -> Shown:
        """Return what is shown of it; AudioError if the recording is there and cannot be read.

        Args:
            settings: how the picture is to be.
        """
        one, first = self.recording, self.rows[0]
        length = first.duration
        if length is None and self.path and (stated := stated_length(self.path)) < math.inf:
            length = stated
        sound = None
        if self.path is not None and settings.sound != "none":
            reading = Reading().of(one.track, one.channel)
            sound = sound_of(self.path, settings.sound, reading=reading)
        began = next((_began(row) for row in self.rows if row.clock), None)
        scene = scene_of_events(
            [row.event for row in self.rows if row.event],
            settings.top,
            source=self.source + one.suffix.replace(".", ", "),
            duration=length,
            model=first.model,
            sound=sound,
            began=began or self.start,
        )
        return Shown(one, scene, self.path)


def groups_of(tables: Iterable[str], choice: Choice, root: str | None, clock: Clock) -> list[Group]:
    """Return the recordings in some tables, with their events.

    Args:
        tables: paths.
        choice: which events.
        root: folder of the recordings; None as for `found_recordings`.
        clock: how it is found out when they began, where the table does not have it.

    Raises:
        UsageError: if a table cannot be used.
    """
    groups: list[Group] = []
    for table in tables:
        found: dict[tuple[str, int | None, int | None], list[Row]] = {}
        for row in choice.of(rows_of(table)):
            found.setdefault((row.source, row.track, row.channel), []).append(row)
        paths = found_recordings({source for source, _, _ in found}, table, root)
        for (source, track, channel), rows in found.items():
            path = paths.get(source)
            recording = Recording(source or "samples", None, 0, track=track, channel=channel)
            start = clock.start_of(path or source)
            groups.append(Group(recording, source, path, start, rows))
    return groups


def shown_groups(
    groups: Iterable[Group], settings: Settings, counted: Progress, on_error: OnError
) -> Iterator[Shown]:
    """Yield what is shown of each recording, but for those that are there and cannot be read.

    Args:
        groups: the events of each.
        settings: how pictures are to be.
        counted: takes what was done, and what has failed.
        on_error: as for `batch.results`.
    """
    for number, group in enumerate(groups):
        try:
            shown = group.shown(settings)
        except AudioError as error:
            counted.add_failure(number, group.source, error, on_error)
        else:
            counted.add_done()
            yield shown


def counted_in_tables(
    tables: Iterable[str], choice: Choice, root: str | None, clock: Clock
) -> Hours:
    """Return how many events of some tables there are in each hour.

    Args:
        tables: paths.
        choice: which events.
        root: as for `groups_of`.
        clock: as for `groups_of`.

    Raises:
        UsageError: if a table cannot be used.
    """
    hours = Hours()
    for table in tables:
        starts: dict[str, datetime | None] = {}
        for row in choice.of(rows_of(table)):
            if row.source not in starts:
                path = found_recordings([row.source], table, root).get(row.source)
                starts[row.source] = clock.start_of(path or row.source)
                hours.cover(starts[row.source], row.duration)
            if row.event is not None:
                began = starts[row.source]
                found = after(began, row.event.onset) if began else None
                hours.add(row.event.label, row.clock or found)
    return hours


def _began(row: Row) -> datetime | None:
    if row.clock is None:
        return None
    return row.clock - timedelta(seconds=row.event.onset if row.event else 0)
