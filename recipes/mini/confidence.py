"""Whether a difference is more than chance: the bootstrap over groups.

Sounds of a source resemble each other, so sources are what is drawn, with replacement, and all
their sounds with them (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DRAWS = 2000
LEVEL = 0.95


class Difference(NamedTuple):
    """Of two ratios, with the interval in which it lies with a confidence of 95 %."""

    value: float
    low: float
    high: float

    @property
    def is_more_than_chance(self) -> bool:
        """Whether zero is outside."""
        return self.low > 0 or self.high < 0


def difference(
    ours: NDArray[np.floating], theirs: NDArray[np.floating], groups: Sequence[Hashable]
) -> Difference:
    """Return the difference of two ratios of sums: means, F1.

    Args:
        ours: numerator and denominator of each item, (items, 2): a value and 1 for a mean.
        theirs: the same of what it is compared with.
        groups: of the items.
    """
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    sums = np.zeros((len(numbers), 4))
    np.add.at(sums, [numbers[group] for group in groups], np.hstack([ours, theirs]))
    draw = np.random.default_rng(1)
    drawn = draw.integers(len(sums), size=(DRAWS, len(sums)))
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(_difference(sums[drawn].sum(axis=1)), (tail, 1 - tail))
    return Difference(float(_difference(sums.sum(axis=0))), float(low), float(high))


def _difference(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    ours, theirs = np.moveaxis(sums.reshape(*sums.shape[:-1], 2, 2), -2, 0)
    return np.asarray(_ratio(ours) - _ratio(theirs))


def _ratio(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(sums[..., 0] / np.maximum(sums[..., 1], 1e-9))
