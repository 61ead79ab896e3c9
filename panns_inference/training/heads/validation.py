"""Choosing by clips that were not learnt from: those of each group, by what the others teach."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..data import Dataset
from .groups import ALWAYS
from .partition import groups_of

MANY = 2000
"""Clips from which on their first group is enough to choose by."""

Values = NDArray[np.float64]


def judging_groups(dataset: Dataset) -> NDArray[np.intp]:
    """Return the group of each clip, (clips,), or `ALWAYS` for those that choose nothing.

    Args:
        dataset: the clips. If they are in one group, none chooses: there are no others.
    """
    groups = groups_of(dataset)
    if len(groups) > MANY:
        groups[groups > 0] = ALWAYS
    if (groups == groups[0]).all():
        groups[:] = ALWAYS
    return groups


def by_others(
    groups: NDArray[np.intp], shape: tuple[int, ...], judge: Callable[[NDArray[np.bool_]], Values]
) -> Values:
    """Return the probabilities of the clips of each group, (clips, classes); of all others, 0.

    Args:
        groups: as `judging_groups` returns them.
        shape: of the result.
        judge: returns the probabilities of some clips by what all others teach.
    """
    found = np.zeros(shape)
    for group in np.unique(groups[groups != ALWAYS]):
        held = groups == group
        found[held] = judge(held)
    return found
