"""Segment-based F1 and error rate.

Time is cut into segments of one length; a class is in a segment, or it is not (Mesaros, Heittola
and Virtanen, "Metrics for polyphonic sound event detection", Applied Sciences 6, 2016).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable

from ..errors import UsageError
from .annotations import TOLERANCE, Annotations, Timed, labels_of, pairs
from .counts import Counts, Errors, Scores

Segments = set[tuple[str, int]]
"""Label and number of each segment in which something is."""


def segment_based(
    reference: Annotations,
    estimate: Annotations,
    *,
    segment: float = 1.0,
    labels: Collection[str] | None = None,
) -> Scores:
    """Compare events by the segments in which they are.

    Args:
        reference: what is known to be there, by recording.
        estimate: what was found, by recording.
        segment: length of a segment in seconds.
        labels: the classes that count; None is all of the reference.

    Raises:
        UsageError: if there is no class to count, or a segment has no length.
    """
    if not 0 < segment < math.inf:
        raise UsageError(f"segment must be a number of seconds above 0, not {segment}")
    names = labels_of(reference, labels)
    hits, extra, missed = Counter[str](), Counter[str](), Counter[str]()
    errors = Errors()
    for events in pairs(reference, estimate, names):
        there, found = (_segments(each, segment) for each in events)
        for counter, those in (
            (hits, there & found),
            (extra, found - there),
            (missed, there - found),
        ):
            counter.update(label for label, _ in those)
        errors += _errors(there, found)
    counts = {label: Counts(hits[label], extra[label], missed[label]) for label in names}
    return Scores(counts, errors)


def _segments(events: Iterable[Timed], length: float) -> Segments:
    tolerance = TOLERANCE / length
    return {
        (event.label, number)
        for event in events
        for number in range(
            math.floor(event.onset / length + tolerance),
            math.ceil(event.offset / length - tolerance),
        )
    }


def _errors(there: Segments, found: Segments) -> Errors:
    missed = Counter(number for _, number in there - found)
    extra = Counter(number for _, number in found - there)
    substitutions = (missed & extra).total()
    return Errors(
        substitutions, missed.total() - substitutions, extra.total() - substitutions, len(there)
    )
