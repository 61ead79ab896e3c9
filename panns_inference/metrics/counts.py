"""What was found and what was not, added up, and the figures that follow.

Where there is nothing to divide by, a figure is NaN; where something is there and nothing was
found, F1 is 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean


@dataclass(frozen=True)
class Counts:
    """Events or segments of one class, or of all.

    Attributes:
        true_positives: that are there and were found.
        false_positives: that were found and are not there.
        false_negatives: that are there and were not found.
    """

    true_positives: int
    false_positives: int
    false_negatives: int

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.true_positives + other.true_positives,
            self.false_positives + other.false_positives,
            self.false_negatives + other.false_negatives,
        )

    @property
    def n_reference(self) -> int:
        """How many are there."""
        return self.true_positives + self.false_negatives

    @property
    def n_estimate(self) -> int:
        """How many were found."""
        return self.true_positives + self.false_positives

    @property
    def precision(self) -> float:
        """Share of what was found that is there, in [0, 1]."""
        return share(self.true_positives, self.n_estimate)

    @property
    def recall(self) -> float:
        """Share of what is there that was found, in [0, 1]."""
        return share(self.true_positives, self.n_reference)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, in [0, 1]."""
        return share(2 * self.true_positives, self.n_reference + self.n_estimate)

    @property
    def error_rate(self) -> float:
        """What was missed and what is wrong, by what is there: 0 is best, and it may exceed 1."""
        return share(self.false_negatives + self.false_positives, self.n_reference)


@dataclass(frozen=True)
class Errors:
    """Mistakes over all classes: one class in the place of another is one mistake.

    Attributes:
        substitutions: found as another class.
        deletions: not found as any.
        insertions: found where nothing is left to be found.
        n_reference: how many are there.
    """

    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0
    n_reference: int = 0

    def __add__(self, other: Errors) -> Errors:
        return Errors(
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
            self.n_reference + other.n_reference,
        )

    @property
    def rate(self) -> float:
        """All mistakes by what is there: 0 is best, and it may exceed 1."""
        return share(self.substitutions + self.deletions + self.insertions, self.n_reference)


@dataclass(frozen=True)
class Scores:
    """How good events are.

    Attributes:
        classes: label to the counts of that class.
        errors: mistakes over all classes; None where there is no such thing.
    """

    classes: Mapping[str, Counts]
    errors: Errors | None = None

    @cached_property
    def micro(self) -> Counts:
        """The counts of all classes: frequent classes weigh more."""
        return sum(self.classes.values(), Counts(0, 0, 0))

    @property
    def f1(self) -> float:
        """F1 of the counts of all classes (micro average)."""
        return self.micro.f1

    @property
    def macro_f1(self) -> float:
        """Mean of the F1 of classes that are there (macro average): each weighs the same."""
        return self._mean("f1")

    @property
    def error_rate(self) -> float:
        """Mistakes by what is there; one class in the place of another is one (micro average)."""
        return math.nan if self.errors is None else self.errors.rate

    @property
    def macro_error_rate(self) -> float:
        """Mean of the error rates of classes that are there (macro average)."""
        return self._mean("error_rate")

    def _mean(self, name: str) -> float:
        values = [getattr(each, name) for each in self.classes.values() if each.n_reference]
        return fmean(values) if values else math.nan


def share(number: float, whole: float) -> float:
    """Return a number divided by a whole; NaN if that is 0.

    Args:
        number: of some.
        whole: of all.
    """
    return number / whole if whole else math.nan
