"""TextGrids of Praat, in the long format: one tier of intervals for each class.

The intervals of a tier follow each other without a gap from 0 to the end of the recording; those
without an event have no text. The tag of a stretch ends where the next stretch begins that has it
too: intervals cannot overlap.

    Dog  |        | Dog |          | Dog |
    Bell |   Bell     |                  |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..events import Event
from ..results import Detection, Tagging
from .spans import Selection, named, one_line, seconds, tiers_of

Interval = tuple[str, str, str]
"""Start and end in seconds, and text."""

NOTHING = "events"
"""Name of the one empty tier of a recording without events: Praat wants a tier."""


def texts(results: Iterable[Tagging | Detection], selection: Selection) -> Iterator[str]:
    """The TextGrid of a recording.

    Args:
        results: tags or events of a recording, or of each of its channels.
        selection: which tags.
    """
    if channels := list(results):
        end = seconds(max(result.offset for result in channels))
        tiers = [
            (named(events[0].label, result), _tiled(events, end))
            for result in channels
            for events in tiers_of(result, selection)
        ]
        yield "".join(f"{line}\n" for line in _lines(tiers or [(NOTHING, _tiled([], end))], end))


def _tiled(events: Sequence[Event], end: str) -> list[Interval]:
    """The events of a class, and what lies between them."""
    intervals = []
    reached = seconds(0)
    for event in events:
        onset, offset = seconds(event.onset), seconds(event.offset)
        intervals += [(reached, onset, ""), (onset, offset, event.label)]
        reached = offset
    intervals.append((reached, end, ""))
    return [interval for interval in intervals if interval[0] != interval[1]]


def _lines(tiers: Sequence[tuple[str, Sequence[Interval]]], end: str) -> Iterator[str]:
    yield from ('File type = "ooTextFile"', 'Object class = "TextGrid"', "")
    yield from _span("", seconds(0), end)
    yield from ("tiers? <exists>", f"size = {len(tiers)}", "item []:")
    for number, (name, intervals) in enumerate(tiers, start=1):
        yield f"    item [{number}]:"
        yield '        class = "IntervalTier"'
        yield f"        name = {_quoted(name)}"
        yield from _span("        ", seconds(0), end)
        yield f"        intervals: size = {len(intervals)}"
        for count, (onset, offset, text) in enumerate(intervals, start=1):
            yield f"        intervals [{count}]:"
            yield from _span("            ", onset, offset)
            yield f"            text = {_quoted(text)}"


def _span(indent: str, start: str, end: str) -> tuple[str, str]:
    return f"{indent}xmin = {start}", f"{indent}xmax = {end}"


def _quoted(text: str) -> str:
    doubled = one_line(text).replace('"', '""')
    return f'"{doubled}"'
