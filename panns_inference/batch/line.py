"""The line that says how far a run is: as much of it as there is room for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

NARROWEST = 3
"""Columns of a bar; where there is no room for them, a shorter text stands beside it."""

LAYOUTS: Mapping[tuple[bool, bool], Sequence[str]] = {
    (False, True): (
        "{position} of {total} |{bar}| {speed} times real time, {left} left",
        "{position}/{total} |{bar}| {speed}x, {left} left",
        "{position}/{total} |{bar}| {left}",
        "{position} |{bar}|",
        "{position}",
    ),
    (True, True): (
        "{done}/{number} recordings, {position} of {total} |{bar}| {speed} times real time, "
        "{left} left{failed}",
        "{done}/{number}, {position}/{total} |{bar}| {speed}x, {left} left{failed}",
        "{done}/{number}, {position} |{bar}| {speed}x, {left}",
        "{done}/{number} |{bar}| {left}",
        "{done}/{number}",
    ),
    (False, False): (
        "{position}, {speed} times real time",
        "{position}, {speed}x",
        "{position}",
    ),
    (True, False): (
        "{done}/{number} recordings, {position} |{bar}| {speed} times real time{failed}",
        "{done}/{number}, {position} |{bar}| {speed}x{failed}",
        "{done}/{number} |{bar}|",
        "{done}/{number}",
    ),
}
"""The line from wide to narrow, by whether there are several recordings, and their hours known."""

PACE = re.compile(r",? \{speed\}(?: times real time|x)|,? \{left\}(?: left)?")
"""What a line says of the speed, which is not known before the first sound is processed."""


class Counts(NamedTuple):
    """How far a run is.

    Attributes:
        number: of recordings.
        done: how many of them are done or failed.
        failed: how many failed.
        position: seconds of audio that are processed, those of earlier runs included.
        total: seconds of all recordings; None if that is not known.
        speed: seconds of audio that are processed in a second; 0 if that is not known yet.
    """

    number: int
    done: int = 0
    failed: int = 0
    position: float = 0.0
    total: float | None = None
    speed: float = 0.0

    @property
    def share(self) -> float:
        """Share of the work that is done, 0 to 1: by the audio, or else by the recordings."""
        if self.total is None:
            return self.done / max(1, self.number)
        return min(1.0, self.position / self.total) if self.total else 1.0


def hours(seconds: float) -> str:
    """Return a length of time as in 3:12:40: hours, minutes and seconds.

    Args:
        seconds: 0 or more.
    """
    minutes, second = divmod(round(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}"


def layout(counts: Counts, width: int) -> str:
    """Return the line with `{bar}` where the bar stands; the bar takes what is left of the width.

    Args:
        counts: what is shown.
        width: columns of the line.
    """
    layouts = LAYOUTS[counts.number > 1, counts.total is not None]
    left = 0.0
    if counts.speed:
        left = ((counts.total or 0.0) - counts.position) / counts.speed
    else:
        layouts = [PACE.sub("", each) for each in layouts]
    values = {
        "number": counts.number,
        "done": counts.done,
        "failed": f", {counts.failed} failed" if counts.failed else "",
        "position": hours(counts.position),
        "total": hours(counts.total or 0.0),
        "speed": f"{counts.speed:.{0 if counts.speed >= 10 else 1}f}",
        "left": hours(left).removeprefix("0:"),
        "bar": "{bar}",
    }
    texts = [each.format(**values) for each in layouts]
    room = width - NARROWEST + len("{bar}")
    fitting = (text for text in texts if len(text) <= (room if "{bar}" in text else width))
    return next(fitting, texts[-1])
