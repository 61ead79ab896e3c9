"""Groups of clips for judging and for choosing: all classes in each, no recording in two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

ALWAYS = -1
"""Group of the clips that are always learnt from: a class is in no other recording."""


def stratified(
    targets: NDArray[np.floating[Any]], recordings: Sequence[Hashable], number: int
) -> NDArray[np.intp]:
    """Return the group of each clip, (clips,), or `ALWAYS`; few recordings make fewer groups.

    The clips of a recording are in one group, and those of each class are spread over them: the
    rarest class comes first, and each of its recordings goes where the class is still needed most
    (Sechidis, Tsoumakas and Vlahavas, ECML PKDD 2011).

    Args:
        targets: ones where a class sounds, (clips, classes).
        recordings: what each clip is of.
        number: of groups.
    """
    rows: defaultdict[Hashable, list[int]] = defaultdict(list)
    for row, recording in enumerate(recordings):
        rows[recording].append(row)
    held = [*rows.values()]
    # A last column counts clips: those without a class are spread, too.
    counts = np.array([[*targets[each].sum(axis=0), len(each)] for each in held])
    n_holders = (counts[:, :-1] > 0).sum(axis=0)
    groups = np.full(len(held), ALWAYS)
    waiting = np.logical_not((counts[:, :-1] > 0)[:, n_holders == 1].any(axis=1))
    needed = np.tile(counts[waiting].sum(axis=0) / number, (number, 1))
    for label in [*np.argsort(n_holders, kind="stable"), targets.shape[1]]:
        candidates = np.flatnonzero(waiting & (counts[:, label] > 0))
        for each in candidates[np.argsort(-counts[candidates, label], kind="stable")]:
            # Of those that need it alike, the first: it has all classes that two can have.
            group = int(needed[:, label].round(9).argmax())
            groups[each] = group
            needed[group] -= counts[each]
            waiting[each] = False
    found = np.empty(len(targets), np.intp)
    for group, each in zip(_numbered(groups), held, strict=True):
        found[each] = group
    return found


def of_folds(folds: Sequence[str]) -> NDArray[np.intp]:
    """Return the group of each clip by the folds of a data set, in the order of their names.

    Args:
        folds: of each clip; empty for one that is always learnt from.
    """
    names = sorted({*folds} - {""})
    return np.array([names.index(fold) if fold else ALWAYS for fold in folds], np.intp)


def _numbered(groups: NDArray[np.intp]) -> NDArray[np.intp]:
    """Groups without gaps in their numbers."""
    names = [*np.unique(groups[groups != ALWAYS])]
    return np.array([names.index(each) if each != ALWAYS else ALWAYS for each in groups], np.intp)
