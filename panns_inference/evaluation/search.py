"""The best rules for events, by recordings whose events are known.

    recordings x rules x thresholds --count--> one table of counts --choose--> rules
                                                     '--choose on some, judge on the others

All rules of a grid find events once; what is chosen afterwards is sums over that table. A figure is
that of recordings which had no part in the choice.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..events import Event, find_events
from ..events.rules import OTHERS
from ..metrics import (
    Scores,
    Timed,
    curves_of_estimates,
    event_based,
    intersection_based,
    psds,
)

Measure = Literal["event-f1", "psds"]

GRID: Sequence[Mapping[str, Any]] = (
    *(
        {"method": "threshold", "smooth": smooth, "merge_gap": gap, "min_duration": shortest}
        for smooth, gap, shortest in product((0.0, 0.3, 0.7), (0.0, 0.3), (0.0, 0.2))
    ),
    *(
        {"method": "boxes", "step_filter": length, "merge_ratio": ratio, "min_duration": shortest}
        for length, ratio, shortest in product((0.32, 0.64, 1.28), (1.5, 2.0, 3.0), (0.0, 0.2))
    ),
)
"""The rules that are tried, but for thresholds; the first is done if no rules are given."""

THRESHOLDS = (
    0.02, 0.03, 0.05, 0.07, 0.1, 0.14, 0.18, 0.22, 0.26, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8,
)  # fmt: skip

ENOUGH = 10
"""Events of a class from which on it may have a threshold of its own."""

ALL_BOXES = 1e-9
"""Threshold that no box is below."""

CRITERION = 0.7
"""`dtc` and `gtc` of scenario 1 of DCASE."""

Counts = NDArray[np.int64]
"""True positives, false positives, false negatives, (grid, thresholds, recordings, classes, 3)."""

Found = list[list[list[list[Event]]]]
"""Events by rules of the grid, recording and threshold."""


class Known(NamedTuple):
    """A recording whose events are known.

    Attributes:
        framewise: probabilities, (frames, classes).
        frames_per_second: frames in a second.
        duration: seconds.
        events: that are there.
    """

    framewise: NDArray[np.floating]
    frames_per_second: float
    duration: float
    events: Sequence[Timed] = ()


class Choice(NamedTuple):
    """The best rules.

    Attributes:
        rules: arguments of `detect` and `find_events`.
        figure: event F1 or PSDS of recordings that had no part in the choice, in [0, 1].
        before: the same figure of the rules that are the default.
    """

    rules: dict[str, Any]
    figure: float
    before: float


def best_rules(
    recordings: Sequence[Known],
    labels: Sequence[str],
    *,
    measure: Measure = "event-f1",
    grid: Sequence[Mapping[str, Any]] = GRID,
    folds: int = 5,
    enough: int = ENOUGH,
    default_threshold: float | Sequence[float] = 0.5,
    collar: float = 0.2,
    offset_share: float = 0.2,
) -> Choice:
    """Return the rules with the best figure.

    Classes of at least `enough` events get a threshold of their own, if that is better for
    recordings that had no part in its choice.

    Args:
        recordings: at least two.
        labels: the classes, in the order of the columns.
        measure: 'event-f1', over all classes, or 'psds' (of scenario 1 of DCASE). PSDS is of all
            thresholds at once; those in the rules have the best F1 by the intersections that it
            counts.
        grid: rules to choose from, but for thresholds; the first are those that are compared with.
        folds: groups of recordings; the rules for one are chosen on the others.
        enough: events of a class from which on it may have a threshold of its own.
        default_threshold: of the rules that are compared with; one for all classes, or for each.
        collar: as for `event_based`, of onsets and offsets.
        offset_share: as for `event_based`.

    Raises:
        UsageError: if there are too few recordings.
    """
    if len(recordings) < 2 or folds < 2:
        raise UsageError("rules are chosen by at least two recordings, in at least two groups")
    compare = {
        "event-f1": partial(
            event_based, collar=collar, offset_collar=collar, offset_share=offset_share
        ),
        "psds": partial(intersection_based, dtc=CRITERION, gtc=CRITERION),
    }[measure]
    defaults = np.broadcast_to(default_threshold, len(labels)).tolist()
    thresholds = sorted({*THRESHOLDS, *defaults})
    counts = np.zeros((len(grid), len(thresholds), len(recordings), len(labels), 3), np.int64)
    found: Found = [[] for _ in grid]
    for (k, rules), (n, known) in product(enumerate(grid), enumerate(recordings)):
        estimates = _estimates(known, labels, rules, thresholds)
        for point, events in enumerate(estimates):
            counts[k, point, n] = _counted(known, events, labels, compare)
        found[k] += [estimates] if measure == "psds" else []
    order = random.Random(0).sample(range(len(recordings)), len(recordings))
    groups = [order[k::folds] for k in range(min(folds, len(order)))]
    if measure == "psds":
        areas = np.array([_psds(recordings, labels, each, order) for each in found])
        best = int(areas.argmax())
        least = _enough(counts[[best]], groups, enough)
        figure, before = (
            _judged_by_psds(recordings, labels, each, groups) for each in (found, found[:1])
        )
    else:
        least = _enough(counts, groups, enough)
        figure = _judged_by_f1(counts, groups, least)
        best = int(_f1(_picked(counts, order, order, least).sum(axis=1)).argmax())
        numbers = [thresholds.index(each) for each in defaults]
        of_default = counts[0, numbers, :, range(len(labels))]
        before = float(_f1(of_default.sum(axis=(0, 1))))
    own, common = (_thresholds(counts[[best]], order, each)[0] for each in (least, math.inf))
    threshold = {OTHERS: thresholds[common[0]]} | {
        label: thresholds[k] for label, k in zip(labels, own, strict=True) if k != common[0]
    }
    return Choice({**grid[best], "threshold": threshold}, figure, before)


def _judged_by_f1(counts: Counts, groups: Sequence[Sequence[int]], enough: float) -> float:
    """Event F1 of all recordings, each with the rules that other groups choose."""
    sums = np.zeros(3)
    for group in groups:
        others = [k for each in groups if each is not group for k in each]
        best = int(_f1(_picked(counts, others, others, enough).sum(axis=1)).argmax())
        sums += _picked(counts[[best]], others, group, enough)[0].sum(axis=0)
    return float(_f1(sums))


def _enough(counts: Counts, groups: Sequence[Sequence[int]], enough: float) -> float:
    """Events of a class for a threshold of its own: infinitely many if one for all is as good."""
    common, own = (_judged_by_f1(counts, groups, each) for each in (math.inf, enough))
    return enough if own > common else math.inf


def _judged_by_psds(
    recordings: Sequence[Known],
    labels: Sequence[str],
    found: Found,
    groups: Sequence[Sequence[int]],
) -> float:
    """Mean PSDS of the groups, each with the rules that others choose."""
    areas = []
    for group in groups:
        others = [k for each in groups if each is not group for k in each]
        best = max(found, key=lambda each: _psds(recordings, labels, each, others))
        areas.append(_psds(recordings, labels, best, group))
    return float(np.mean(areas))


def _estimates(
    known: Known, labels: Sequence[str], rules: Mapping[str, Any], thresholds: Sequence[float]
) -> list[list[Event]]:
    """What is found at each threshold."""

    def find(threshold: float) -> list[Event]:
        return find_events(
            known.framewise,
            known.frames_per_second,
            duration=known.duration,
            labels=labels,
            threshold=threshold,
            **rules,
        )

    if rules["method"] == "threshold":
        return [find(threshold) for threshold in thresholds]
    # A threshold chooses among boxes, which are the same at all of them.
    boxes = find(ALL_BOXES)
    return [[box for box in boxes if box.mean_probability >= least] for least in thresholds]


def _counted(
    known: Known, events: Sequence[Event], labels: Sequence[str], compare: Callable[..., Scores]
) -> list[tuple[int, int, int]]:
    """Counts of each class."""
    scores = compare({"": known.events}, {"": events}, labels=labels)
    return [
        (each.true_positives, each.false_positives, each.false_negatives)
        for each in scores.classes.values()
    ]


def _f1(sums: NDArray[Any]) -> NDArray[np.float64]:
    """F1 by counts, (..., 3); 0 where there are none."""
    hits = 2.0 * sums[..., 0]
    values: NDArray[np.float64] = hits / np.maximum(hits + sums[..., 1] + sums[..., 2], 1)
    return values


def _thresholds(counts: Counts, numbers: Sequence[int], enough: float) -> NDArray[np.intp]:
    """The number of the best threshold for each class, (grid, classes)."""
    sums = counts[:, :, numbers].sum(axis=2)
    common = _middle_of_best(_f1(sums.sum(axis=2)))[:, None]
    own = _middle_of_best(_f1(sums))
    n_there = sums[:, :1, :, 0] + sums[:, :1, :, 2]
    chosen: NDArray[np.intp] = np.where(n_there[:, 0] >= enough, own, common)
    return chosen


def _middle_of_best(figures: NDArray[np.float64]) -> NDArray[np.intp]:
    """The number of the threshold in the middle of those that are best, (grid, ...).

    Where many are alike, as of few events, new recordings are found best far from those that fail.
    """
    is_best = figures == figures.max(axis=1, keepdims=True)
    number = is_best.cumsum(axis=1)
    middle = (number[:, -1:] + 1) // 2
    found: NDArray[np.intp] = (is_best & (number == middle)).argmax(axis=1)
    return found


def _picked(
    counts: Counts, chosen_by: Sequence[int], judged_by: Sequence[int], enough: float
) -> Counts:
    """Counts of some recordings at the thresholds that others choose, (grid, classes, 3)."""
    numbers = _thresholds(counts, chosen_by, enough)[:, None, :, None]
    sums = counts[:, :, judged_by].sum(axis=2)
    return np.take_along_axis(sums, numbers, axis=1)[:, 0]


def _psds(
    recordings: Sequence[Known],
    labels: Sequence[str],
    found: Sequence[Sequence[Sequence[Event]]],
    numbers: Sequence[int],
) -> float:
    """PSDS of some recordings: what is found at all thresholds is one curve."""
    names = [str(k) for k in numbers]
    reference = {name: recordings[int(name)].events for name in names}
    there = {event.label for events in reference.values() for event in events} & {*labels}
    if not there:
        return 0.0
    n_thresholds = len(found[0])
    estimates = [{name: found[int(name)][k] for name in names} for k in range(n_thresholds)]
    durations = {name: recordings[int(name)].duration for name in names}
    curves = curves_of_estimates(
        reference, estimates, durations, labels=sorted(there), dtc=CRITERION, gtc=CRITERION
    )
    return psds(curves, alpha_st=1.0).value
