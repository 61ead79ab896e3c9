"""How good the tags of recordings are: their average precision and AUC, of all classes and of each.

Of a recording, the estimate has a probability of each class. Where each has one class, accuracy is
the share of those whose most probable class is theirs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..formats.figures import Kinds, Rows
from ..formats.schema import Kind
from ..metrics import accuracy, tagging_scores
from .align import Events

COLUMNS: Kinds = {
    "classes": Kind.TEXT,
    "average_precision": Kind.PROBABILITY,
    "auc": Kind.PROBABILITY,
    "d_prime": Kind.PROBABILITY,
    "accuracy": Kind.PROBABILITY,
    "recordings": Kind.NUMBER,
}
"""The columns; the last is in how many recordings a class is, or how many there are."""

MEAN = "mean"


def tag_figures(
    reference: Events, estimate: Events, labels: Sequence[str], *, per_class: bool = False
) -> tuple[Kinds, Rows]:
    """Return columns and rows; d' is empty where it is infinite.

    Args:
        reference: classes that are there, by recording; their times do not matter.
        estimate: probabilities of all classes, by recording. What only one of both has is left out.
        labels: the classes that count.
        per_class: whether each class has its row.

    Raises:
        UsageError: if they have no recording in common, or one lacks a class in the estimate.
    """
    names = [name for name in reference if name in estimate]
    if not names:
        raise UsageError("reference and estimate have no recording in common")
    known = {event.label for events in estimate.values() for event in events}
    if unknown := [label for label in labels if label not in known]:
        raise UsageError(
            f"the estimate knows no class {unknown[0]!r}: take a network that has it, or leave it "
            "out with --exclude"
        )
    shape = (len(names), len(labels))
    targets, probabilities = np.zeros(shape, bool), np.zeros(shape)
    for row, name in enumerate(names):
        there = {event.label for event in reference[name]}
        found = {event.label: event.probability for event in estimate[name]}
        if len(found) < len(estimate[name]):
            raise UsageError(
                f"the estimate has a class several times in {name!r}: it is for tags of whole "
                "recordings, without --window"
            )
        if missing := [label for label in labels if label not in found]:
            raise UsageError(
                f"the estimate has no probability of {missing[0]!r} in {name!r}: write all "
                "classes, as panns tag does with --top and their number"
            )
        targets[row] = [label in there for label in labels]
        probabilities[row] = [found[label] for label in labels]
    scores = tagging_scores(targets, probabilities)
    is_single = bool((targets.sum(axis=1) == 1).all())

    def share(rows: NDArray[np.bool_]) -> float:
        is_known = is_single and rows.any()
        return accuracy(targets[rows], probabilities[rows]) if is_known else math.nan

    of_all = (scores.mean_average_precision, scores.mean_auc, scores.d_prime)
    of_each = np.stack([scores.average_precision, scores.auc, scores.class_d_prime], axis=1)
    rows: list[tuple[str | float, ...]] = [
        (MEAN, *map(_finite, of_all), share(np.ones(len(names), bool)), len(names))
    ]
    if per_class:
        for label, has_it, numbers in zip(labels, targets.T, of_each.tolist(), strict=True):
            rows.append((label, *map(_finite, numbers), share(has_it), int(has_it.sum())))
    return COLUMNS, rows


def _finite(number: float) -> float:
    return number if math.isfinite(number) else math.nan
