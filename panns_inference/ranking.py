"""Tags: classes by their probability in a clip, and which of them are wanted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .audioset import mid_of
from .errors import UsageError
from .events.columns import Class, columns_of
from .events.rules import Threshold, of_each_class


@dataclass(frozen=True)
class Tag:
    """One class and how probable it is that it sounds somewhere in the recording.

    Attributes:
        label: display name of the class.
        mid: AudioSet id of the class; empty if the label is not one of AudioSet's.
        index: column of the class in the network's output.
        probability: in [0, 1].
        threshold: that of its class, which it has reached; 0 if there was none. Tags are equal
            whatever it was.
    """

    label: str
    mid: str
    index: int
    probability: float
    threshold: float = field(default=0.0, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """The attributes, ready for JSON."""
        return asdict(self)


def ranked(
    clipwise: NDArray[np.float32],
    labels: Sequence[str],
    n: int | None,
    threshold: Threshold,
    classes: Collection[Class] | Class | None,
    exclude: Collection[Class] | Class,
) -> tuple[Tag, ...]:
    """Return the most probable classes that are wanted.

    Args:
        clipwise: probability of each class, (classes,).
        labels: display names, in the order of `clipwise`.
        n: how many at most; None is all.
        threshold: as for `Tagging.top`, like the next two.
        classes: as there.
        exclude: as there.

    Raises:
        UsageError: for less than none, or a class that there is not.
    """
    if n is not None and n < 0:
        raise UsageError(f"n={n} is no number of tags: give 0 or more, or None for all")
    least = np.full(len(labels), threshold if isinstance(threshold, int | float) else 0.0)
    if not isinstance(threshold, int | float):
        least = of_each_class("threshold", threshold, least, labels)
    is_wanted = clipwise.astype(np.float64) >= least
    if classes is not None:
        is_wanted &= np.isin(np.arange(len(labels)), columns_of(classes, labels))
    is_wanted[columns_of(exclude, labels)] = False
    order = np.argsort(-clipwise, kind="stable")
    return tuple(
        Tag(labels[i], mid_of(labels[i]), i, float(clipwise[i]), max(0.0, float(least[i])))
        for i in order[is_wanted[order]][:n].tolist()
    )
