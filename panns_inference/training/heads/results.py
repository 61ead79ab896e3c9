"""How good a head is, by clips that it has not seen: figures of each class, and confusion."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...formats.figures import Kinds, Rows, without_nan, write
from ...formats.schema import Kind
from ...formats.spans import Selection
from ...metrics import Counts, accuracy, tagging_scores
from ...plot.classes import draw_classes
from ...plot.drawing import Settings
from ...wording import counted
from ..data import Dataset
from .event_results import EventResults

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.floating[Any]]

COLUMNS: Kinds = {
    "label": Kind.TEXT,
    "clips": Kind.NUMBER,
    "precision": Kind.PROBABILITY,
    "recall": Kind.PROBABILITY,
    "f1": Kind.PROBABILITY,
    "average_precision": Kind.PROBABILITY,
    "threshold": Kind.PROBABILITY,
}
"""Of a table of classes; the second column is how many clips with the class have judged."""

SHOWN = ("precision", "recall", "f1", "average_precision")
"""Columns of the picture."""


@dataclass(frozen=True, eq=False)
class Judgement:
    """What was found in clips that judge.

    Attributes:
        targets: ones where a class sounds, (clips, classes).
        probabilities: of the classes, (clips, classes).
        found: whether a class is found, by its threshold, (clips, classes).
    """

    targets: Array
    probabilities: Array
    found: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Results:
    """How good a head is.

    Attributes:
        labels: display names of the classes.
        thresholds: of each class, from which probability on it is found.
        counts: of each class, by clips and the thresholds.
        average_precision: of each class; NaN where no clip has it.
        accuracy: share of clips whose most probable class is theirs; NaN where clips may have
            several classes or none.
        confusion: clips by their class, and by their most probable class, (classes, classes); None
            where clips may have several classes or none.
        n_clips: clips that have judged.
        events: how well their events are found; None if it is not known when they are, the network
            does not learn it, or more than its last layer learnt, fold by fold.
    """

    labels: tuple[str, ...]
    thresholds: tuple[float, ...]
    counts: tuple[Counts, ...]
    average_precision: tuple[float, ...]
    accuracy: float
    confusion: NDArray[np.intp] | None
    n_clips: int
    events: EventResults | None = None

    @property
    def mean_average_precision(self) -> float:
        """The mean over the classes that a clip has, mAP."""
        known = [each for each in self.average_precision if not math.isnan(each)]
        return sum(known) / len(known) if known else math.nan

    @property
    def rows(self) -> Rows:
        """The figures of each class, in the order of `COLUMNS`."""
        return [
            [label, each.n_reference, each.precision, each.recall, each.f1, precision, threshold]
            for label, each, precision, threshold in zip(
                self.labels, self.counts, self.average_precision, self.thresholds, strict=True
            )
        ]

    @property
    def summary(self) -> str:
        """The figures of all classes, in one line."""
        figures = {"accuracy": self.accuracy, "mAP": self.mean_average_precision}
        known = "".join(f", {name} {f:.3f}" for name, f in figures.items() if not math.isnan(f))
        return f"{counted(self.n_clips, 'clip')} that it had not learnt from{known}"

    def __str__(self) -> str:
        table = io.StringIO()
        write("table", "classes", COLUMNS, self.rows, table, Selection(None, 0.0))
        names = [
            label
            for label, each in zip(self.labels, self.counts, strict=True)
            if not each.n_reference
        ]
        without = (
            f"\nnot judged, for no clip of it could be held out: {', '.join(names)}"
            if names
            else ""
        )
        events = f"\n\n{self.events}" if self.events else ""
        return f"{table.getvalue()}{self.summary}{without}{events}"

    def plot(self, style: str = "light") -> Figure:
        """Return a picture of the figures of each class, and of what clips were taken for.

        Args:
            style: light or dark.

        Raises:
            UsageError: if matplotlib is not installed, or there is no such style.
        """
        names = [*COLUMNS]
        figures = {
            name.replace("_", " "): np.array([row[names.index(name)] for row in self.rows], float)
            for name in SHOWN
        }
        title = self.summary
        if self.events:
            title += f"\n{self.events.summary}"
            figures |= {
                f"{name} f1": np.array([each.f1 for each in scores.classes.values()])
                for name, scores in (
                    ("event", self.events.by_events),
                    ("segment", self.events.by_segments),
                )
            }
        colours = Settings(style=style).colours
        return draw_classes(self.labels, figures, self.confusion, title, colours)

    def to_dict(self) -> dict[str, Any]:
        """All figures, ready for JSON; None where there is none."""
        classes = [dict(zip(COLUMNS, map(without_nan, row), strict=True)) for row in self.rows]
        return {
            "clips": self.n_clips,
            "accuracy": without_nan(self.accuracy),
            "mean_average_precision": without_nan(self.mean_average_precision),
            "classes": classes,
            "confusion": None if self.confusion is None else self.confusion.tolist(),
            "events": None if self.events is None else self.events.to_dict(),
        }


def results_of(
    dataset: Dataset, thresholds: Sequence[float], judgements: Iterable[Judgement]
) -> Results:
    """Return how good heads are, that were judged one after the other.

    Args:
        dataset: whose classes they are.
        thresholds: of the head that is learnt in the end.
        judgements: at least one.
    """
    rows = [(each.targets, each.probabilities, each.found) for each in judgements]
    targets, probabilities, found = map(np.concatenate, zip(*rows, strict=True))
    truth = targets > 0.5
    hits, wrong, missed = (
        each.sum(axis=0).tolist() for each in (truth & found, ~truth & found, truth & ~found)
    )
    confusion = None
    if dataset.is_single_label:
        confusion = np.zeros((len(dataset.labels),) * 2, np.intp)
        np.add.at(confusion, (truth.argmax(axis=1), probabilities.argmax(axis=1)), 1)
    return Results(
        dataset.labels,
        tuple(thresholds),
        tuple(map(Counts, hits, wrong, missed)),
        tuple(tagging_scores(truth, probabilities).average_precision.tolist()),
        accuracy(truth, probabilities) if dataset.is_single_label else math.nan,
        confusion,
        len(targets),
    )
