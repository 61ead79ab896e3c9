"""Heads are those of scikit-learn, with the standardisation inside."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from panns_inference.training.heads.linear import NEVER, Head, fit

RNG = np.random.default_rng(0)
VALUES = (RNG.normal(size=(60, 5)) * [1, 10, 0.1, 3, 1] + [5, 0, -2, 0, 0]).astype(np.float32)
VALUES[:, 4] = 7  # of no use


def classes(number: int) -> np.ndarray:
    return np.eye(number, dtype=np.float32)[RNG.integers(0, number, len(VALUES))]


@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize("strength", [0.1, 10.0])
def test_one_class_at_a_time_is_a_regression_over_all(number: int, strength: float) -> None:
    targets = classes(number)
    oracle = make_pipeline(StandardScaler(), LogisticRegression(C=1 / strength, max_iter=1000))
    oracle.fit(VALUES.astype(float), targets.argmax(axis=1))
    head = fit(VALUES, targets, "softmax", strength)
    expected = oracle.predict_proba(VALUES.astype(float))
    np.testing.assert_allclose(head.probabilities(VALUES), expected, atol=1e-5)


def test_several_classes_are_a_regression_each() -> None:
    targets = (RNG.random((60, 3)) < 0.3).astype(np.float32)
    each = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=1000))
    oracle = OneVsRestClassifier(each).fit(VALUES.astype(float), targets)
    head = fit(VALUES, targets, "sigmoid", 1.0)
    expected = oracle.predict_proba(VALUES.astype(float))
    np.testing.assert_allclose(head.probabilities(VALUES), expected, atol=1e-5)


@pytest.mark.parametrize("activation", ["sigmoid", "softmax"])
def test_what_no_clip_has_is_never_found(activation: str) -> None:
    targets = np.insert(classes(2), 1, 0, axis=1)
    found = fit(VALUES, targets, activation, 1.0).probabilities(VALUES)
    assert found[:, 1].max() < 1e-4
    only = np.insert(np.zeros((60, 1), np.float32), 0, 1, axis=1)
    found = fit(VALUES, only, activation, 1.0).probabilities(VALUES)
    assert found[:, 0].min() > 1 - 1e-4
    assert found[:, 1].max() < 1e-4
    assert NEVER < -10


@pytest.mark.parametrize("layer", [nn.Linear(5, 3), nn.Conv1d(5, 3, 1)])
def test_a_head_is_a_layer(layer: nn.Module) -> None:
    head = Head(RNG.normal(size=(3, 5)), RNG.normal(size=3), "sigmoid")
    head.put_into(layer)
    given = torch.from_numpy(VALUES)
    is_linear = isinstance(layer, nn.Linear)
    logits = layer(given) if is_linear else layer(given.T[None])[0].T
    np.testing.assert_allclose(logits.detach().numpy(), head.logits(VALUES), rtol=1e-5, atol=1e-5)
