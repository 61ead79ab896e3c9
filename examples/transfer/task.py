"""What a task of the paper is: a data set, how it is divided, and the figure it is judged by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from numpy.typing import ArrayLike

from panns_inference.metrics import accuracy, mean_average_precision_at
from panns_inference.training.data import Dataset

Metric = Callable[[ArrayLike, ArrayLike], float]
"""Targets and probabilities, both (clips, classes), to a figure in [0, 1]."""

METRICS: dict[str, Metric] = {
    "accuracy": accuracy,
    "mAP@3": partial(mean_average_precision_at, k=3),
}


@dataclass(frozen=True)
class Task:
    """A task to which networks are transferred.

    Attributes:
        title: its name.
        read: the folder of the data set to its clips. Those of a fold are judged by what the other
            folds taught; without folds, those of the split `test` by what `train` taught.
        n_recordings: how many the paper had.
        seconds: length to which clips are padded or cut; longer recordings are several clips, whose
            probabilities are averaged, where `read` says so.
        metric: of `METRICS`.
        paper: its row in the paper, one of `COLUMNS` to its figure; empty if it is not there.
    """

    title: str
    read: Callable[[Path], Dataset]
    n_recordings: int
    seconds: float
    metric: str = "accuracy"
    paper: Mapping[str, float] = field(default_factory=dict)


COLUMNS = ("best earlier", "scratch", "fine-tune", "freeze-l1", "freeze-l3")
"""Of Tables XIII to XVIII of the paper: the best system before it, and the ways of transfer."""


def row(*figures: float) -> dict[str, float]:
    """Return a row of the paper's tables.

    Args:
        figures: of the `COLUMNS`.
    """
    return dict(zip(COLUMNS, figures, strict=True))
