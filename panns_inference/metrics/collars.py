"""Event-based F1 and error rate, with collars.

An event is found if one of its class begins and ends near to where it does; one finds one, and they
are paired so that as many as can be are found (Mesaros, Heittola and Virtanen, "Metrics for
polyphonic sound event detection", Applied Sciences 6, 2016; in the way of sed_eval).
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Sequence
from operator import attrgetter
from typing import NamedTuple

from ..errors import UsageError
from .annotations import TOLERANCE, Annotations, Timed, labels_of, pairs
from .counts import Counts, Errors, Scores
from .matching import largest_matching


class Collars(NamedTuple):
    """How near times must be; as for `event_based`."""

    onset: float
    offset: float | None
    share: float

    def of_offset(self, length: float) -> float:
        """Seconds by which the offset may be off.

        Args:
            length: of the event that is there.
        """
        if self.offset is None:
            return math.inf
        return max(self.offset, self.share * length) + TOLERANCE


def event_based(
    reference: Annotations,
    estimate: Annotations,
    *,
    collar: float = 0.2,
    offset_collar: float | None = 0.2,
    offset_share: float = 0.2,
    labels: Collection[str] | None = None,
) -> Scores:
    """Compare events by their onsets and offsets.

    A class in the place of another, within the same collars, is one substitution. If there are
    several ways to pair events, the counts of each class are the same in all of them.

    Args:
        reference: what is known to be there, by recording.
        estimate: what was found, by recording.
        collar: seconds by which an onset may be off.
        offset_collar: seconds by which an offset may be off; None leaves offsets out.
        offset_share: of the length of what is there, by which its offset may be off, if that is
            more.
        labels: the classes that count; None is all of the reference.

    Raises:
        UsageError: if there is no class to count, or a collar is negative.
    """
    collars = checked_collars(collar, offset_collar, offset_share)
    names = labels_of(reference, labels)
    hits, extra, missed = Counter[str](), Counter[str](), Counter[str]()
    errors = Errors()
    for there, found in pairs(reference, estimate, names):
        there, found = (sorted(each, key=attrgetter("onset")) for each in (there, found))
        matched = _matched(there, found, collars, same_label=True)
        left = [event for k, event in enumerate(there) if k not in matched]
        taken = {*matched.values()}
        wrong = [event for k, event in enumerate(found) if k not in taken]
        hits.update(there[k].label for k in matched)
        missed.update(event.label for event in left)
        extra.update(event.label for event in wrong)
        n_substituted = len(_matched(left, wrong, collars, same_label=False))
        errors += Errors(
            n_substituted, len(left) - n_substituted, len(wrong) - n_substituted, len(there)
        )
    counts = {label: Counts(hits[label], extra[label], missed[label]) for label in names}
    return Scores(counts, errors)


def checked_collars(collar: float, offset_collar: float | None, offset_share: float) -> Collars:
    """Return collars that make sense.

    Args:
        collar: of onsets, in seconds.
        offset_collar: of offsets, in seconds; None leaves offsets out.
        offset_share: of the length of an event.

    Raises:
        UsageError: if one is negative, or no number.
    """
    for name, value in (
        ("collar", collar),
        ("offset_collar", offset_collar),
        ("offset_share", offset_share),
    ):
        if value is not None and not 0 <= value < math.inf:
            raise UsageError(f"{name} must be a number, 0 or more, not {value}")
    return Collars(collar, offset_collar, offset_share)


def _matched(
    there: Sequence[Timed], found: Sequence[Timed], collars: Collars, *, same_label: bool
) -> dict[int, int]:
    """Which is found by which; both are sorted by onset."""
    onsets = [event.onset for event in found]
    most_off = collars.onset + TOLERANCE
    candidates = []
    for event in there:
        near = range(
            bisect_left(onsets, event.onset - most_off),
            bisect_right(onsets, event.onset + most_off),
        )
        most = collars.of_offset(event.offset - event.onset)
        candidates.append(
            [
                k
                for k in near
                if abs(found[k].offset - event.offset) <= most
                and (not same_label or found[k].label == event.label)
            ]
        )
    return largest_matching(candidates)
