"""mAP, mAUC and d' of tags: how well probabilities put the clips of a class before the others.

Clips of one probability are one step, as in scikit-learn. Where a class is in no clip, or for the
AUC in all, the figure is NaN, and means leave it out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UsageError

Figures = NDArray[np.float64]
"""A figure of each class, (classes,)."""


@dataclass(frozen=True, eq=False)
class TaggingScores:
    """How good tags are.

    Attributes:
        average_precision: of each class, (classes,), in [0, 1].
        auc: area under the ROC curve of each class, (classes,), in [0, 1].
    """

    average_precision: Figures
    auc: Figures

    @property
    def mean_average_precision(self) -> float:
        """The mean over classes, mAP."""
        return _mean(self.average_precision)

    @property
    def mean_auc(self) -> float:
        """The mean over classes, mAUC."""
        return _mean(self.auc)

    @property
    def d_prime(self) -> float:
        """The d' of the mean AUC, as published for PANNs."""
        return d_prime(self.mean_auc)

    @property
    def class_d_prime(self) -> Figures:
        """The d' of each class, (classes,); infinite where the AUC is 1."""
        return np.array([d_prime(auc) for auc in self.auc.tolist()])


def tagging_scores(targets: ArrayLike, probabilities: ArrayLike) -> TaggingScores:
    """Compare probabilities with what is in the clips.

    Args:
        targets: whether a class is in a clip, (clips, classes).
        probabilities: or any numbers that grow with them, (clips, classes).

    Raises:
        UsageError: if the shapes differ, or a probability is no number.
    """
    truth, values = clips_by_classes(targets, probabilities)
    figures = [_figures(*each) for each in zip(truth.T, values.T, strict=True)]
    precisions, areas = np.array(figures, np.float64).reshape(-1, 2).T
    return TaggingScores(precisions, areas)


def clips_by_classes(
    targets: ArrayLike, probabilities: ArrayLike
) -> tuple[NDArray[np.bool_], NDArray[np.floating]]:
    """Return targets and probabilities as arrays of one shape, (clips, classes).

    Args:
        targets: whether a class is in a clip, (clips, classes).
        probabilities: or any numbers that grow with them, (clips, classes).

    Raises:
        UsageError: if the shapes differ, or a probability is no number.
    """
    truth, values = np.asarray(targets).astype(bool), np.asarray(probabilities)
    if truth.shape != values.shape or truth.ndim != 2:
        raise UsageError(
            "targets and probabilities must both be of the shape (clips, classes), not "
            f"{truth.shape} and {values.shape}"
        )
    if np.isnan(values).any():
        raise UsageError("a probability is no number (NaN)")
    return truth, values


def average_precision(targets: ArrayLike, probabilities: ArrayLike) -> float:
    """Return the average precision of one class: its precision at each step of the recall.

    Args:
        targets: whether it is in a clip, (clips,).
        probabilities: of the class, (clips,).

    Raises:
        UsageError: if the shapes differ, or a probability is no number.
    """
    return float(_one(targets, probabilities).average_precision[0])


def roc_auc(targets: ArrayLike, probabilities: ArrayLike) -> float:
    """Return the area under the ROC curve of one class.

    It is the probability that a clip of the class is before one without it; half if they are alike.

    Args:
        targets: whether it is in a clip, (clips,).
        probabilities: of the class, (clips,).

    Raises:
        UsageError: if the shapes differ, or a probability is no number.
    """
    return float(_one(targets, probabilities).auc[0])


def d_prime(auc: float) -> float:
    """Return d': the distance of two normal distributions, in their deviations, with such an AUC.

    Args:
        auc: area under the ROC curve, in [0, 1]; at 0 and 1, d' is infinite.
    """
    if not 0 < auc < 1:
        return math.inf if auc == 1 else -math.inf if auc == 0 else math.nan
    return math.sqrt(2) * NormalDist().inv_cdf(auc)


def _one(targets: ArrayLike, probabilities: ArrayLike) -> TaggingScores:
    return tagging_scores(*(np.atleast_2d(each).T for each in (targets, probabilities)))


def _figures(truth: NDArray[np.bool_], values: NDArray[np.floating]) -> tuple[float, float]:
    """Average precision and AUC of a class."""
    order = np.argsort(values)[::-1]
    steps = np.append(np.flatnonzero(np.diff(values[order])), len(values) - 1)
    hits = np.cumsum(truth[order])[steps].astype(np.float64)
    n_before = steps + 1.0
    n_true, n_false = hits[-1], n_before[-1] - hits[-1]
    new = np.diff(hits, prepend=0)
    precision = float(new @ (hits / n_before)) / n_true if n_true else math.nan
    wrong = np.diff(n_before - hits, prepend=0)
    area = float(wrong @ (hits - new / 2))
    return precision, area / (n_true * n_false) if n_true and n_false else math.nan


def _mean(figures: Figures) -> float:
    known = figures[~np.isnan(figures)]
    return float(known.mean()) if len(known) else math.nan
