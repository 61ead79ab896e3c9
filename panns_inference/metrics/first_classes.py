"""Accuracy and mAP@k: whether the class of a clip is the most probable one, or among the first.

Of classes with one probability, the earlier column is the more probable one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UsageError
from .tagging import clips_by_classes


def accuracy(targets: ArrayLike, probabilities: ArrayLike) -> float:
    """Return the share of the clips whose most probable class is theirs, in [0, 1].

    Args:
        targets: whether a class is that of a clip, (clips, classes); one class in each clip.
        probabilities: or any numbers that grow with them, (clips, classes).

    Raises:
        UsageError: if the shapes differ, there is no clip, a probability is no number, or a clip
            has not exactly one class.
    """
    hits = _hits(targets, probabilities)
    if several := int((hits.sum(axis=1) != 1).sum()):
        raise UsageError(
            f"accuracy is of clips with one class each: {several} of {len(hits)} have several"
        )
    return float(hits[:, 0].mean())


def mean_average_precision_at(targets: ArrayLike, probabilities: ArrayLike, k: int) -> float:
    """Return mAP@k, the mean average precision of the first classes of the clips, in [0, 1].

    A clip of one class gives 1 where that is the most probable one, 1/2 where it is the second...
    and 0 behind the `k`-th. One of several classes gives the mean of the precisions at those of
    its classes that are among the first `k`, as many as there can be.

    Args:
        targets: whether a class is in a clip, (clips, classes).
        probabilities: or any numbers that grow with them, (clips, classes).
        k: number of classes that count, such as 3 for DCASE 2018 task 2.

    Raises:
        UsageError: if the shapes differ, there is no clip, a probability is no number, or a clip
            has no class.
    """
    if k < 1:
        raise UsageError(f"k must be at least 1, got {k}")
    hits = _hits(targets, probabilities)
    first = hits[:, :k]
    precision = first.cumsum(axis=1) / np.arange(1, first.shape[1] + 1)
    most = np.minimum(hits.sum(axis=1), k)
    return float(((precision * first).sum(axis=1) / most).mean())


def _hits(targets: ArrayLike, probabilities: ArrayLike) -> NDArray[np.bool_]:
    """Whether the first, second... class of a clip is there, (clips, classes)."""
    truth, values = clips_by_classes(targets, probabilities)
    if not truth.size:
        raise UsageError(f"there are {len(truth)} clips of {truth.shape[1]} classes to judge by")
    if without := int((~truth.any(axis=1)).sum()):
        raise UsageError(f"{without} of {len(truth)} clips have no class")
    return np.take_along_axis(truth, np.argsort(-values, axis=1, kind="stable"), axis=1)
