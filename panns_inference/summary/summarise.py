"""Seconds and numbers of events in each group."""

from __future__ import annotations

import itertools
import logging
import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from operator import attrgetter

from ..errors import UsageError
from ..events.columns import Class
from ..formats.choice import Choice
from ..formats.read import Row, rows_of
from ..names import closest
from .covered import Covered
from .groups import KEYS, Value, pieces_of

LOG = logging.getLogger("panns_inference")

Values = tuple[Value, ...]
"""What the events of a group have in common, in the order of what they are grouped by."""


@dataclass(frozen=True)
class Group:
    """What the events of a group come to.

    Attributes:
        values: what they have in common, such as a label and an hour, in the order of `by`.
        events: how many begin in it.
        seconds: how long they are; where events of one class in one recording overlap, the time
            counts once.
    """

    values: tuple[str | int, ...]
    events: int
    seconds: float


@dataclass
class _Sums:
    """Numbers of a group so far."""

    events: int = 0
    seconds: float = 0.0


def summarise(
    tables: Iterable[str | os.PathLike[str]],
    by: Sequence[str] = ("label",),
    *,
    classes: Collection[Class] | None = None,
    exclude: Collection[Class] = (),
    min_probability: float = 0.0,
) -> list[Group]:
    """Return how long and how often sounds are in recordings, by tables of events.

    An hour is one of the clock where the tables have its times (`panns detect --clock`), else one
    of the recording. An event that goes on into the next hour counts where it begins, and its
    seconds where they pass. Memory grows with the groups and with the events of a single recording,
    not with the tables.

    Args:
        tables: files that `panns detect` wrote, as csv, xlsx, json, jsonl or parquet.
        by: what events are grouped by: 'label', 'file', 'hour', 'day', 'hour-of-day'.
        classes: labels, mids or indices of the classes that count; None is all.
        exclude: classes that do not count.
        min_probability: smallest probability of an event that counts.

    Returns:
        The groups in the order of their values: labels by their seconds, the longest first; times
        as they pass; files as they come. A file without events has a group where files are all that
        is grouped by.

    Raises:
        UsageError: if a table cannot be used, there is no such key or class, or the time of day is
            not known.
    """
    names = keys_of(by)
    rows = itertools.chain.from_iterable(map(rows_of, tables))
    groups = _groups(rows, names, Choice(classes, exclude, min_probability))
    orders = [_order(name, place, groups) for place, name in enumerate(names)]
    return [
        Group(
            tuple(KEYS[name].text(value) for name, value in zip(names, values, strict=True)),
            groups[values].events,
            groups[values].seconds,
        )
        for values in sorted(
            groups, key=lambda vs: [order[v] for order, v in zip(orders, vs, strict=True)]
        )
    ]


def keys_of(by: Iterable[str]) -> list[str]:
    """Return the keys that are meant, each once.

    Args:
        by: as for `summarise`; case, `-` and `_` do not matter.

    Raises:
        UsageError: if there is none, or no such key.
    """
    names = list(dict.fromkeys(closest(name, KEYS, "key to group by") for name in by))
    if not names:
        raise UsageError(f"events are grouped by at least one of {', '.join(KEYS)}")
    return names


def _groups(rows: Iterable[Row], names: Sequence[str], choice: Choice) -> dict[Values, _Sums]:
    """The groups in the order in which they come."""
    groups: defaultdict[Values, _Sums] = defaultdict(_Sums)
    keys = [KEYS[name] for name in names]
    by_hour = any(key.needs_hours for key in keys)
    known: set[int] = set()
    n_again = n_clocks = n_events = 0
    rows = choice.of(_noted(rows, groups) if names == ["file"] else rows)
    for source, of_source in itertools.groupby(rows, key=attrgetter("source")):
        n_again += hash(source) in known
        known.add(hash(source))
        covered: defaultdict[tuple[Values, str], Covered] = defaultdict(Covered)
        for row in of_source:
            if (event := row.event) is None:
                continue
            n_events += 1
            n_clocks += row.clock is not None
            for number, piece in enumerate(pieces_of(row, event, by_hour=by_hour)):
                values = tuple(key.value(piece) for key in keys)
                groups[values].events += number == 0
                covered[values, piece.label].add(piece.onset, piece.offset)
        for (values, _), spans in covered.items():
            groups[values].seconds += spans.seconds
    if n_again:
        LOG.warning(
            "warning: recordings whose rows are in several places: %d; sounds that overlap there "
            "count more than once: sort the tables by file, and name each once",
            n_again,
        )
    if by_hour:
        _check_clocks(names, n_clocks, n_events)
    return groups


def _noted(rows: Iterable[Row], groups: dict[Values, _Sums]) -> Iterator[Row]:
    """The same rows; a file has its group, whether it has events that count or not."""
    for row in rows:
        groups.setdefault((row.source,), _Sums())
        yield row


def _check_clocks(names: Sequence[str], n_clocks: int, n_events: int) -> None:
    """Refuse to group by the time of day where it is not known; warn where that is so for some."""
    if n_events and not n_clocks and (needing := [n for n in names if KEYS[n].needs_clock]):
        raise UsageError(
            f"{needing[0]} needs the time of day, which the tables have not: "
            "panns detect --clock writes it"
        )
    if 0 < n_clocks < n_events:
        LOG.warning(
            "warning: the time of day is not known of %d of %d events: their hours are those of "
            "the recording, and their days are empty",
            n_events - n_clocks,
            n_events,
        )


def _order(name: str, place: int, groups: Mapping[Values, _Sums]) -> dict[Value, float]:
    """Numbers that put the values of a key in order."""
    if name == "label":
        seconds: defaultdict[Value, float] = defaultdict(float)
        for values, sums in groups.items():
            seconds[values[place]] -= sums.seconds
        return seconds
    found = dict.fromkeys(values[place] for values in groups)
    if name == "file":
        return {value: number for number, value in enumerate(found)}
    return {value: _time(value) for value in found}


def _time(value: Value) -> float:
    """A number that grows with the time; what is not known is before."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=value.tzinfo or timezone.utc).timestamp()
    if isinstance(value, date):
        return value.toordinal()
    return value if isinstance(value, int) else -1
