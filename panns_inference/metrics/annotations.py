"""Events by recording: what is known to be there, and what was found."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError

TOLERANCE = 1e-6
"""Seconds by which a time may miss what it stands for: 0.8 - 0.6 is 0.20000000000000007."""

Spans = NDArray[np.float64]
"""Onsets and offsets, (events, 2)."""


class Timed(Protocol):
    """A sound with its times in seconds; `Event` and `Annotation` are."""

    @property
    def onset(self) -> float:
        """Where it begins."""

    @property
    def offset(self) -> float:
        """Where it ends."""

    @property
    def label(self) -> str:
        """Name of the class."""


class Annotation(NamedTuple):
    """A sound that is known to be there.

    Attributes:
        onset: where it begins, in seconds.
        offset: where it ends, in seconds.
        label: name of the class.
    """

    onset: float
    offset: float
    label: str


Annotations = Mapping[str, Sequence[Timed]]
"""Events by recording; a recording without any has an empty list."""


def labels_of(reference: Annotations, labels: Collection[str] | None) -> list[str]:
    """Return the classes that count.

    Args:
        reference: what is known to be there.
        labels: those that are wanted; None is all of the reference.

    Raises:
        UsageError: if there is none.
    """
    if labels is None:
        labels = sorted({event.label for events in reference.values() for event in events})
    if not labels:
        raise UsageError("there is no class to count: the reference has no events")
    return [*dict.fromkeys(labels)]


def labels_there(reference: Annotations, labels: Collection[str] | None) -> list[str]:
    """Return the classes that count, where each must be there.

    Args:
        reference: what is known to be there.
        labels: those that are wanted; None is all of the reference.

    Raises:
        UsageError: if there is none, or one is not in the reference.
    """
    known = labels_of(reference, None)
    if missing := [label for label in labels or () if label not in known]:
        raise UsageError(f"the reference has no {missing[0]}: it has {', '.join(known)}")
    return labels_of(reference, labels)


def pairs(
    reference: Annotations, estimate: Annotations, labels: Collection[str]
) -> Iterator[tuple[list[Timed], list[Timed]]]:
    """Yield the events of each recording of either: those of the reference, and of the estimate.

    Args:
        reference: what is known to be there.
        estimate: what was found.
        labels: the classes that count.
    """
    wanted = frozenset(labels)
    for recording in dict.fromkeys((*reference, *estimate)):
        there, found = (
            [event for event in each.get(recording, ()) if event.label in wanted]
            for each in (reference, estimate)
        )
        yield there, found


def spans_of(events: Sequence[Timed], label: str) -> Spans:
    """Return onsets and offsets of one class, (events, 2), without events that have no length.

    Args:
        events: of a recording.
        label: of the class.
    """
    spans = [
        (event.onset, event.offset)
        for event in events
        if event.label == label and event.offset > event.onset
    ]
    return np.array(spans, np.float64).reshape(-1, 2)
