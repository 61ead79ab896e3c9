"""Which clips judge, and which are learnt from, by the splits and folds of a data set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError
from ...wording import argument
from ..data import Dataset
from .groups import ALWAYS, of_folds, stratified

GROUPS = 5
"""Into how many groups clips are put that are in no folds."""

TEST = frozenset({"test", "testing", "eval", "evaluation"})
VALIDATION = frozenset({"validation", "valid", "val"})
"""Names of splits, in small letters."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Partition:
    """Which clips judge.

    Attributes:
        judging: of each time that something is judged, whether a clip judges, (clips,); the others
            are learnt from then, but for those that are never.
        learnt: whether a clip is learnt from in the end, (clips,): all but those of a split for
            tests.
    """

    judging: tuple[Mask, ...]
    learnt: Mask

    def learning(self, judging: Mask) -> Mask:
        """Return whether a clip is learnt from while others judge, (clips,).

        Args:
            judging: one of `judging`.
        """
        return self.learnt & ~judging


def partition_of(dataset: Dataset, folds: int | None = None) -> Partition:
    """Return which clips of a data set judge.

    Those of its split for tests, or else for validation; if it has none, those of its first fold;
    if it has none, a fifth of the recordings, with all classes. No clip, if there are too few.

    Args:
        dataset: the clips.
        folds: number of groups, each of which judges in its turn, 2 or more; None is one time.

    Raises:
        UsageError: if there cannot be so many, or all clips are for tests.
    """
    if folds is not None and folds < 2:
        raise UsageError(
            f"{argument('folds', folds)} would let all clips judge, with none left to learn from: "
            "give 2 or more"
        )
    everything = np.ones(len(dataset.clips), bool)
    test = _in_split(dataset, TEST)
    test = test if test.any() else _in_split(dataset, VALIDATION)
    if test.all():
        raise UsageError("all clips are of a split for tests: there is none to learn from")
    if test.any():
        if folds is not None:
            raise UsageError(
                f"the data set has a split for tests: leave {argument('folds')} out, or the split"
            )
        return Partition((test,), ~test)
    groups = groups_of(dataset, folds or GROUPS)
    number = int(groups.max()) + 1
    if folds is not None and number != folds:
        raise UsageError(
            f"{argument('folds', folds)} does not fit clips that are in {number} groups, by their "
            "folds, or since a class has no more recordings"
        )
    number = number if folds else min(number, 1)
    judging = [groups == group for group in range(number)]
    return Partition(tuple(each for each in judging if not each.all()), everything)


def groups_of(dataset: Dataset, number: int = GROUPS) -> NDArray[np.intp]:
    """Return the group of each clip, (clips,), or `ALWAYS`: of those, each can judge the others.

    Args:
        dataset: the clips. Those of a split for validation are one group, and all others are always
            learnt from; else groups are their folds, or else made of them.
        number: of groups to make.
    """
    validation = _in_split(dataset, VALIDATION)
    if validation.any() and not validation.all():
        return np.where(validation, 0, ALWAYS)
    if len({clip.fold for clip in dataset.clips} - {""}) > 1:
        return of_folds([clip.fold for clip in dataset.clips])
    return stratified(dataset.targets, [clip.path for clip in dataset.clips], number)


def _in_split(dataset: Dataset, names: frozenset[str]) -> Mask:
    return np.array([clip.split.strip().lower() in names for clip in dataset.clips], bool)
