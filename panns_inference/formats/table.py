"""Results for people: a heading for each recording, and a row for each tag or event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..events import Event
from ..results import Detection, Embedding, Result, Tagging
from ..terminal import printable
from .spans import Selection, spans_of

SHOWN = 6
"""Values of an embedding that are shown."""


def texts(
    results: Iterable[Tagging | Detection | Embedding], selection: Selection
) -> Iterator[str]:
    """The text of each recording; an empty line stands between two.

    Args:
        results: tags, events or embeddings.
        selection: which tags.
    """
    for count, result in enumerate(results):
        rows = "".join(f"  {row}\n" for row in _rows(result, selection))
        between = "\n" if count else ""
        yield f"{between}{_heading(result)}\n{rows}"


def _heading(result: Result) -> str:
    name = "samples" if result.source is None else printable(result.source)
    name += f", {result.chosen_text}" if result.chosen_text else ""
    silence = f", {result.silence:.2f} s of it silence" if result.silence else ""
    began = f", from {result.start.isoformat(' ', 'seconds')}" if result.start else ""
    return f"{name} ({result.duration:.2f} s{silence}, {result.model}{began})"


def _rows(result: Tagging | Detection | Embedding, selection: Selection) -> list[str]:
    """What was found in the whole recording, then what in its stretches."""
    if isinstance(result, Detection):
        return _events(result, spans_of(result, selection)) or ["no events"]
    if isinstance(result, Tagging):
        tags = selection.tags_of(result)
        whole = [f"{tag.probability:.3f}  {printable(tag.label)}" for tag in tags] or ["no tags"]
        return whole + (_events(result, spans_of(result, selection)) if result.stretches else [])
    stretches = [f"{_times(result, each)}  {_values(each)}" for each in result.stretches]
    return [f"{len(result.vector)} values: {_values(result)}", *stretches]


def _events(result: Result, events: Iterable[Event]) -> list[str]:
    return [
        f"{_times(result, event)}  {event.probability:.3f}  {printable(event.label)}"
        for event in events
    ]


def _times(result: Result, span: Event | Embedding) -> str:
    seconds = f"{len(f'{result.offset:.2f}')}.2f"
    clock = f"  {result.clock(span.onset):%Y-%m-%d %H:%M:%S}" if result.start else ""
    return f"{span.onset:{seconds}} - {span.offset:{seconds}} s{clock}"


def _values(result: Embedding) -> str:
    return " ".join(f"{value:.3f}" for value in result.vector[:SHOWN]) + " ..."
