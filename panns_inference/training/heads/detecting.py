"""A framewise head with its thresholds, and how well it finds events in what it has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from ...evaluation import Known, best_rules
from ...evaluation.search import GRID
from ...events import find_events
from ...events.rules import OTHERS
from ..data import Dataset
from .event_results import Found
from .framewise import fit
from .groups import ALWAYS
from .linear import Head
from .partition import Mask, Partition
from .segments import Segments
from .thresholds import best_thresholds
from .validation import by_others, judging_groups


@dataclass(frozen=True, eq=False)
class Detector:
    """A framewise head, and what was chosen for it.

    Attributes:
        head: learnt from all segments.
        thresholds: of each class, from which probability on there is an event.
    """

    head: Head
    thresholds: tuple[float, ...]

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
                ),
            )
            for each in segments.scenes(self.head.probabilities(segments.values))
        ]


def learn(segments: Segments) -> Detector:
    """Return the head that is learnt from segments, with a threshold for each class.

    It is the one with the best F1 of events or, of a class of which no times are known, the one by
    which it is found best somewhere in a clip; judged by heads that have not learnt from the clip.

    Args:
        segments: to learn from.
    """
    data, groups = segments.dataset, judging_groups(segments.dataset)
    rows = groups[segments.owners]

    def judge(held: NDArray[np.bool_]) -> NDArray[np.float64]:
        group = rows[held][0]
        return fit(segments.where(groups != group)).probabilities(segments.values[held])

    found = by_others(rows, (len(rows), len(data.labels)), judge)
    judging = groups != ALWAYS
    thresholds = _thresholds(segments.where(judging), found[rows != ALWAYS])
    return Detector(fit(segments), tuple(thresholds))


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


def _thresholds(segments: Segments, probabilities: NDArray[np.float64]) -> list[float]:
    data, in_bag = segments.dataset, ~segments.is_timed
    largest = np.zeros((len(data.clips), len(data.labels)))
    np.maximum.at(largest, segments.owners, probabilities)
    thresholds = best_thresholds(data.targets[in_bag], largest[in_bag])
    by_clips = dict(zip(data.labels, thresholds, strict=True))
    return [*{**by_clips, **_by_events([*segments.scenes(probabilities)], data.labels)}.values()]


def _by_events(scenes: list[Known], labels: tuple[str, ...]) -> dict[str, float]:
    """The thresholds of the classes of which there are events, with the best F1 of them."""
    there = {event.label for scene in scenes for event in scene.events}
    columns = [column for column, label in enumerate(labels) if label in there]
    if len(scenes) < 2 or not columns:
        return {}
    some = [scene._replace(framewise=scene.framewise[:, columns]) for scene in scenes]
    names = [labels[column] for column in columns]
    chosen = best_rules(some, names, grid=GRID[:1]).rules["threshold"]
    return {name: chosen.get(name, chosen[OTHERS]) for name in names}
