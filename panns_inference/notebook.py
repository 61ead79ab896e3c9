"""How notebooks show results: a small table with bars, in the colours of the page.

There is no style sheet, script or image, and no colour of its own: dark and light pages are the
same to it. Names of files and labels are text, never markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import TYPE_CHECKING, NamedTuple, cast

from .events import Event
from .terminal import printable

if TYPE_CHECKING:
    from .results import Result, Tagging

SHOWN = 10
"""Rows at most of each kind."""

BAR = (
    '<div style="width:16em;background:rgba(128,128,128,.2)"><div style="margin-left:{:.1f}%;'
    'width:{:.1f}%;min-width:2px;height:.8em;background:currentColor;opacity:.6"></div></div>'
)
"""A bar: where it begins and its length, in percent."""


class Row(NamedTuple):
    """A line of the table.

    Attributes:
        label: of the class.
        probability: in [0, 1].
        time: from when to when, in words; empty for the whole recording.
        start: where the bar begins, in [0, 1].
        length: of the bar, in [0, 1].
    """

    label: str
    probability: float
    time: str
    start: float
    length: float


class Displayed:
    """A result that notebooks show as a table."""

    def _repr_html_(self) -> str:
        heading = repr(self).partition("\n")[0]
        spans = list(_spans(cast("Result", self)))
        lines = "".join(map(_line, [*_tags(cast("Result", self)), *spans[:SHOWN]]))
        table = f'<table style="text-align:left">{lines}</table>' if lines else ""
        n_left = len(spans) - SHOWN
        more = f"<div>... and {n_left} more</div>" if n_left > 0 else ""
        return f"<div><b>{_text(heading)}</b>{table}{more}</div>"


def _tags(result: Result) -> Iterator[Row]:
    """The bars of the tags of a whole recording are their probabilities."""
    if hasattr(result, "top"):
        for tag in cast("Tagging", result).top(SHOWN):
            yield Row(tag.label, tag.probability, "", 0.0, tag.probability)


def _spans(result: Result) -> Iterator[Row]:
    """The bars of events, and of the first tags of stretches, are where they are."""
    spans: Iterable[Event | Tagging] = getattr(result, "events", getattr(result, "stretches", ()))
    for span in spans:
        first = span if isinstance(span, Event) else next(iter(getattr(span, "tags", ())), None)
        if first is not None:
            start, end = (time / result.duration for time in (span.onset, span.offset))
            time = f"{span.onset:.2f} - {span.offset:.2f} s"
            yield Row(first.label, first.probability, time, start, end - start)


def _line(row: Row) -> str:
    cells = (row.time, f"{row.probability:.3f}", row.label)
    bar = BAR.format(100 * row.start, 100 * row.length)
    texts = "".join(f'<td style="text-align:left">{_text(cell)}</td>' for cell in cells)
    return f"<tr>{texts}<td>{bar}</td></tr>"


def _text(text: str) -> str:
    return escape(printable(text))
