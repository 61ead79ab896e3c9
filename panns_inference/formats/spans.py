"""What formats for sounds with times share: the spans, and how times and texts are written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from ..events import Event
from ..results import Detection, Tagging

_NOT_IN_A_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Selection(NamedTuple):
    """Which tags of a `Tagging` are written: what `Tagging.top` takes.

    Attributes:
        top: how many at most; None is all.
        threshold: smallest probability.
    """

    top: int | None
    threshold: float


def spans_of(result: Tagging | Detection, selection: Selection) -> Sequence[Event]:
    """The events of a result; a tag is one that lasts as long as the recording.

    Args:
        result: tags or events.
        selection: which tags.
    """
    if isinstance(result, Detection):
        return result.events
    return [
        Event(0.0, result.duration, tag.label, tag.mid, tag.index, tag.probability, tag.probability)
        for tag in result.top(*selection)
    ]


def seconds(time: float) -> str:
    """A time with three decimals, or with six where three are not enough.

    Frames fall on the three; an event that is cut at the end of a recording can be shorter.

    Args:
        time: in seconds.
    """
    return f"{time:.6f}".removesuffix("000")


def one_line(text: str) -> str:
    """A text without line breaks, tabs and other control characters: each becomes a space.

    Args:
        text: a label, or the name of a recording.
    """
    return _NOT_IN_A_LINE.sub(" ", text)
