"""Marks of time: in seconds, minutes or hours, as fits, and the time of day below them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ..audio.clock import after

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

STEPS = (
    *(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0),
    *(minutes * MINUTE for minutes in (1, 2, 5, 10, 20, 30)),
    *(hours * HOUR for hours in (1, 2, 3, 6, 12)),
    *(days * DAY for days in (1, 2, 5, 10, 20, 50, 100)),
)
"""Seconds between two marks."""


def time_marks(duration: float, most: int) -> list[float]:
    """Return where marks are, in seconds.

    Args:
        duration: seconds of the recording.
        most: how many there is room for.
    """
    step = next((each for each in STEPS if duration / each <= most), STEPS[-1])
    return [number * step for number in range(int(duration / step + 1e-6) + 1)]


def time_text(seconds: float, duration: float) -> str:
    """Return a time as it stands at a mark: `1.5`, `2:30` or `3:00:00`.

    Args:
        seconds: from the start of the recording.
        duration: of the recording; it decides on the form.
    """
    if duration <= 2 * MINUTE:
        return f"{seconds:.10g}"
    minutes, rest = divmod(round(seconds), 60)
    if duration <= 2 * HOUR:
        return f"{minutes}:{rest:02d}"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}"


def unit_of(duration: float) -> str:
    """Return the words for what `time_text` gives.

    Args:
        duration: of the recording, in seconds.
    """
    if duration <= 2 * MINUTE:
        return "seconds"
    return "minutes:seconds" if duration <= 2 * HOUR else "hours:minutes"


def duration_text(seconds: float) -> str:
    """Return a length in the unit that fits, such as `9.0 s`, `2:05 min` or `12:00 h`.

    Args:
        seconds: of a recording.
    """
    if seconds <= 2 * MINUTE:
        return f"{seconds:.1f} s"
    return f"{time_text(seconds, seconds)} {'min' if seconds <= 2 * HOUR else 'h'}"


def set_time_axis(axes: Axes, duration: float, most: int, began: datetime | None) -> None:
    """Give the horizontal axis of a panel its range, its marks and their texts.

    Args:
        axes: of the panel.
        duration: of the recording, in seconds.
        most: how many marks there is room for.
        began: date and time at which the recording began, if they are known.
    """
    marks = time_marks(duration, most)
    texts = [time_text(mark, duration) for mark in marks]
    if began is not None:
        step = marks[1] if len(marks) > 1 else duration
        texts = [
            f"{text}\n{_clock(after(began, mark), step)}"
            for text, mark in zip(texts, marks, strict=True)
        ]
    axes.set_xlim(0, duration)
    axes.set_xticks(marks, texts)
    axes.set_xlabel(
        unit_of(duration) + ("" if began is None else f", from {began:%Y-%m-%d %H:%M:%S}")
    )


def _clock(moment: datetime, step: float) -> str:
    if step >= DAY:
        return f"{moment:%m-%d}"
    text = f"{moment:%H:%M:%S.%f}"
    return text[:5] if step >= MINUTE else text[:8] if step >= 1 else text[:11]
