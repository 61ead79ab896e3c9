"""The figures of events: by segments, by collars, by intersections; of all classes and of each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from ..formats.figures import Kinds, Rows
from ..formats.schema import Kind
from ..metrics import (
    Annotations,
    Counts,
    Scores,
    event_based,
    intersection_based,
    segment_based,
)

COLUMNS: Kinds = {
    "metric": Kind.TEXT,
    "classes": Kind.TEXT,
    "f1": Kind.PROBABILITY,
    "precision": Kind.PROBABILITY,
    "recall": Kind.PROBABILITY,
    "error_rate": Kind.PROBABILITY,
    "reference": Kind.NUMBER,
    "estimate": Kind.NUMBER,
    "found": Kind.NUMBER,
}
"""The columns; the last three are numbers of segments or events: there, in the estimate, right."""

MICRO, MACRO = "all (micro)", "mean (macro)"


@dataclass(frozen=True, kw_only=True)
class Measures:
    """How events are compared.

    Attributes:
        segment: length of a segment in seconds.
        collar: seconds by which an onset may be off.
        offset_collar: seconds by which an offset may be off; None leaves offsets out.
        offset_share: of the length of an event, by which its offset may be off, if that is more.
        dtc: share of a found event that must lie on what is there.
        gtc: share of an event that is there that must be covered.
    """

    segment: float = 1.0
    collar: float = 0.2
    offset_collar: float | None = 0.2
    offset_share: float = 0.2
    dtc: float = 0.7
    gtc: float = 0.7

    def scores(
        self, reference: Annotations, estimate: Annotations, labels: Sequence[str]
    ) -> dict[str, Scores]:
        """Return how good events are, by the name of the metric.

        Args:
            reference: what is known to be there, by recording.
            estimate: what was found, by recording.
            labels: the classes that count.
        """
        pair = (reference, estimate)
        return {
            "segment": segment_based(*pair, segment=self.segment, labels=labels),
            "event": event_based(
                *pair,
                collar=self.collar,
                offset_collar=self.offset_collar,
                offset_share=self.offset_share,
                labels=labels,
            ),
            "intersection": intersection_based(*pair, dtc=self.dtc, gtc=self.gtc, labels=labels),
        }


def figures(
    reference: Annotations,
    estimate: Annotations,
    labels: Sequence[str],
    measures: Measures,
    *,
    per_class: bool = False,
) -> tuple[Kinds, Rows]:
    """Return columns and rows.

    Args:
        reference: what is known to be there, by recording.
        estimate: what was found, by recording.
        labels: the classes that count.
        measures: how they are compared.
        per_class: whether each class has its rows.
    """
    scores = measures.scores(reference, estimate, labels)
    rows = [(metric, *row) for metric, each in scores.items() for row in _rows(each, per_class)]
    return COLUMNS, rows


def _rows(scores: Scores, per_class: bool) -> Iterator[tuple[str | int | float, ...]]:
    has_errors = scores.errors is not None
    there = [counts for counts in scores.classes.values() if counts.n_reference]
    yield (MICRO, *_shares(scores.micro), scores.error_rate, *_numbers(scores.micro))
    means = map(_mean, zip(*map(_shares, there), strict=True)) if there else [math.nan] * 3
    error_rate = scores.macro_error_rate if has_errors else math.nan
    yield (MACRO, *means, error_rate, *_numbers(scores.micro))
    for label, counts in scores.classes.items() if per_class else ():
        error_rate = counts.error_rate if has_errors else math.nan
        yield (label, *_shares(counts), error_rate, *_numbers(counts))


def _shares(counts: Counts) -> tuple[float, float, float]:
    return counts.f1, counts.precision, counts.recall


def _numbers(counts: Counts) -> tuple[int, int, int]:
    return counts.n_reference, counts.n_estimate, counts.true_positives


def _mean(values: Iterable[float]) -> float:
    """The mean of what is a number: where nothing was found there is no precision."""
    known = [value for value in values if not math.isnan(value)]
    return fmean(known) if known else math.nan
