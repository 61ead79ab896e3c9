"""Clips, and what the last layer of a network is given for each: what a head is learnt from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from ...registry import DEFAULT_THRESHOLD
from ..data import Dataset
from ..new_classes import Activation
from .groups import ALWAYS
from .linear import Head, fit
from .partition import Mask
from .results import Judgement
from .thresholds import best_thresholds
from .validation import by_others, judging_groups

STRENGTHS = (0.1, 1.0, 10.0, 100.0, 1000.0)
"""Strengths of the regularisation to choose from; for standardised embeddings, the best lies
between them."""

MEDIUM = 10.0
"""The strength where no clips can choose one."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Clips to learn from, or to judge by.

    Attributes:
        dataset: the clips.
        values: what the last layer is given, (clips, n).
        activation: of the last layer.
    """

    dataset: Dataset
    values: NDArray[np.float32]
    activation: Activation

    def where(self, mask: Mask) -> Examples:
        """Return some of the clips.

        Args:
            mask: whether a clip is one of them, (clips,).
        """
        clips = tuple(compress(self.dataset.clips, mask))
        return Examples(replace(self.dataset, clips=clips), self.values[mask], self.activation)

    def learn(self) -> Learnt:
        """Return the head that is learnt from the clips, with the strength that suits them best.

        For each group of them, the others learn. What they find in it chooses the strength, by the
        cross-entropy, and the thresholds, by F1.
        """
        targets, groups = self.dataset.targets, judging_groups(self.dataset)
        judging = groups != ALWAYS
        if not judging.any():
            usual = (DEFAULT_THRESHOLD,) * len(self.dataset.labels)
            return Learnt(fit(self.values, targets, self.activation, MEDIUM), MEDIUM, usual)
        found = {each: by_others(groups, targets.shape, self._judge(each)) for each in STRENGTHS}
        losses = {
            each: _cross_entropy(targets[judging], found[each][judging], self.activation)
            for each in STRENGTHS
        }
        strength = min(losses, key=losses.__getitem__)
        head = fit(self.values, targets, self.activation, strength)
        thresholds = best_thresholds(targets[judging], found[strength][judging])
        return Learnt(head, strength, tuple(thresholds))

    def _judge(self, strength: float) -> Callable[[Mask], NDArray[np.float64]]:
        """What returns probabilities of some clips, by a head that the others have taught."""
        targets = self.dataset.targets
        return lambda held: fit(
            self.values[~held], targets[~held], self.activation, strength
        ).probabilities(self.values[held])


@dataclass(frozen=True, eq=False)
class Learnt:
    """A head, and what was chosen for it.

    Attributes:
        head: learnt from all clips.
        strength: of the regularisation.
        thresholds: of each class.
    """

    head: Head
    strength: float
    thresholds: tuple[float, ...]

    def judge(self, clips: Examples) -> Judgement:
        """Return what is found in clips that were not learnt from.

        Args:
            clips: with the same classes.
        """
        probabilities = self.head.probabilities(clips.values)
        return Judgement(clips.dataset.targets, probabilities, probabilities >= self.thresholds)


def _cross_entropy(
    targets: NDArray[np.float32], probabilities: NDArray[np.float64], activation: Activation
) -> float:
    """Of the classes, in nats a clip."""
    p = np.clip(probabilities, 1e-7, 1 - 1e-7)
    missed = (1 - targets) * np.log(1 - p) if activation == "sigmoid" else np.zeros_like(p)
    return float(-(targets * np.log(p) + missed).sum(axis=1).mean())
