"""Accuracy and mAP@k against scikit-learn, and against their definition written out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, label_ranking_average_precision_score
from sklearn.metrics import top_k_accuracy_score as top_k

from panns_inference.errors import UsageError
from panns_inference.metrics import accuracy, mean_average_precision_at


def made(n_clips: int, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """The class of each clip, and probabilities, no two of which are alike."""
    draw = np.random.default_rng(n_clips)
    classes = draw.integers(n_classes, size=n_clips)
    return classes, draw.random((n_clips, n_classes)) + 0.4 * np.eye(n_classes)[classes]


def test_figures_are_those_of_scikit_learn() -> None:
    classes, probabilities = made(400, 41)
    targets, columns = np.eye(41)[classes], np.arange(41)
    found = [mean_average_precision_at(targets, probabilities, k) for k in (1, 3, 41)]
    assert accuracy(targets, probabilities) == accuracy_score(classes, probabilities.argmax(1))
    assert found[0] == accuracy(targets, probabilities)
    # What is second counts half of what is first, what is third a third of it.
    first, second, third = (top_k(classes, probabilities, k=k, labels=columns) for k in (1, 2, 3))
    assert found[1] == pytest.approx(first + (second - first) / 2 + (third - second) / 3)
    assert found[2] == pytest.approx(label_ranking_average_precision_score(targets, probabilities))


@given(st.lists(st.tuples(*[st.tuples(st.booleans(), st.integers(0, 3))] * 4), min_size=1))
def test_clips_of_several_classes_give_what_the_definition_says(clips: list) -> None:
    clips = [clip for clip in clips if any(there for there, _ in clip)] or [((True, 0),) * 4]
    wanted = []
    for clip in clips:
        order = sorted(range(4), key=lambda column: (-clip[column][1], column))
        there = [clip[column][0] for column in order]
        precisions = [sum(there[: n + 1]) / (n + 1) for n in range(3) if there[n]]
        wanted.append(sum(precisions) / min(3, sum(there)))
    targets, probabilities = np.moveaxis(np.array(clips), 2, 0)
    found = mean_average_precision_at(targets, probabilities, 3)
    assert found == pytest.approx(sum(wanted) / len(wanted))


def test_of_classes_alike_the_earlier_is_first() -> None:
    assert accuracy([[1, 0], [0, 1]], [[0.5, 0.5], [0.5, 0.5]]) == 0.5
    assert mean_average_precision_at([[0, 1]], [[0.5, 0.5]], 3) == 0.5


def test_what_has_no_figure_is_refused() -> None:
    with pytest.raises(UsageError, match="one class each: 1 of 1 have several"):
        accuracy([[1, 1]], [[0.5, 0.5]])
    with pytest.raises(UsageError, match="1 of 2 clips have no class"):
        accuracy([[0, 0], [1, 0]], np.zeros((2, 2)))
    with pytest.raises(UsageError, match="0 clips of 3 classes"):
        mean_average_precision_at(np.zeros((0, 3)), np.zeros((0, 3)), 3)
    with pytest.raises(UsageError, match="NaN"):
        accuracy([[1]], [[math.nan]])
    with pytest.raises(UsageError, match="k must be at least 1, got 0"):
        mean_average_precision_at([[1]], [[1]], 0)
