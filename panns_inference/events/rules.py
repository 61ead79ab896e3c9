"""How events follow from probabilities: what a user may choose."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UsageError
from .columns import Class, column_of, columns_of

Threshold = float | ArrayLike | Mapping[Class, float]
"""One for all classes; one for each, (classes,); or those of the classes that are named."""

DEFAULT_THRESHOLD = 0.5

TOLERANCE = 1e-6
"""Frames by which a number of seconds may miss a whole number of frames: 0.29 s at 100 frames in a
second is 28.999999999999996 of them."""

MOST = 2.0**53
"""More frames than any recording has: a longer time makes no difference."""


class Lengths(NamedTuple):
    """The times of some rules, in frames.

    Attributes:
        half: frames on each side that the median filter sees.
        gap: largest gap between runs that become one.
        shortest: shortest length that is not dropped.
        pad: what an event grows by at each end.
        meeting: largest gap between events that meet when they grow.
    """

    half: int
    gap: float
    shortest: float
    pad: float
    meeting: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Rules:
    """How events follow from probabilities: these steps, one after the other.

    Attributes:
        smooth: length in seconds of a median filter over the probabilities of each class, rounded
            to an odd number of frames; it sees the recording mirrored at its ends.
        threshold: probability in (0, 1] from which on there is an event: a number, an array of one
            for each class, or a mapping from label, mid or index; classes that it leaves out keep
            0.5.
        threshold_off: probability in (0, 1], at most `threshold`, down to which an event lasts: it
            is a row of frames, all of at least `threshold_off`, and one of at least `threshold`.
            Given in the same ways; None, and a class that a mapping leaves out, takes `threshold`.
        merge_gap: events of one class between which lie at most this many seconds become one.
        min_duration: events that are now shorter, in seconds, are dropped.
        pad: seconds by which each event grows at both ends, but not beyond the recording; events
            of one class that then touch or overlap become one.
        classes: the classes whose events are wanted: labels, mids or indices; None is all.
        exclude: classes whose events are not wanted.

    Raises:
        UsageError: if a number of seconds is negative or not finite.
    """

    smooth: float = 0.0
    threshold: Threshold = DEFAULT_THRESHOLD
    threshold_off: Threshold | None = None
    merge_gap: float = 0.0
    min_duration: float = 0.0
    pad: float = 0.0
    classes: Collection[Class] | Class | None = None
    exclude: Collection[Class] | Class = ()

    def __post_init__(self) -> None:
        for name in ("smooth", "merge_gap", "min_duration", "pad"):
            seconds = getattr(self, name)
            if not 0 <= seconds < math.inf:
                raise UsageError(f"{name} must be a number of seconds, 0 or more, not {seconds}")
        for name in ("classes", "exclude"):
            if isinstance(getattr(self, name), Iterator):
                # It would be used up by the first look.
                object.__setattr__(self, name, tuple(getattr(self, name)))

    def lengths(self, frames_per_second: float) -> Lengths:
        """The times in frames, with the tolerance that each needs.

        Args:
            frames_per_second: frames in a second.
        """
        smooth, gap, shortest, pad = (
            min(float(seconds) * frames_per_second, MOST)
            for seconds in (self.smooth, self.merge_gap, self.min_duration, self.pad)
        )
        return Lengths(
            half=int(smooth / 2 + TOLERANCE),
            gap=gap + TOLERANCE,
            shortest=shortest - TOLERANCE,
            pad=pad,
            # What grows by `pad` towards each other meets across a gap of twice that.
            meeting=2 * pad + TOLERANCE,
        )

    def columns(self, labels: Sequence[str]) -> NDArray[np.intp]:
        """Indices of the classes whose events are wanted, ascending.

        Args:
            labels: display names, in the order of the columns.

        Raises:
            UsageError: for a class that there is not.
        """
        wanted = np.full(len(labels), self.classes is None)
        if self.classes is not None:
            wanted[columns_of(self.classes, labels)] = True
        wanted[columns_of(self.exclude, labels)] = False
        return np.flatnonzero(wanted)

    def thresholds(self, labels: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """`threshold` and `threshold_off` of each class, (classes,) each.

        Args:
            labels: display names, in the order of the columns.

        Raises:
            UsageError: if one lies outside (0, 1], the second is above the first, their number is
                not that of the classes, or a class is named that there is not.
        """
        defaults = np.full(len(labels), DEFAULT_THRESHOLD)
        on = off = _of_each_class("threshold", self.threshold, defaults, labels)
        if self.threshold_off is not None:
            off = _of_each_class("threshold_off", self.threshold_off, on, labels)
        for label, upper, lower in zip(labels, on, off, strict=True):
            if lower > upper:
                raise UsageError(
                    f"threshold_off must be at most threshold, but for {label!r} {lower:g} is "
                    f"above {upper:g}"
                )
        return on, off


def _of_each_class(
    name: str, given: Threshold, defaults: NDArray[np.float64], labels: Sequence[str]
) -> NDArray[np.float64]:
    """A threshold for each class, (classes,)."""
    values: NDArray[np.float64] = defaults.copy()
    if isinstance(given, Mapping):
        for each, value in given.items():
            values[column_of(each, labels)] = value
    elif (shape := np.shape(given)) in ((), values.shape):
        values[:] = given
    else:
        raise UsageError(
            f"{name} must be one number, or one for each of the {len(labels)} classes, not an "
            f"array of shape {shape}"
        )
    for label, value in zip(labels, values, strict=True):
        if not 0 < value <= 1:
            raise UsageError(
                f"{name} must be a probability above 0 and at most 1, not {value:g} ({label})"
            )
    return values
