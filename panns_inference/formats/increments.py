"""Increments of a long recording, written while it is processed: they cannot change any more.

An increment is a result as any other: the events that have become known, or a stretch. Behind those
of a recording comes the result of the whole, without what was in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from ..results import Detection, Embedding, Tagging
from .spans import Selection, spans_of

Made = Tagging | Detection | Embedding

Increments = Iterable[tuple[Made, bool]]
"""Results, each with whether it is the last of its recording."""

Joined = Callable[[Increments, Selection], Iterator[Made]]
"""Chooses what is written of increments, so that it is as if all had come at the end."""


def rows(increments: Increments, selection: Selection) -> Iterator[Made]:
    """The results for a format with a row for each span: the whole has none of its own.

    Args:
        increments: of one recording after the other.
        selection: which tags.
    """
    empty: Made | None = None
    is_begun = False
    for result, is_last in increments:
        if not is_last and isinstance(result, Tagging):
            # As part of its recording: the tags of a whole one have no times.
            result = replace(result, stretches=(result,))
        if is_last:
            if not is_begun:
                yield empty or result  # what makes of no row one with the name alone
            empty, is_begun = None, False
        elif isinstance(result, Embedding) or any(True for _ in spans_of(result, selection)):
            is_begun = True
            yield result
        else:
            empty = result


def objects(increments: Increments, selection: Selection) -> Iterator[Made]:
    """The results for a format with an object for each: all of them, the whole at the end.

    A stretch comes as a recording that has this one; the last of them comes with the whole.

    Args:
        increments: of one recording after the other.
        selection: which tags.
    """
    held: Made | None = None
    for result, is_last in increments:
        if isinstance(result, Detection) or (is_last and held is None):
            yield result
            continue
        if held is not None:
            stretch: Any = held  # of one type with the whole
            yield replace(result if is_last else stretch, stretches=(stretch,))
        held = None if is_last else result
