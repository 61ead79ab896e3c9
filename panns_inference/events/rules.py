"""How events follow from probabilities: what a user may choose."""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UsageError
from ..registry import DEFAULT_THRESHOLD, METHODS
from ..wording import argument
from .columns import Class, column_of, columns_of
from .threshold_file import read_thresholds

Threshold = float | ArrayLike | Mapping[Class, float] | str | os.PathLike[str]
"""One for all classes; one for each, (classes,); those of the classes that are named, where `*`
stands for all others; or the path of a file with these."""

DEFAULT_METHOD = METHODS[0]
"""How events are found if nothing else is wanted."""

RULES_OF = {
    "threshold": ("threshold_off", "smooth", "merge_gap", "pad"),
    "boxes": ("step_filter", "merge_difference", "merge_ratio"),
}
"""The methods, with the rules that mean nothing to the other one."""

OTHERS = "*"
"""In a mapping of thresholds, all classes that it does not name."""

STEP_FILTER, MERGE_DIFFERENCE, MERGE_RATIO = 0.64, 1.0, 2.0
"""What boxes are made with if nothing else is wanted. Half of the filter is 0.32 s, the longest
segment of the networks: with that, or a multiple, it has no extremum between two segments."""

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
    """How events follow from probabilities.

    With `method="threshold"`: `smooth`, `threshold` and `threshold_off`, `merge_gap`,
    `min_duration`, `pad`, one after the other. With `method="boxes"`: `step_filter`,
    `merge_difference` and `merge_ratio`, `threshold`, `min_duration`; the first three make boxes,
    the others choose from them, so that onset and offset of a box do not hang on the threshold.

    Attributes:
        method: `"threshold"`, for runs of frames above it, or `"boxes"`, for segments between
            changes: the change-detection-based sound event bounding boxes of J. Ebbers et al.,
            "Sound Event Bounding Boxes", arXiv 2406.04212.
        smooth: length in seconds of a median filter over the probabilities of each class, rounded
            to an odd number of frames; it sees the recording mirrored at its ends.
        threshold: probability in (0, 1] from which on there is an event: a number, an array of one
            for each class, a mapping from label, mid or index, in which `*` is all other classes,
            or the path of a file with such a mapping (CSV, JSON or TOML). With boxes, it is the
            mean probability of the box that counts.
        default_threshold: that of classes that a mapping leaves out, and where there is none; one
            number, or one for each class.
        threshold_off: probability in (0, 1], at most `threshold`, down to which an event lasts: it
            is a row of frames, all of at least `threshold_off`, and one of at least `threshold`.
            Given in the same ways; None, and a class that a mapping leaves out, takes `threshold`.
        merge_gap: events of one class between which lie at most this many seconds become one.
        min_duration: events that are now shorter, in seconds, are dropped.
        pad: seconds by which each event grows at both ends, but not beyond the recording; events
            of one class that then touch or overlap become one.
        step_filter: length in seconds of the filter that finds changes: the mean probability of the
            half of it that follows, minus that of the half before. An onset is where that is
            largest, an offset where it is smallest. Each half is rounded to frames, at least one.
        merge_difference: boxes of one class are merged if the largest probability of both is at
            most this far above the smallest between them, and
        merge_ratio: at most this many times as large; 1 and infinity make no difference.
        classes: the classes whose events are wanted: labels, mids or indices; None is all.
        exclude: classes whose events are not wanted.

    Raises:
        UsageError: if a number of seconds is negative or not finite, there is no such method, or a
            rule is given that means nothing to it.
    """

    method: str = DEFAULT_METHOD
    smooth: float = 0.0
    threshold: Threshold | None = None
    default_threshold: float | Sequence[float] = DEFAULT_THRESHOLD
    threshold_off: Threshold | None = None
    merge_gap: float = 0.0
    min_duration: float = 0.0
    pad: float = 0.0
    step_filter: float = STEP_FILTER
    merge_difference: float = MERGE_DIFFERENCE
    merge_ratio: float = MERGE_RATIO
    classes: Collection[Class] | Class | None = None
    exclude: Collection[Class] | Class = ()

    def __post_init__(self) -> None:
        self._check_method()
        for name in ("smooth", "merge_gap", "min_duration", "pad"):
            seconds = getattr(self, name)
            if not 0 <= seconds < math.inf:
                raise UsageError(
                    f"{argument(name)} must be a number of seconds, 0 or more, not {seconds}"
                )
        for name in ("classes", "exclude"):
            if isinstance(getattr(self, name), Iterator):
                # It would be used up by the first look.
                object.__setattr__(self, name, tuple(getattr(self, name)))
        for name in ("threshold", "threshold_off"):
            if isinstance(path := getattr(self, name), str | os.PathLike):
                object.__setattr__(self, name, read_thresholds(path))
        if not 0 < self.step_filter < math.inf:
            raise UsageError(
                f"{argument('step_filter')} must be a number of seconds above 0, not "
                f"{self.step_filter}"
            )
        if not 0 <= self.merge_difference <= 1:
            raise UsageError(
                f"{argument('merge_difference')} must be a difference of probabilities, from 0 "
                "to 1, not "
                f"{self.merge_difference}"
            )
        if not self.merge_ratio >= 1:
            raise UsageError(
                f"{argument('merge_ratio')} must be a ratio of 1 or more, not {self.merge_ratio}"
            )

    def _check_method(self) -> None:
        if self.method not in RULES_OF:
            raise UsageError(f"method must be {' or '.join(RULES_OF)}, not {self.method!r}")
        defaults: dict[str, Any] = {each.name: each.default for each in fields(self)}
        for method, names in RULES_OF.items():
            for name in names:
                given = getattr(self, name)
                if method != self.method and not np.array_equal(given, defaults[name]):
                    raise UsageError(
                        f"{argument(name)} is a rule of the method {method} and means nothing to "
                        f"{self.method}: leave it out, or give {argument('method', method)}"
                    )

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

    def half_step_filter(self, frames_per_second: float) -> int:
        """Half of `step_filter` in frames, at least one.

        Args:
            frames_per_second: frames in a second.
        """
        return max(1, round(min(float(self.step_filter) / 2 * frames_per_second, MOST)))

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
        on = off = np.full(len(labels), self.default_threshold, np.float64)
        if self.threshold is not None:
            on = off = of_each_class("threshold", self.threshold, on, labels)
        if self.threshold_off is not None:
            off = of_each_class("threshold_off", self.threshold_off, on, labels)
        for label, upper, lower in zip(labels, on, off, strict=True):
            if lower > upper:
                raise UsageError(
                    f"{argument('threshold_off')} must be at most {argument('threshold')}, but "
                    f"for {label!r} {lower:g} is above {upper:g}"
                )
        return on, off


def of_each_class(
    name: str, given: Threshold, defaults: NDArray[np.float64], labels: Sequence[str]
) -> NDArray[np.float64]:
    """Return a threshold for each class, (classes,).

    Args:
        name: of the setting, for messages.
        given: as for `Rules`.
        defaults: of classes that a mapping leaves out, (classes,).
        labels: display names, in the order of the columns.

    Raises:
        UsageError: if one lies outside (0, 1], their number is not that of the classes, or a class
            is named that there is not.
    """
    values: NDArray[np.float64] = defaults.copy()
    if isinstance(given, str | os.PathLike):
        given = read_thresholds(given)
    if isinstance(given, Mapping):
        values[:] = given.get(OTHERS, values)
        for each, value in given.items():
            if each != OTHERS:
                values[column_of(each, labels)] = value
    elif (shape := np.shape(given)) in ((), values.shape):
        values[:] = given
    else:
        raise UsageError(
            f"{argument(name)} must be one number, or one for each of the {len(labels)} "
            f"classes, not an array of shape {shape}"
        )
    for label, value, default in zip(labels, values, defaults, strict=True):
        if not 0 < value <= 1 and value != default:
            raise UsageError(
                f"{argument(name)} must be a probability above 0 and at most 1, not {value:g} "
                f"({label})"
            )
    return values
