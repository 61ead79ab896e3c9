"""TextGrids of Praat, in the long and in the short text format.

An interval with a text is an event, and the text its label, in whichever tier it is. Points have no
length, and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from .found import Found, event_of

INTERVALS = "IntervalTier"

N_TIMES = {INTERVALS: 2, "TextTier": 1}
"""How many times stand in front of each text of a tier: start and end, or that of a point."""

FIRST_LINE = re.compile(r'(File type\s*=\s*)?"ooTextFile', re.I)
"""How a text of Praat begins."""

# What Praat reads: texts and numbers that stand alone. All else, and comments, are for people.
_VALUE = re.compile(r'"((?:[^"]|"")*)"|(?<!\S)([-+]?\d[\d.]*(?:e[-+]?\d+)?)(?!\S)|!.*', re.I)


def of_textgrid(text: str, name: str) -> Iterator[Found]:
    """Yield the intervals that have a text.

    Args:
        text: of the file.
        name: of the recording.

    Raises:
        ValueError: if it is no TextGrid, or is broken off.
    """
    values = (match[match.lastindex] for match in _VALUE.finditer(text) if match.lastindex)
    _, kind, _, _, n_tiers = _next(5, values)
    if kind != "TextGrid":
        raise ValueError(f"it is a {kind} of Praat, and no TextGrid")
    yield Found(name, None)
    for _ in range(int(n_tiers)):
        tier, _, _, _, n_items = _next(5, values)
        for _ in range(int(n_items)):
            item = _next(N_TIMES[tier] + 1, values)
            if tier == INTERVALS and item[-1].strip():
                yield Found(name, event_of(item[0], item[1], item[2].replace('""', '"')))


def _next(number: int, values: Iterator[str]) -> list[str]:
    taken = [*islice(values, number)]
    if len(taken) < number:
        raise ValueError("it is broken off")
    return taken
