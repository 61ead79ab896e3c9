"""SubRip subtitles: sounds appear while the recording, or its film, is played."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..events import Event
from ..results import Detection, Tagging
from .spans import Selection, milliseconds, one_line, spans_of


def texts(results: Iterable[Tagging | Detection], selection: Selection) -> Iterator[str]:
    """The subtitles of a recording.

    Args:
        results: tags or events.
        selection: which tags.
    """
    for result in results:
        yield "".join(
            f"{number}\n{_times(span)}\n{one_line(span.label)}\n\n"
            for number, span in enumerate(spans_of(result, selection), start=1)
        )


def _times(span: Event) -> str:
    start, end = milliseconds(span)
    return f"{_clock(start)} --> {_clock(end)}"


def _clock(time: int) -> str:
    whole, thousandths = divmod(time, 1000)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02}:{minute:02}:{second:02},{thousandths:03}"
