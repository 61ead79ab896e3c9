"""mAP, mAUC and d' against scikit-learn, the paper, and their definitions."""

from __future__ import annotations

import math
import re
import time
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from panns_inference.errors import UsageError
from panns_inference.metrics import average_precision, d_prime, roc_auc, tagging_scores


def made(n_clips: int, n_classes: int, digits: int) -> tuple[np.ndarray, np.ndarray]:
    """Targets and probabilities; few digits make many ties."""
    draw = np.random.default_rng(n_clips + digits)
    targets = draw.random((n_clips, n_classes)) < draw.uniform(0.02, 0.6, n_classes)
    targets[0], targets[1] = True, False
    return targets, np.round(draw.random(targets.shape) * 0.8 + 0.2 * targets, digits)


@pytest.mark.parametrize("digits", [1, 2, 15])
def test_each_class_is_that_of_scikit_learn(digits: int) -> None:
    targets, probabilities = made(300, 20, digits)
    found = tagging_scores(targets, probabilities)
    pairs = [*zip(targets.T, probabilities.T, strict=True)]
    precisions = [average_precision_score(*each) for each in pairs]
    areas = [roc_auc_score(*each) for each in pairs]
    np.testing.assert_allclose(found.average_precision, precisions, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.auc, areas, rtol=0, atol=1e-9)
    assert found.mean_average_precision == pytest.approx(np.mean(precisions), abs=1e-9)
    assert found.mean_auc == pytest.approx(np.mean(areas), abs=1e-9)
    assert average_precision(*pairs[3]) == pytest.approx(precisions[3], abs=1e-9)
    assert roc_auc(*pairs[3]) == pytest.approx(areas[3], abs=1e-9)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.25, 0.5, 1.0])), min_size=1))
def test_a_small_class_is_what_the_definitions_say(clips: list[tuple[bool, float]]) -> None:
    there = [p for is_there, p in clips if is_there]
    others = [p for is_there, p in clips if not is_there]
    wins = [(p > q) + (p == q) / 2 for p in there for q in others]
    area = sum(wins) / len(wins) if wins else math.nan
    # The precision at a hit is that of all clips of at least its probability.
    hits = [sum(q >= p for q in there) / sum(q >= p for _, q in clips) for p in there]
    targets, probabilities = zip(*clips, strict=True)
    assert roc_auc(targets, probabilities) == pytest.approx(area, abs=1e-12, nan_ok=True)
    precision = sum(hits) / len(hits) if hits else math.nan
    found = average_precision(targets, probabilities)
    assert found == pytest.approx(precision, abs=1e-12, nan_ok=True)


def test_classes_that_are_in_no_clip_are_left_out() -> None:
    targets = [[1, 0, 1], [0, 0, 1], [1, 0, 1]]
    found = tagging_scores(targets, [[0.9, 0.5, 0.1], [0.8, 0.5, 0.2], [0.7, 0.5, 0.3]])
    assert np.isnan(found.average_precision).tolist() == [False, True, False]
    assert np.isnan(found.auc).tolist() == [False, True, True]
    assert found.mean_average_precision == pytest.approx((5 / 6 + 1) / 2)
    assert found.mean_auc == 0.5
    assert found.d_prime == 0
    assert math.isnan(tagging_scores([[0]], [[0.5]]).mean_average_precision)


def test_d_prime_is_that_of_the_normal_distribution() -> None:
    for value in (-2.0, 0.0, 1.763, 2.732, 4.0):
        assert d_prime(NormalDist().cdf(value / math.sqrt(2))) == pytest.approx(value, abs=1e-9)
    assert [d_prime(0), d_prime(1)] == [-math.inf, math.inf]
    assert math.isnan(d_prime(math.nan))


@pytest.mark.shared("the paper's tables")
def test_d_prime_is_that_of_the_tables_of_the_paper(shared: Path) -> None:
    text = (shared / "paper.md").read_text(encoding="utf-8")
    # All rows but that of ResNet22, whose d' is misprinted as 0.270.
    rows = re.findall(r"(0\.\d{3}) [|/] (0\.\d{3}) [|/] ([12]\.\d{3})", text)
    assert len(rows) > 40
    # AUCs have three digits: d' lies between those of the ends.
    outside = [
        row
        for row in rows
        for _, auc, value in [map(float, row)]
        if not d_prime(auc - 5e-4) - 5e-4 <= value <= d_prime(auc + 5e-4) + 5e-4
    ]
    assert not outside


@pytest.mark.shared("average precisions read off the paper's figure")
def test_the_mean_of_classes_is_the_published_map(shared: Path) -> None:
    with np.load(shared / "golden" / "audioset_eval_classwise.npz") as file:
        precisions = file["ap_cnn14"]
    # Clips of a class above and below the others, so that its precision is the one in the figure.
    targets, probabilities = np.zeros((2, 1000, 527))
    order = np.linspace(1, 0, 1000)
    for column, wanted in enumerate(precisions):
        place = round(1 / wanted)
        targets[place - 1, column], probabilities[:, column] = 1, order
    found = tagging_scores(targets, probabilities)
    exact = 1 / np.round(1 / precisions)
    np.testing.assert_allclose(found.average_precision, exact, atol=1e-12)
    assert np.mean(precisions) == pytest.approx(0.431, abs=5e-4)


@pytest.mark.slow
def test_audioset_takes_seconds() -> None:
    draw = np.random.default_rng(0)
    probabilities = draw.random((20_000, 527), np.float32)
    targets = draw.random(probabilities.shape, np.float32) < 0.004
    start = time.process_time()
    found = tagging_scores(targets, probabilities)
    assert time.process_time() - start < 20
    assert found.mean_auc == pytest.approx(0.5, abs=0.005)


def test_wrong_arrays_are_refused() -> None:
    with pytest.raises(UsageError, match=r"not \(2, 3\) and \(3, 2\)"):
        tagging_scores(np.zeros((2, 3)), np.zeros((3, 2)))
    with pytest.raises(UsageError, match="NaN"):
        tagging_scores([[1]], [[math.nan]])
