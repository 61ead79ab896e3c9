"""What a line of a file of annotations says."""

from __future__ import annotations

from typing import NamedTuple

from ..audioset import mid_of
from ..events import Event


class Found(NamedTuple):
    """A line of a file; without an event, it says that there is a recording.

    Attributes:
        source: the recording as it is named, or the file if it names none.
        event: what is annotated.
        track: number of the sound track, from 1; None if none is named.
        channel: number of the channel, from 1; None if none is named.
    """

    source: str
    event: Event | None
    track: int | None = None
    channel: int | None = None


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
    if not end >= start >= 0:
        raise ValueError(f"an event {label!r} cannot last from {onset} to {offset} s")
    if not label:
        raise ValueError(f"the event from {onset} to {offset} s has no label")
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
    try:
        return float(text.strip().replace(",", ".") or "nan")
    except ValueError:
        raise ValueError(f"{text.strip()!r} is no number, such as 63.5") from None
