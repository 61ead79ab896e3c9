"""Lines that say how good the events are, by threshold and by the other rules.

Rules are chosen on one half of the soundscapes and judged on the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from .detection import Heard, Scores, scores, summed

THRESHOLDS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7)

Rules = dict[str, Any]

RULES: dict[str, Callable[[float], Rules]] = {
    "the threshold alone": lambda threshold: {"threshold": threshold},
    "down to half of it": lambda threshold: {
        "threshold": threshold,
        "threshold_off": threshold / 2,
    },
    "smoothed over 0.5 s": lambda threshold: {"threshold": threshold, "smooth": 0.5},
    "0.2 s or longer": lambda threshold: {"threshold": threshold, "min_duration": 0.2},
    "gaps up to 0.3 s closed": lambda threshold: {"threshold": threshold, "merge_gap": 0.3},
    "gaps closed, 0.2 s or longer": lambda threshold: {
        "threshold": threshold,
        "merge_gap": 0.3,
        "min_duration": 0.2,
    },
}
"""Of `find_events`, by what they are."""


class Choice(NamedTuple):
    """Rules that were the best on some soundscapes."""

    name: str
    rules: Rules


def by_threshold(each: Sequence[Heard], labels: Sequence[str], **rules: Any) -> Iterator[str]:
    """Say how good the events are at all thresholds: a table.

    Args:
        each: framewise probabilities of soundscapes.
        labels: of their columns.
        rules: others of `find_events`, such as the method.
    """
    yield "| threshold | event F1 | precision | recall | segment F1 | precision | recall |"
    yield "|---|---|---|---|---|---|---|"
    for threshold in THRESHOLDS:
        events, segments = summed(scores(each, labels, threshold=threshold, **rules))
        cells = [
            f"{value:.3f}"
            for counts in (events, segments)
            for value in (counts.f1, counts.precision, counts.recall)
        ]
        yield f"| {threshold} | {' | '.join(cells)} |"


def chosen(each: Sequence[Heard], labels: Sequence[str], name: str, **rules: Any) -> Choice:
    """Return the threshold with the largest event F1.

    Args:
        each: framewise probabilities of soundscapes.
        labels: of their columns.
        name: of the other rules, in `RULES`.
        rules: others of `find_events`, such as the method.
    """
    candidates = [{**RULES[name](threshold), **rules} for threshold in THRESHOLDS]
    found = [summed(scores(each, labels, **candidate)).events.f1 for candidate in candidates]
    return Choice(name, candidates[found.index(max(found))])


def judged(name: str, choice: Choice, found: Scores) -> str:
    """Return a line.

    Args:
        name: of the soundscapes.
        choice: the rules.
        found: on these soundscapes.
    """
    return (
        f"{name}, {choice.name}, {choice.rules['threshold']}: "
        f"event F1 {found.events.f1:.3f}, segment F1 {found.segments.f1:.3f}"
    )
