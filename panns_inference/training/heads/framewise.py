"""The framewise head of a network, learnt from segments of recordings.

Where it is known when events are, each segment learns how much of it each class fills. Of other
clips it is known what sounds, and not when: such a clip is a bag of segments. Its probability of a
class is the mean of those of its segments, weighted with themselves (linear softmax; Y. Wang, J. Li
and F. Metze, *A Comparison of Five Multiple Instance Learning Pooling Functions for Sound Event
Detection with Weak Labeling*, ICASSP 2019): the segments in which a class sounds learn that it
does, and the others need not.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from .linear import Head
from .segments import Segments

STRENGTH = 10.0
"""Of the regularisation. From 3 to 30, the event F1 in soundscapes made of ESC-10 is 0.43 to 0.44
where times are known, and 0.34 to 0.39 where they are not."""

RARE = -2.0
"""Logit of a class in a segment, to begin with."""

STEPS = 100
"""Of the solver, at most."""

LEAST = 1e-6
"""The smallest probability that a logarithm is taken of."""


def fit(segments: Segments) -> Head:
    """Return the head that is learnt from segments.

    A second whose events are known weighs as much as a clip of which only the classes are.

    Args:
        segments: to learn from.
    """
    from scipy.optimize import minimize  # as scikit-learn does
    from threadpoolctl import threadpool_limits  # which scikit-learn needs

    mean, deviation = segments.values.mean(axis=0), segments.values.std(axis=0)
    deviation[deviation == 0] = 1
    values = torch.from_numpy((segments.values - mean) / deviation)
    is_bag = ~segments.is_timed
    in_bag = torch.from_numpy(is_bag[segments.owners])
    bags = torch.from_numpy(np.cumsum(is_bag) - 1)[segments.owners][in_bag]
    targets = torch.from_numpy(segments.dataset.targets[is_bag])
    shares = torch.from_numpy(segments.shares)[~in_bag]
    n_classes = targets.shape[1]
    weight_of_segment = segments.seconds

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        rows = torch.from_numpy(point).float().view(n_classes, -1).requires_grad_()
        logits = functional.linear(values, rows[:, 1:], rows[:, 0])
        found = pooled(logits[in_bag].sigmoid(), bags, len(targets)).clamp(LEAST, 1 - LEAST)
        missed = functional.binary_cross_entropy(found, targets, reduction="sum")
        by_time = functional.binary_cross_entropy_with_logits
        missed = missed + weight_of_segment * by_time(logits[~in_bag], shares, reduction="sum")
        lost = missed + STRENGTH / 2 * rows[:, 1:].square().sum()
        (gradient,) = torch.autograd.grad(lost, rows)
        return float(lost.detach()), gradient.double().numpy().ravel()

    start = np.zeros((n_classes, 1 + values.shape[1]))
    start[:, 0] = RARE
    # Threads of torch and those of the solver's small products would wait for each other's cores.
    with threadpool_limits(1, user_api="blas"):
        best = minimize(
            loss, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": STEPS}
        )
    rows = best.x.reshape(n_classes, -1)
    weight = rows[:, 1:] / deviation
    return Head(weight, rows[:, 0] - weight @ mean, "sigmoid")


def pooled(probabilities: Tensor, owners: Tensor, number: int) -> Tensor:
    """Return the probabilities of clips, (clips, classes).

    Args:
        probabilities: of segments, (segments, classes).
        owners: number of the clip that each is of, (segments,).
        number: of clips.
    """
    empty = probabilities.new_zeros(number, probabilities.shape[1])
    squares = empty.index_add(0, owners, probabilities.square())
    return squares / empty.index_add(0, owners, probabilities).clamp(min=LEAST)
