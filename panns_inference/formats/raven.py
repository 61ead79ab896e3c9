"""Selection tables of Raven (File > Open Selection Table), tab-separated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePath

from ..results import Detection, Tagging
from .spans import Selection, one_line, seconds, spans_of

COLUMNS = (
    "Selection",
    "View",
    "Channel",
    "Begin Time (s)",
    "End Time (s)",
    "Low Freq (Hz)",
    "High Freq (Hz)",
    "Begin File",
    "Annotation",
    "Confidence",
)

BAND = ("50.0", "14000.0")
"""Raven wants frequencies, and events have none: these are what the 32 kHz networks hear."""


def texts(results: Iterable[Tagging | Detection], selection: Selection) -> Iterator[str]:
    """The table of a recording.

    Args:
        results: tags or events.
        selection: which tags.
    """
    for result in results:
        rows = [
            (
                str(number),
                "Spectrogram 1",
                "1",
                seconds(span.onset),
                seconds(span.offset),
                *BAND,
                one_line(PurePath(result.source or "").name),
                one_line(span.label),
                f"{span.probability:.6f}",
            )
            for number, span in enumerate(spans_of(result, selection), start=1)
        ]
        yield "".join("\t".join(row) + "\n" for row in (COLUMNS, *rows))
