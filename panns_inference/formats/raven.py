"""Selection tables of Raven (File > Open Selection Table), tab-separated.

Raven opens several files as one sequence. Begin and end times count from the beginning of the
sequence, in which the recordings of a table follow each other; the file offset counts from the
beginning of the file that is named beside it. Recordings without events have no selection, but
their length counts.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import PurePath

from ..results import Detection, Tagging
from .spans import Selection, named, one_line, seconds, spans_of

COLUMNS = (
    "Selection",
    "View",
    "Channel",
    "Begin Time (s)",
    "End Time (s)",
    "Low Freq (Hz)",
    "High Freq (Hz)",
    "Begin Path",
    "File Offset (s)",
    "Begin File",
    "Annotation",
    "Confidence",
)

LOWEST, HIGHEST = 50.0, 14000.0
"""Raven wants frequencies in Hz, and events have none: from where the networks begin up to half of
the sample rate of the recording; if that is not known, to where the networks end."""


def texts(results: Iterable[Tagging | Detection], selection: Selection) -> Iterator[str]:
    """The header with the selections of the first recording, then those of each.

    Args:
        results: tags or events.
        selection: which tags.
    """
    numbers = itertools.count(1)
    start = 0.0
    header = [COLUMNS]
    length, before = 0.0, None
    for result in results:
        if before is not None and not result.continues(before):
            start, length = start + length, 0.0
        rows = itertools.chain(header, _rows(result, selection, start, numbers))
        yield "".join("\t".join(row) + "\n" for row in rows)
        header, before, length = [], result, max(length, result.duration)


def _rows(
    result: Tagging | Detection, selection: Selection, start: float, numbers: Iterator[int]
) -> Iterator[tuple[str, ...]]:
    """The selections of a recording that begins at `start` seconds of the sequence."""
    source = result.source
    place = "" if source is None else one_line(os.path.abspath(source))
    name = one_line(PurePath(source or "").name)
    band = _band(result.source_rate)
    track = replace(result, channel=None)  # which has a column
    for span in spans_of(result, selection):
        yield (
            str(next(numbers)),
            "Spectrogram 1",
            str(result.channel or 1),
            seconds(start + span.onset),
            seconds(start + span.offset),
            *band,
            place,
            seconds(span.onset),
            name,
            one_line(named(span.label, track)),
            f"{span.probability:.6f}",
        )


def _band(source_rate: int | None) -> tuple[str, str]:
    highest = source_rate / 2 if source_rate else HIGHEST
    return str(min(LOWEST, highest / 2)), str(highest)
