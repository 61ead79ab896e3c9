"""How many events there are in each hour of each day."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from ..errors import UsageError
from ..plot.calendar import draw_calendar
from ..plot.drawing import Settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HOUR = timedelta(hours=1)

MOST_DAYS = 3700
"""Days of a calendar: what lies further apart has a clock that was wrong."""


@dataclass
class Hours:
    """Counts events by the hour of the clock in which they begin, as the clock showed it.

    Attributes:
        counts: class to the number of its events in each hour.
        recorded: hours in which there is a recording, as far as their lengths are known.
        is_covered: whether the lengths of all recordings are known.
        n_unknown: events of which the time is not known.
    """

    counts: defaultdict[str, Counter[datetime]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    recorded: set[datetime] = field(default_factory=set)
    is_covered: bool = True
    n_unknown: int = 0

    def add(self, label: str, moment: datetime | None) -> None:
        """Count an event.

        Args:
            label: of its class.
            moment: when it begins; None if that is not known.
        """
        if moment is None:
            self.n_unknown += 1
        else:
            self.counts[label][_hour(moment)] += 1

    def cover(self, began: datetime | None, duration: float | None) -> None:
        """Note that there is a recording.

        Args:
            began: when it began; None if that is not known.
            duration: its length in seconds; None if that is not known.
        """
        if began is None or duration is None:
            self.is_covered = self.is_covered and duration is not None
            return
        hour, end = _hour(began), began.replace(tzinfo=None) + timedelta(seconds=duration)
        while hour < end:
            self.recorded.add(hour)
            hour += HOUR

    def draw(self, settings: Settings) -> Figure:
        """Return a calendar of the classes with the most events.

        Args:
            settings: how it is to be.

        Raises:
            UsageError: if the time of no event is known, or they lie decades apart.
        """
        colours = settings.colours
        if not self.counts:
            raise UsageError(
                f"the time of day of none of {self.n_unknown} events is known: neither names nor "
                "headers of the recordings state when they began; `panns detect --clock` writes it "
                "into a table"
                if self.n_unknown
                else "there are no events for a calendar"
            )
        strongest = sorted(self.counts, key=lambda label: -self.counts[label].total())
        labels = strongest[: settings.top]
        hours = {*self.recorded, *(hour for counter in self.counts.values() for hour in counter)}
        first, last = min(hours).date(), max(hours).date()
        n_days = (last - first).days + 1
        if n_days > MOST_DAYS:
            raise UsageError(
                f"the events lie from {first} to {last}, which are too many days for a calendar: "
                "a clock was not set"
            )
        arrays = {label: _array(self.counts[label], first, n_days) for label in labels}
        recorded = None
        if self.is_covered and self.recorded:
            recorded = _array(Counter(self.recorded), first, n_days) > 0
        return draw_calendar(arrays, first, recorded, colours, settings.width)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0, tzinfo=None)


def _array(
    counter: Counter[datetime], first: date, n_days: int
) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    counts = np.zeros((24, n_days), np.int64)
    for hour, count in counter.items():
        counts[hour.hour, (hour.date() - first).days] += count
    return counts
