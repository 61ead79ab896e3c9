"""The last layer of a network, as logistic regression finds it (scikit-learn)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError
from ..new_classes import Activation

if TYPE_CHECKING:
    from torch import nn

Values = NDArray[np.float64]

NEVER = -15.0
"""Logit of a class that no clip has: a probability of 3e-7."""

MOST_STEPS = 1000
"""Of the solver."""


@dataclass(frozen=True, eq=False)
class Head:
    """A linear layer, and what makes probabilities of its logits.

    Attributes:
        weight: (classes, n).
        bias: (classes,).
        activation: 'sigmoid', for each class by itself, or 'softmax', where one sounds at a time.
    """

    weight: Values
    bias: Values
    activation: Activation

    def logits(self, values: NDArray[np.floating[Any]]) -> Values:
        """Return logits of the classes, (clips, classes).

        Args:
            values: what the layer is given, (clips, n).
        """
        logits: Values = values.astype(np.float64) @ self.weight.T + self.bias
        return logits

    def probabilities(self, values: NDArray[np.floating[Any]]) -> Values:
        """Return probabilities of the classes, (clips, classes).

        Args:
            values: what the layer is given, (clips, n).
        """
        logits = self.logits(values)
        if self.activation == "sigmoid":
            found: Values = np.exp(-np.logaddexp(0, -logits))
            return found
        found = np.exp(logits - logits.max(axis=1, keepdims=True))
        found /= found.sum(axis=1, keepdims=True)
        return found

    def put_into(self, layer: nn.Module) -> None:
        """Write it into a layer of a network.

        Args:
            layer: a linear one, or a convolution over single segments.
        """
        import torch

        with torch.no_grad():
            for name in ("weight", "bias"):
                into = layer.get_parameter(name)
                into.copy_(torch.from_numpy(getattr(self, name)).view_as(into))


def fit(
    values: NDArray[np.floating[Any]],
    targets: NDArray[np.floating[Any]],
    activation: Activation,
    strength: float,
) -> Head:
    """Return the head that logistic regression with standardisation finds.

    The standardisation is folded into the weights. A class that no clip has, or each, does not
    depend on the values.

    Args:
        values: what the layer is given, (clips, n).
        targets: ones where a class sounds, (clips, classes); with 'softmax' one a clip.
        activation: 'softmax' is one regression over all classes, 'sigmoid' one against the rest
            for each.
        strength: of the regularisation: the inverse of scikit-learn's `C`.

    Raises:
        UsageError: if scikit-learn is not installed.
    """
    mean, deviation = values.mean(axis=0, dtype=np.float64), values.std(axis=0, dtype=np.float64)
    deviation[deviation == 0] = 1
    standard = (values - mean) / deviation
    sought = _one_against_the_rest if activation == "sigmoid" else _over_all
    weight, bias = sought(standard, targets > 0.5, strength)
    weight /= deviation
    return Head(weight, bias - weight @ mean, activation)


def _over_all(values: Values, targets: NDArray[np.bool_], strength: float) -> tuple[Values, Values]:
    there = np.flatnonzero(targets.any(axis=0))
    weight = np.zeros((targets.shape[1], values.shape[1]))
    bias = np.full(targets.shape[1], NEVER)
    if len(there) == 1:
        bias[there] = 0
    else:
        found, offset = _regression(values, targets.argmax(axis=1), strength)
        # Of two classes, there is the logit of the second less that of the first.
        weight[there] = [-found[0] / 2, found[0] / 2] if len(there) == 2 else found
        bias[there] = [-offset[0] / 2, offset[0] / 2] if len(there) == 2 else offset
    return weight, bias


def _one_against_the_rest(
    values: Values, targets: NDArray[np.bool_], strength: float
) -> tuple[Values, Values]:
    weight = np.zeros((targets.shape[1], values.shape[1]))
    bias = np.where(targets.any(axis=0), -NEVER, NEVER)
    for column in np.flatnonzero(targets.any(axis=0) & ~targets.all(axis=0)):
        found, offset = _regression(values, targets[:, column], strength)
        weight[column], bias[column] = found[0], offset[0]
    return weight, bias


def _regression(values: Values, classes: NDArray[Any], strength: float) -> tuple[Values, Values]:
    require()
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        # What is left to gain after so many steps, no figure shows.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=1 / strength, max_iter=MOST_STEPS).fit(values, classes)
    return model.coef_, model.intercept_


def require() -> None:
    """Make sure that heads can be learnt.

    Raises:
        UsageError: if scikit-learn is not installed.
    """
    try:
        import sklearn  # noqa: F401 whether it is there
    except ImportError as error:
        raise UsageError(
            f'learning needs scikit-learn ({error}): pip install "panns-inference[train]"'
        ) from error
