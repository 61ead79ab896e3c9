"""Intersection-based F1: how much of an event is found, and how much of what is found is there.

Found events of a class are relevant if at least the share `dtc` of their length lies on events of
the class that are there (detection tolerance criterion); the others are false. An event that is
there is found if relevant ones cover at least the share `gtc` of it (ground truth intersection
criterion). A false one is a cross-trigger of another class if at least `cttc` of it lies on events
of that (C. Bilen et al., "A Framework for the Robust Evaluation of Sound Event Detection", ICASSP
2020; in the way of psds_eval).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .annotations import TOLERANCE, Annotations, Spans, labels_of, pairs, spans_of
from .counts import Counts, Scores

Integers = NDArray[np.intp]
Times = NDArray[np.float64]


class Criteria(NamedTuple):
    """Shares that must be covered; in (0, 1] each."""

    dtc: float
    gtc: float
    cttc: float


class Intersections(NamedTuple):
    """What becomes of events at several points.

    Attributes:
        true_positives: events that are there and are found, (points,).
        false_positives: events that were found and are not relevant, (points,).
        cross_triggers: of these, those that lie on other classes, (points, classes).
    """

    true_positives: Integers
    false_positives: Integers
    cross_triggers: Integers


def intersection_based(
    reference: Annotations,
    estimate: Annotations,
    *,
    dtc: float = 0.7,
    gtc: float = 0.7,
    labels: Collection[str] | None = None,
) -> Scores:
    """Compare events by how much they overlap.

    Args:
        reference: what is known to be there, by recording.
        estimate: what was found, by recording.
        dtc: share of a found event that must lie on what is there, in (0, 1].
        gtc: share of an event that is there that must be covered, in (0, 1].
        labels: the classes that count; None is all of the reference.

    Raises:
        UsageError: if there is no class to count, or a share is no such number.
    """
    criteria = checked_criteria(dtc, gtc, dtc)
    names = labels_of(reference, labels)
    counts = dict.fromkeys(names, Counts(0, 0, 0))
    for there, found in pairs(reference, estimate, names):
        for label in {event.label for event in (*there, *found)}:
            truth = spans_of(there, label)
            events = spans_of(found, label).T[:, None]
            [n_hits], [n_false], _ = intersections(events, 0, {0: truth}, criteria, 1)
            counts[label] += Counts(int(n_hits), int(n_false), len(truth) - int(n_hits))
    return Scores(counts)


def checked_criteria(dtc: float, gtc: float, cttc: float) -> Criteria:
    """Return criteria that make sense.

    Args:
        dtc: detection tolerance criterion.
        gtc: ground truth intersection criterion.
        cttc: cross-trigger tolerance criterion.

    Raises:
        UsageError: if one is not above 0 and at most 1.
    """
    criteria = Criteria(dtc, gtc, cttc)
    for name, value in criteria._asdict().items():
        if not 0 < value <= 1:
            raise UsageError(f"{name} must be a share above 0 and at most 1, not {value}")
    return criteria


def intersections(
    found: Times, column: int, there: Mapping[int, Spans], criteria: Criteria, n_classes: int
) -> Intersections:
    """Compare the events of one class in one recording, at several points.

    Args:
        found: onsets and offsets, (2, points, events); what has no length is none.
        column: number of the class.
        there: number of each class to the events that are there, (events, 2).
        criteria: the shares.
        n_classes: how many classes there are.
    """
    truth = there[column]
    lengths = found[1] - found[0]
    common = _common(found, truth)
    is_relevant = common.sum(axis=2) >= criteria.dtc * lengths - TOLERANCE
    is_relevant &= lengths > 0
    is_false = (lengths > 0) & ~is_relevant
    covered = np.where(is_relevant[:, :, None], common, 0.0).sum(axis=1)
    is_found = covered >= criteria.gtc * (truth[:, 1] - truth[:, 0]) - TOLERANCE
    cross = np.zeros((len(lengths), n_classes), np.intp)
    for other, spans in there.items():
        if other != column:
            on_other = _common(found, spans).sum(axis=2) >= criteria.cttc * lengths - TOLERANCE
            cross[:, other] = (on_other & is_false).sum(axis=1)
    return Intersections(is_found.sum(axis=1), is_false.sum(axis=1), cross)


def _common(found: Times, truth: Spans) -> Times:
    """Seconds that are common to each two events, (points, found, there)."""
    onsets = np.maximum(found[0][:, :, None], truth[:, 0])
    offsets = np.minimum(found[1][:, :, None], truth[:, 1])
    common: Times = np.maximum(offsets - onsets, 0.0)
    return common
