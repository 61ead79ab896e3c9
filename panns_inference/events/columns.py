"""Which columns of the probabilities a user means."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence

import numpy as np

from ..audioset import mid_of
from ..errors import UsageError
from ..names import closest, split

Class = str | int
"""A class as a user names it: label (case and punctuation do not matter), mid, or index."""


def column_of(wanted: Class, labels: Sequence[str]) -> int:
    """Index of the class that is meant.

    Args:
        wanted: label, mid or index; an index may be a text of digits, as on a command line.
        labels: display names, in the order of the columns.

    Raises:
        UsageError: if there is no such class; it names the nearest ones.
    """
    if isinstance(wanted, str):
        if wanted in labels:
            return labels.index(wanted)
        if wanted.startswith("/"):
            return _column_of_mid(wanted, labels)
        if not wanted.isdecimal():
            return labels.index(closest(wanted, labels, "label"))
    index = int(wanted) if isinstance(wanted, str) else operator.index(wanted)
    if not 0 <= index < len(labels):
        raise UsageError(f"there is no class {wanted}: indices go from 0 to {len(labels) - 1}")
    return index


def _column_of_mid(mid: str, labels: Sequence[str]) -> int:
    for index, label in enumerate(labels):
        if mid_of(label) == mid:
            return index
    raise UsageError(f"no class has the mid {mid!r}: `panns labels` lists those of AudioSet")


def columns_of(wanted: Iterable[Class] | Class, labels: Sequence[str]) -> list[int]:
    """Indices of the classes that are meant, in the order in which they are named.

    Args:
        wanted: labels, mids or indices, or a single one; a text may name several, with commas.
        labels: display names, in the order of the columns.

    Raises:
        UsageError: if there is no such class; it names the nearest ones.
    """
    classes = [wanted] if isinstance(wanted, str | int | np.integer) else wanted
    return [
        column_of(name, labels)
        for each in classes
        for name in (split(each, labels) if isinstance(each, str) else [each])
    ]
