"""Counts of several estimates, as points of one curve."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from ..errors import UsageError
from .annotations import Annotations, labels_there, spans_of
from .curve import Curve, Curves, reference_seconds
from .intersections import checked_criteria, intersections


def curves_of_estimates(
    reference: Annotations,
    estimates: Sequence[Annotations],
    durations: Mapping[str, float],
    *,
    dtc: float = 0.7,
    gtc: float = 0.7,
    cttc: float = 0.3,
    labels: Collection[str] | None = None,
) -> Curves:
    """Count events of several estimates by how much they overlap, as psds_eval does.

    Args:
        reference: what is known to be there, by recording.
        estimates: what was found, by recording: once for each threshold, or other rule.
        durations: seconds of all recordings.
        dtc: share of a found event that must lie on what is there, in (0, 1].
        gtc: share of an event that is there that must be covered, in (0, 1].
        cttc: share of a false event that must lie on another class to be its cross-trigger.
        labels: the classes that count; None is all of the reference.

    Raises:
        UsageError: if an argument makes no sense.
    """
    criteria = checked_criteria(dtc, gtc, cttc)
    names = labels_there(reference, labels)
    recordings = dict.fromkeys(name for each in (reference, *estimates) for name in each)
    if missing := [name for name in recordings if name not in durations]:
        raise UsageError(f"the duration of {missing[0]!r} is needed")
    counts = np.zeros((len(names), 1 + len(estimates), 2 + len(names)), np.intp)
    for recording in recordings:
        spans = [spans_of(reference.get(recording, ()), name) for name in names]
        there = dict(enumerate(spans))
        for column, name in enumerate(names):
            for point, estimate in enumerate(estimates, start=1):
                if len(found := spans_of(estimate.get(recording, ()), name)):
                    events = found.T[:, None]
                    row = intersections(events, column, there, criteria, len(names))
                    counts[column, point] += np.column_stack(row)[0]
    numbers = np.array([math.inf, *range(len(estimates))], np.float64)
    curves = {
        name: Curve(
            numbers,
            rows[:, 0],
            rows[:, 1],
            rows[:, 2:],
            sum(len(spans_of(events, name)) for events in reference.values()),
        )
        for name, rows in zip(names, counts, strict=True)
    }
    return Curves(curves, reference_seconds(reference, names), sum(durations.values()))
