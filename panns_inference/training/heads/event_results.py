"""How well events are found in recordings that were not learnt from, if their times are known."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ...events.rules import DEFAULT_METHOD
from ...formats.figures import Kinds, without_nan, write
from ...formats.schema import Kind
from ...formats.spans import Selection
from ...metrics import Scores, Timed, event_based, segment_based
from ...wording import counted

COLUMNS: Kinds = {
    "label": Kind.TEXT,
    "events": Kind.NUMBER,
    "precision": Kind.PROBABILITY,
    "recall": Kind.PROBABILITY,
    "event_f1": Kind.PROBABILITY,
    "segment_f1": Kind.PROBABILITY,
    "threshold": Kind.PROBABILITY,
}
"""Of a table of classes: how many events are there, and how good those are that were found."""


class Found(NamedTuple):
    """A recording that has judged.

    Attributes:
        reference: the events that are there.
        estimate: those that were found.
    """

    reference: Sequence[Timed]
    estimate: Sequence[Timed]


@dataclass(frozen=True, eq=False)
class EventResults:
    """How well events are found.

    Attributes:
        thresholds: of each class, by which `detect` finds events with the network that is saved.
        method: by which it does; '' is the usual one.
        by_events: figures of onsets and offsets: one is found within 0.2 s, the offset within a
            fifth of the length if that is more.
        by_segments: figures of segments of a second.
        n_recordings: that have judged.
    """

    thresholds: tuple[float, ...]
    method: str
    by_events: Scores
    by_segments: Scores
    n_recordings: int

    @property
    def rows(self) -> list[list[Any]]:
        """The figures of each class, as `COLUMNS` has them; NaN where there is none."""
        return [
            [
                label,
                each.n_reference,
                each.precision,
                each.recall,
                each.f1,
                self.by_segments.classes[label].f1,
                threshold,
            ]
            for (label, each), threshold in zip(
                self.by_events.classes.items(), self.thresholds, strict=True
            )
        ]

    @property
    def summary(self) -> str:
        """The figures of all classes, in one line."""
        recordings = counted(self.n_recordings, "recording")
        figures = (
            f"{name} F1 {each.f1:.3f} (mean of the classes {each.macro_f1:.3f})"
            for name, each in (("event", self.by_events), ("segment", self.by_segments))
        )
        return f"events in {recordings} that it had not learnt from: {', '.join(figures)}"

    def __str__(self) -> str:
        table = io.StringIO()
        write("table", "classes", COLUMNS, self.rows, table, Selection(None, 0.0))
        return f"{table.getvalue()}{self.summary}"

    def to_dict(self) -> dict[str, Any]:
        """All figures, ready for JSON; None where there is none."""
        figures = {
            f"{name}_{kind}": getattr(each, kind)
            for name, each in (("event", self.by_events), ("segment", self.by_segments))
            for kind in ("f1", "macro_f1", "error_rate")
        }
        return {
            "recordings": self.n_recordings,
            "method": self.method or DEFAULT_METHOD,
            **{name: without_nan(value) for name, value in figures.items()},
            "classes": [
                dict(zip(COLUMNS, map(without_nan, row), strict=True)) for row in self.rows
            ],
        }


def event_results(
    labels: Sequence[str], thresholds: Sequence[float], method: str, found: Sequence[Found]
) -> EventResults | None:
    """Return how well events were found; None if no event was there.

    Args:
        labels: the classes.
        thresholds: of each class, of the network that is saved.
        method: by which it finds events; '' is the usual one.
        found: in the recordings that have judged.
    """
    if not any(each.reference for each in found):
        return None
    reference = {str(number): each.reference for number, each in enumerate(found)}
    estimate = {str(number): each.estimate for number, each in enumerate(found)}
    return EventResults(
        tuple(thresholds),
        method,
        event_based(reference, estimate, labels=labels),
        segment_based(reference, estimate, labels=labels),
        len(found),
    )
