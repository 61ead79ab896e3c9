"""SubRip subtitles: sounds appear while the recording, or its film, is played."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..events import Event
from ..results import Detection, Tagging
from .spans import Selection, merged, milliseconds, one_line


def texts(results: Iterable[Tagging | Detection], selection: Selection) -> Iterator[str]:
    """The subtitles of a recording.

    Args:
        results: tags or events of a recording, or of each of its channels.
        selection: which tags.
    """
    yield "".join(
        f"{number}\n{_times(span)}\n{one_line(label)}\n\n"
        for number, (span, label) in enumerate(merged(results, selection), start=1)
    )


def _times(span: Event) -> str:
    start, end = milliseconds(span)
    return f"{_clock(start)} --> {_clock(end)}"


def _clock(time: int) -> str:
    whole, thousandths = divmod(time, 1000)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02}:{minute:02}:{second:02},{thousandths:03}"
