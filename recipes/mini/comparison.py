"""Whether one tagger is better than another by more than chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from panns_inference.metrics import Counts
from panns_inference.training.distillation.evaluation import binary_cross_entropy

from .confidence import Difference, difference
from .peers import UNSEEN, WINDOWS, Tagged
from .presentations import AS_IT_IS
from .validation import Validation, teacher_of

Values = dict[str, NDArray[Any]]


def compared(ours: Tagged, theirs: Tagged, validation: Validation) -> Iterator[str]:
    """Say how figures differ, with the interval in which the difference lies at 95 %.

    Args:
        ours: what one tagger says.
        theirs: what the other says.
        validation: the sounds that are held out.
    """
    sources = [window.source for window in validation.unseen.windows]
    groups = {
        WINDOWS: [window.name for window in validation.windows.windows],
        UNSEEN: sources,
        "named": [sources[k] for k in validation.named],
    }
    mine, other = (_values(said, validation) for said in (ours, theirs))
    for name, values in mine.items():
        yield said(name, difference(_means(values), _means(other[name]), groups[name.split()[0]]))


def compared_counts(name: str, ours: Sequence[Counts], theirs: Sequence[Counts]) -> str:
    """Say how F1 differs; recordings are what is drawn.

    Args:
        name: of the figure.
        ours: of each recording.
        theirs: of the same recordings.
    """
    rows = (
        [(2 * each.true_positives, each.n_estimate + each.n_reference) for each in part]
        for part in (ours, theirs)
    )
    mine, other = map(np.asarray, rows)
    return said(name, difference(mine, other, range(len(ours))))


def said(name: str, found: Difference) -> str:
    """Return a line.

    Args:
        name: of the figure.
        found: how it differs.
    """
    verdict = "more than chance" if found.is_more_than_chance else "may be chance"
    value, low, high = found
    return f"  {name}: {value:+.5f} ({low:+.5f} to {high:+.5f}), {verdict}"


def _values(tagged: Tagged, validation: Validation) -> Values:
    """Values of each sound, whose means are the figures."""
    found: Values = {}
    for part, sounds in ((WINDOWS, validation.windows), (UNSEEN, validation.unseen)):
        teacher, ours = teacher_of(sounds), tagged[part]
        pairs = zip(teacher, ours, strict=True)
        found[f"{part} cross-entropy"] = np.asarray([binary_cross_entropy(*each) for each in pairs])
        found[f"{part} same first"] = teacher.argmax(axis=1) == ours.argmax(axis=1)
    ranks = validation.ranks(tagged[AS_IT_IS])
    found["named first"], found["named among five"] = ranks == 1, ranks <= 5
    found["named reciprocal rank"] = 1 / ranks
    return found


def _means(values: NDArray[Any]) -> NDArray[np.floating]:
    return np.stack([values, np.ones(len(values))], axis=1)
