"""No threshold has a better F1 than the one that is chosen."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from panns_inference.training.heads.thresholds import best_thresholds

CLIPS = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.9, 1.0])), min_size=1
)


def f1(truth: np.ndarray, found: np.ndarray) -> float:
    right = (truth & found).sum()
    return float(2 * right / max(1, truth.sum() + found.sum()))


@given(CLIPS)
def test_the_best_f1(clips: list[tuple[bool, float]]) -> None:
    truth, values = map(np.array, zip(*clips, strict=True))
    (threshold,) = best_thresholds(truth[:, None].astype(float), values[:, None])
    assert 0 < threshold <= 1
    if not truth.any():
        assert threshold == 0.5
    best = max(f1(truth, values >= each) for each in (0.05, 0.2, 0.4, 0.7, 0.95))
    assert f1(truth, values >= threshold) == best


def test_it_lies_between_what_is_there_and_what_is_not() -> None:
    assert best_thresholds(np.array([[1], [1], [0]]), np.array([[0.9], [0.6], [0.2]])) == [0.4]
