"""Counts of classes at several thresholds, or with several other rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .annotations import Annotations, spans_of
from .counts import Counts
from .intersections import Integers


@dataclass(frozen=True, eq=False)
class Curve:
    """Counts of one class at each of its thresholds.

    Attributes:
        thresholds: descending, (points,); at the first, infinity, nothing is found. For several
            estimates their numbers stand here.
        true_positives: (points,).
        false_positives: (points,).
        cross_triggers: (points, classes); zeros where they are not counted.
        n_reference: how many events are there.
    """

    thresholds: NDArray[np.float64]
    true_positives: Integers
    false_positives: Integers
    cross_triggers: Integers
    n_reference: int

    @property
    def f1(self) -> NDArray[np.float64]:
        """F1 at each threshold, (points,)."""
        n_all = self.true_positives + self.false_positives + self.n_reference
        values: NDArray[np.float64] = 2 * self.true_positives / n_all
        return values

    def best(self) -> tuple[float, Counts]:
        """The threshold with the largest F1, of several the first, and its counts."""
        point = int(np.argmax(self.f1))
        hits = int(self.true_positives[point])
        counts = Counts(hits, int(self.false_positives[point]), self.n_reference - hits)
        return float(self.thresholds[point]), counts


@dataclass(frozen=True, eq=False)
class Curves:
    """Curves of all classes.

    Attributes:
        classes: label to curve; the columns of cross-triggers are in this order.
        reference_seconds: how long the events of each class are, (classes,).
        seconds: how long all recordings are.
    """

    classes: Mapping[str, Curve]
    reference_seconds: NDArray[np.float64]
    seconds: float


def reference_seconds(reference: Annotations, labels: Sequence[str]) -> NDArray[np.float64]:
    """Return how long the events of each class are, (classes,).

    Args:
        reference: what is known to be there, by recording.
        labels: the classes.
    """
    spans = [[spans_of(events, label) for events in reference.values()] for label in labels]
    return np.array([sum(float(np.diff(each).sum()) for each in of_class) for of_class in spans])
