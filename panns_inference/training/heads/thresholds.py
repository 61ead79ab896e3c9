"""A threshold for each class: the one with the best F1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...registry import DEFAULT_THRESHOLD

Array = NDArray[np.floating[Any]]


def best_thresholds(targets: Array, probabilities: Array) -> list[float]:
    """Return the threshold of each class with the best F1, as a probability above 0 and up to 1.

    It lies half-way between two probabilities of clips. A class that is in no clip, or has no
    probability in one, has the usual threshold.

    Args:
        targets: ones where a class sounds, (clips, classes).
        probabilities: of the classes, (clips, classes).
    """
    return [_best(*each) for each in zip(targets.T > 0.5, probabilities.T, strict=True)]


def _best(truth: NDArray[np.bool_], probabilities: Array) -> float:
    order = np.argsort(-probabilities, kind="stable")
    values = np.append(probabilities[order].astype(np.float64), 0.0)
    hits = np.cumsum(truth[order])
    # Clips of one probability are found by one threshold.
    is_step = values[:-1] > values[1:]
    if not truth.any() or not is_step.any():
        return DEFAULT_THRESHOLD
    f1 = 2 * hits / (np.arange(1, len(values)) + truth.sum())
    last = int(np.where(is_step, f1, -1).argmax())
    return float((values[last] + values[last + 1]) / 2)
