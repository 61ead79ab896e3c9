"""A framewise head with its thresholds, and how well it finds events in what it has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from ...evaluation import Known, best_rules
from ...events import find_events
from ...events.rules import DEFAULT_METHOD, OTHERS
from ...registry import METHODS
from ..data import Dataset
from .event_results import Found
from .framewise import fit
from .groups import ALWAYS
from .linear import Head
from .partition import Mask, Partition
from .segments import Segments
from .thresholds import best_thresholds
from .validation import by_others, judging_groups

WAYS = tuple({"method": method} for method in METHODS)
"""That are chosen from where all times are known, each with its usual rules. More smoothing, and
gaps that are closed, made the F1 of events in soundscapes of ESC-10 better by at most 0.02, boxes
by 0.03 to 0.1."""

ENOUGH = 50
"""Events of a class from which on it may have a threshold of its own. In soundscapes of ESC-10 with
10 to 30 of each, own ones have a segment F1 of 0.74 where one for all has 0.80."""


@dataclass(frozen=True, eq=False)
class Detector:
    """A framewise head, and what was chosen for it.

    Attributes:
        head: learnt from all segments.
        thresholds: of each class, from which probability on there is an event.
        method: by which events are found; '' is the usual one.
    """

    head: Head
    thresholds: tuple[float, ...]
    method: str

    def judge(self, segments: Segments) -> list[Found]:
        """Return what is found in the recordings whose events are known.

        Args:
            segments: of recordings that were not learnt from.
        """
        labels = segments.dataset.labels
        return [
            Found(
                each.events,
                find_events(
                    each.framewise,
                    each.frames_per_second,
                    duration=each.duration,
                    labels=labels,
                    threshold=self.thresholds,
                    method=self.method or DEFAULT_METHOD,
                ),
            )
            for each in segments.scenes(self.head.probabilities(segments.values))
        ]


def learn(segments: Segments) -> Detector:
    """Return the head that is learnt from segments, with what finds events best.

    All is judged by heads that have not learnt from it. Of classes with known times, method and
    thresholds are those with the best F1 of events; the threshold of another class is the one by
    which it is found best somewhere in a clip.

    Args:
        segments: to learn from.
    """
    data, groups = segments.dataset, judging_groups(segments.dataset)
    rows = groups[segments.owners]

    def judge(held: NDArray[np.bool_]) -> NDArray[np.float64]:
        group = rows[held][0]
        return fit(segments.where(groups != group)).probabilities(segments.values[held])

    found = by_others(rows, (len(rows), len(data.labels)), judge)[rows != ALWAYS]
    judging = segments.where(groups != ALWAYS)
    ways = WAYS if segments.is_timed.all() else WAYS[:1]
    method, by_events = _by_events([*judging.scenes(found)], data.labels, ways)
    thresholds = {**_by_clips(judging, found), **by_events}
    return Detector(fit(segments), tuple(thresholds.values()), method)


def judged(segments: Segments, dataset: Dataset, partition: Partition) -> list[Found]:
    """Return what is found in all recordings that judge, each time by what the others teach.

    Args:
        segments: of the data set.
        dataset: the clips.
        partition: which of them judge.
    """
    if not segments.is_timed.any():
        return []

    def some(mask: Mask) -> Segments:
        return segments.of(compress(dataset.clips, mask))

    return [
        found
        for judging in partition.judging
        for found in learn(some(partition.learning(judging))).judge(some(judging))
    ]


def _by_clips(segments: Segments, probabilities: NDArray[np.float64]) -> dict[str, float]:
    """The threshold of each class by which it is found best in clips without times."""
    data, in_bag = segments.dataset, ~segments.is_timed
    largest = np.zeros((len(data.clips), len(data.labels)))
    np.maximum.at(largest, segments.owners, probabilities)
    thresholds = best_thresholds(data.targets[in_bag], largest[in_bag])
    return dict(zip(data.labels, thresholds, strict=True))


def _by_events(
    scenes: list[Known], labels: tuple[str, ...], methods: Sequence[Mapping[str, str]]
) -> tuple[str, dict[str, float]]:
    """The method with the best F1 of events, and the threshold of each class of which there are."""
    there = {event.label for scene in scenes for event in scene.events}
    columns = [column for column, label in enumerate(labels) if label in there]
    if len(scenes) < 2 or not columns:
        return "", {}
    some = [scene._replace(framewise=scene.framewise[:, columns]) for scene in scenes]
    names = [labels[column] for column in columns]
    chosen = best_rules(some, names, grid=methods, enough=ENOUGH)
    if not chosen.figure:  # nothing says that one is better than another
        return "", {}
    thresholds = chosen.rules["threshold"]
    return chosen.rules["method"], {
        name: thresholds.get(name, thresholds[OTHERS]) for name in names
    }
