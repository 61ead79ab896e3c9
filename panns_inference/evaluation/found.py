"""What a line of a file of annotations says."""

from __future__ import annotations

from typing import NamedTuple

from ..audioset import mid_of
from ..events import Event


class Found(NamedTuple):
    """A line of a file; without an event, it says that there is a recording."""

    source: str
    event: Event | None


def event_of(
    onset: str | float, offset: str | float, label: str, probability: float = 1.0
) -> Event | None:
    """Return the event; None where the onset is no time: a recording without events.

    Args:
        onset: seconds from the start of the recording; in a text, the decimal point may be a comma.
        offset: as onset.
        label: with white space on either side or without.
        probability: in [0, 1].

    Raises:
        ValueError: if it ends before it begins, or has no label.
    """
    start, end, label = number(onset), number(offset), label.strip()
    if start != start:  # NaN
        return None
    if not end >= start >= 0 or not label:
        raise ValueError(f"an event {label!r} from {onset} to {offset} s is none")
    return Event(start, end, label, mid_of(label), -1, probability, probability)


def number(text: str | float) -> float:
    """Return a number of a cell; NaN of an empty one.

    Args:
        text: the decimal point may be a comma.

    Raises:
        ValueError: if it is none.
    """
    if isinstance(text, float):
        return text
    return float(text.strip().replace(",", ".") or "nan")
