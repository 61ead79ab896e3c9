"""By what events are grouped, and the pieces of an event that fall into different groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple

from ..events import Event
from ..formats.read import Row

Value = str | int | date | None
"""What the events of a group have in common; a date with a time is one, too."""

HOUR = 3600.0


class Piece(NamedTuple):
    """What of an event lies in one hour.

    Attributes:
        source: the recording as it was named.
        label: display name of the class.
        onset: where it begins, in seconds from the start of the recording.
        offset: where it ends.
        hour: date and time at which the hour begins; where that is not known, its number in the
            recording, from 0.
    """

    source: str
    label: str
    onset: float
    offset: float
    hour: datetime | int


class Key(NamedTuple):
    """Something to group by.

    Attributes:
        value: returns the group of a piece.
        text: returns it as people and files have it: a text, or a number.
        needs_hours: whether events are taken apart where an hour ends.
        needs_clock: whether it means nothing without the time of day.
    """

    value: Callable[[Piece], Value]
    text: Callable[[Any], str | int]
    needs_hours: bool = True
    needs_clock: bool = True


def _hour(hour: datetime | int) -> str | int:
    return hour.isoformat(timespec="minutes") if isinstance(hour, datetime) else hour


def _day(piece: Piece) -> date | None:
    return piece.hour.date() if isinstance(piece.hour, datetime) else None


def _hour_of_day(piece: Piece) -> int | None:
    return piece.hour.hour if isinstance(piece.hour, datetime) else None


KEYS: Mapping[str, Key] = {
    "label": Key(attrgetter("label"), str, needs_hours=False, needs_clock=False),
    "file": Key(attrgetter("source"), str, needs_hours=False, needs_clock=False),
    "hour": Key(attrgetter("hour"), _hour, needs_clock=False),
    "day": Key(_day, lambda day: day.isoformat() if day else ""),
    "hour-of-day": Key(_hour_of_day, lambda hour: "" if hour is None else hour),
}
"""What events are grouped by."""


def pieces_of(row: Row, event: Event, *, by_hour: bool) -> Iterator[Piece]:
    """Yield an event piece by piece: what lies in an hour of the clock is one.

    Args:
        row: of the table.
        event: that it holds.
        by_hour: whether it is taken apart; else it is one piece.
    """
    hour: datetime | int
    onset, offset = event.onset, event.offset
    if row.clock is None:
        hour = int(onset // HOUR)
        left = HOUR * (hour + 1) - onset
    else:
        hour = row.clock.replace(minute=0, second=0, microsecond=0)
        left = HOUR - (row.clock - hour).total_seconds()
    while by_hour and onset + left < offset:
        yield Piece(row.source, event.label, onset, onset + left, hour)
        onset, left = onset + left, HOUR
        hour = hour + 1 if isinstance(hour, int) else hour + timedelta(hours=1)
    yield Piece(row.source, event.label, onset, offset, hour)
