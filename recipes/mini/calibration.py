"""Class-wise calibration: where the student says .5, the teacher says about .5.

    logit -> scale * logit + offset

One pair a class for clips, and one for segments, by logistic regression on the soft labels (Platt
scaling, as in Guo et al., "On calibration of modern neural networks", ICML 2017). Each class also
sees some points of the curve that is the best for all classes together: a class of which there is
little keeps to it. A last layer takes the pairs into its weights: the network stays as it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from panns_inference.models.mini import PannsMini
from panns_inference.training.distillation.evaluation import binary_cross_entropy
from panns_inference.training.distillation.loss import LabelledBatch, segment_targets

from .validation import sigmoid

Array = NDArray[np.float64]

POINTS = np.arange(-6.0, 7.0, 2.0)
"""Logits of the points of the common curve that each class sees."""

WEIGHT = 100.0
"""Of each of these points, in observations. With 3 or 10, classes follow the few sources in which
they sound: the cross-entropy of others grows."""

STEPS = 30
"""Of Newton's method."""

BINS = np.linspace(0.1, 1.0, 10)
"""Edges between which predictions are compared with labels; what is below the first is left out:
nearly all probabilities are near 0, and nearly all of these are right."""


class Labelled(NamedTuple):
    """What the student says, and what is right."""

    logits: Array
    """(observations, classes)."""

    targets: Array
    """Probabilities of the same shape."""


@dataclass(frozen=True)
class Scaling:
    """A scale and an offset of each class, (classes,)."""

    scale: Array
    offset: Array

    def __call__(self, logits: Array) -> Array:
        """Return logits that are calibrated, (observations, classes).

        Args:
            logits: of the student, of the same shape.
        """
        return logits * self.scale + self.offset

    @torch.no_grad()
    def into(self, weight: Tensor, bias: Tensor) -> None:
        """Change a last layer so that its logits are calibrated.

        Args:
            weight: of the layer, (classes, ...).
            bias: of the layer, (classes,).
        """
        scale, offset = (torch.from_numpy(each).float() for each in (self.scale, self.offset))
        weight.copy_((weight.flatten(1) * scale[:, None]).view_as(weight))
        bias.mul_(scale).add_(offset)


def fitted(labelled: Labelled) -> Scaling:
    """Return the pair of each class.

    Args:
        labelled: observations.
    """
    logits, targets = labelled
    common = _newton(logits.reshape(-1, 1), targets.reshape(-1, 1), np.ones((logits.size, 1)))
    points = np.repeat(POINTS[:, None], logits.shape[1], axis=1)
    weights = np.concatenate([np.ones(logits.shape), np.full(points.shape, WEIGHT)])
    return _newton(
        np.concatenate([logits, points]),
        np.concatenate([targets, sigmoid(common(points))]),
        weights,
    )


def _newton(logits: Array, targets: Array, weights: Array) -> Scaling:
    """Minimise the weighted cross-entropy of each class, which is convex in scale and offset."""
    scale, offset = np.ones(logits.shape[1]), np.zeros(logits.shape[1])
    for _ in range(STEPS):
        p = sigmoid(logits * scale + offset)
        error, curvature = weights * (p - targets), weights * p * (1 - p)
        slope, constant = (error * logits).sum(axis=0), error.sum(axis=0)
        aa, ab, bb = ((curvature * logits**k).sum(axis=0) for k in (2, 1, 0))
        determinant = aa * bb - ab**2 + 1e-12
        change = (bb * slope - ab * constant) / determinant
        shift = (aa * constant - ab * slope) / determinant
        # Far from the minimum a whole step would overshoot.
        damping = np.minimum(
            1, 1 / np.maximum(1e-12, np.maximum(2 * np.abs(change), np.abs(shift)))
        )
        scale, offset = scale - damping * change, offset - damping * shift
    return Scaling(scale, offset)


def observed(network: PannsMini, batches: Iterable[LabelledBatch]) -> tuple[Labelled, Labelled]:
    """Return what a network says of clips, and of segments of clips whose sounds are known.

    Args:
        network: in evaluation mode.
        batches: clips and labels.
    """
    clips, segments = [], []
    for batch in batches:
        with torch.inference_mode():
            features = network.trunk(batch.image)
            logits, _ = network.clipwise_logits(features[:, : network.channels].mean(dim=2))
            clips.append((logits, batch.clipwise))
            known = batch.placed > 0
            targets = segment_targets(batch.sounds[known], batch.active[known])
            framewise = network.framewise_logits(features[known])
            segments.append((_by_segment(framewise), _by_segment(targets)))
    return _joined(clips), _joined(segments)


def _by_segment(each: Tensor) -> Tensor:
    """(batch, classes, segments) as (observations, classes)."""
    return each.transpose(1, 2).flatten(0, 1)


def _joined(pairs: Sequence[tuple[Tensor, Tensor]]) -> Labelled:
    logits, targets = (torch.cat(part).double().numpy() for part in zip(*pairs, strict=True))
    return Labelled(logits, targets)


def calibration_error(probabilities: Array, targets: Array) -> float:
    """Return the expected calibration error of what is above a tenth.

    It is the distance between the mean prediction and the mean label of a bin, in the mean over
    the predictions (Naeini et al., AAAI 2015).

    Args:
        probabilities: of the student, of any shape.
        targets: labels, of the same shape.
    """
    bins = np.digitize(probabilities, BINS).ravel()
    sums = np.bincount(bins, (probabilities - targets).ravel(), len(BINS) + 1)
    counts = np.bincount(bins, minlength=len(BINS) + 1)
    return float(np.abs(sums[1:]).sum() / max(1, counts[1:].sum()))


class Reliability(NamedTuple):
    """How far predictions can be believed."""

    error: float
    """The calibration error."""

    cross_entropy: float
    half: float
    """The mean label where the prediction is .4 to .6."""

    def __str__(self) -> str:
        return (
            f"calibration error {self.error:.4f}, cross-entropy {self.cross_entropy:.5f}; "
            f"where it says .4 to .6, the labels say {self.half:.3f}"
        )


def reliability(logits: Array, targets: Array) -> Reliability:
    """Return how far predictions can be believed.

    Args:
        logits: of the student, of any shape.
        targets: labels, of the same shape.
    """
    p = sigmoid(logits)
    half = targets[(p > 0.4) & (p < 0.6)]
    return Reliability(
        calibration_error(p, targets),
        binary_cross_entropy(targets, p),
        float(half.mean()) if half.size else math.nan,
    )
