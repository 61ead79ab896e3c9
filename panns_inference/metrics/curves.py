"""Counts at all thresholds at once.

Events are runs of frames of at least the threshold. They change only where the threshold passes the
probability of a frame: the counts of a recording are taken once for each of its probabilities, and
the changes from one to the next are summed over recordings (J. Ebbers, R. Haeb-Umbach and R.
Serizel, "Threshold Independent Evaluation of Sound Event Detection Scores", ICASSP 2022).

Time and memory grow with the square of the frames of a recording, where each has another value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .annotations import TOLERANCE, Annotations, Spans, labels_there, spans_of
from .collars import Collars, checked_collars
from .curve import Curve, Curves, reference_seconds
from .intersections import Integers, Intersections, Times, checked_criteria, intersections
from .matching import largest_matching

PIECE = 2**20
"""Frames, times thresholds, times events that are there, that are looked at in one piece."""

Framewise = Mapping[str, NDArray[np.floating]]
"""Probabilities, (frames, columns), by recording."""

Count = Callable[[Times, int, Mapping[int, Spans]], Intersections]
"""Counts of found events, (2, points, events), of a class, with what is there of all by column."""


def event_curves(
    reference: Annotations,
    framewise: Framewise,
    frames_per_second: float,
    *,
    columns: Sequence[str],
    durations: Mapping[str, float] | None = None,
    collar: float = 0.2,
    offset_collar: float | None = 0.2,
    offset_share: float = 0.2,
    labels: Collection[str] | None = None,
) -> Curves:
    """Count events by their onsets and offsets, as `event_based` does, at all thresholds.

    Args:
        reference: what is known to be there, by recording.
        framewise: probabilities, (frames, columns), by recording.
        frames_per_second: frames in a second.
        columns: labels of the columns.
        durations: seconds of the recordings; None is those of the frames.
        collar: as for `event_based`.
        offset_collar: as for `event_based`.
        offset_share: as for `event_based`.
        labels: the classes that count; None is all of the reference.

    Raises:
        UsageError: if an argument makes no sense.
    """
    collars = checked_collars(collar, offset_collar, offset_share)

    def count(found: Times, column: int, there: Mapping[int, Spans]) -> Intersections:
        return _within(collars, found, there[column])

    names = labels_there(reference, labels)
    return _curves(count, reference, framewise, frames_per_second, columns, durations, names)


def intersection_curves(
    reference: Annotations,
    framewise: Framewise,
    frames_per_second: float,
    *,
    columns: Sequence[str],
    durations: Mapping[str, float] | None = None,
    dtc: float = 0.7,
    gtc: float = 0.7,
    cttc: float = 0.3,
    labels: Collection[str] | None = None,
) -> Curves:
    """Count events by how much they overlap, as `intersection_based` does, at all thresholds.

    Args:
        reference: what is known to be there, by recording.
        framewise: probabilities, (frames, columns), by recording.
        frames_per_second: frames in a second.
        columns: labels of the columns.
        durations: seconds of the recordings; None is those of the frames.
        dtc: share of a found event that must lie on what is there, in (0, 1].
        gtc: share of an event that is there that must be covered, in (0, 1].
        cttc: share of a false event that must lie on another class to be its cross-trigger.
        labels: the classes that count; None is all of the reference.

    Raises:
        UsageError: if an argument makes no sense.
    """
    criteria = checked_criteria(dtc, gtc, cttc)
    names = labels_there(reference, labels)

    def count(found: Times, column: int, there: Mapping[int, Spans]) -> Intersections:
        return intersections(found, column, there, criteria, len(names))

    return _curves(count, reference, framewise, frames_per_second, columns, durations, names)


def _curves(
    count: Count,
    reference: Annotations,
    framewise: Framewise,
    rate: float,
    columns: Sequence[str],
    durations: Mapping[str, float] | None,
    names: Sequence[str],
) -> Curves:
    missing = [name for name in names if name not in columns]
    missing += [name for name in reference if name not in framewise]
    if missing:
        raise UsageError(f"there are no probabilities of {missing[0]!r}")
    if durations is None:
        durations = {name: len(frames) / rate for name, frames in framewise.items()}
    changes: dict[str, list[tuple[NDArray[np.float64], Integers]]] = {name: [] for name in names}
    for recording, frames in framewise.items():
        spans = [spans_of(reference.get(recording, ()), name) for name in names]
        there = {column: each for column, each in enumerate(spans) if len(each)}
        for column, name in enumerate(names):
            values = np.asarray(frames[:, columns.index(name)])
            known = there if column in there else {**there, column: spans[column]}
            n_there = sum(map(len, known.values()))
            before = np.zeros((1, 2 + len(names)), np.intp)
            for thresholds, found in _events(values, rate, durations[recording], n_there):
                rows = np.column_stack(count(found, column, known))
                changes[name].append(
                    (thresholds, np.diff(rows, axis=0, prepend=before[:, : rows.shape[1]]))
                )
                before = rows[-1:]
    curves = {
        name: _summed(changes[name], sum(len(spans_of(each, name)) for each in reference.values()))
        for name in names
    }
    seconds = sum(durations[recording] for recording in framewise)
    return Curves(curves, reference_seconds(reference, names), seconds)


def _events(
    values: NDArray[np.floating], rate: float, duration: float, n_there: int
) -> Iterator[tuple[NDArray[np.float64], Times]]:
    """Thresholds, descending, and the events at each, (2, thresholds, events), in pieces."""
    # Frames of one value that follow each other are one step.
    starts = np.flatnonzero(np.diff(values, prepend=np.nan) != 0)
    steps = values[starts].astype(np.float64)
    edges = np.minimum(np.append(starts, len(values)) / rate, duration)
    thresholds = np.unique(steps)[::-1]
    at_once = max(1, PIECE // (len(steps) * max(1, n_there) + 1))
    for first in range(0, len(thresholds), at_once):
        piece = thresholds[first : first + at_once]
        active = np.pad(steps >= piece[:, None], ((0, 0), (1, 1))).astype(np.int8)
        turns = np.diff(active, axis=1)
        rows, onsets = np.nonzero(turns > 0)
        offsets = np.nonzero(turns < 0)[1]
        number = np.arange(len(rows)) - np.searchsorted(rows, rows)
        found = np.zeros((2, len(piece), number.max(initial=-1) + 1))
        found[0, rows, number], found[1, rows, number] = edges[onsets], edges[offsets]
        yield piece, found


def _summed(changes: Sequence[tuple[NDArray[np.float64], Integers]], n_reference: int) -> Curve:
    """The curve of a class, by the changes in each recording."""
    thresholds = np.concatenate([each for each, _ in changes])
    order = np.argsort(-thresholds, kind="stable")
    counts = np.cumsum(np.concatenate([rows for _, rows in changes])[order], axis=0)
    last = np.flatnonzero(np.diff(thresholds[order], append=-math.inf))
    counts = np.pad(counts[last], ((1, 0), (0, 0)))
    return Curve(
        np.append(math.inf, thresholds[order][last]),
        counts[:, 0],
        counts[:, 1],
        counts[:, 2:],
        n_reference,
    )


def _within(collars: Collars, found: Times, truth: Spans) -> Intersections:
    """Counts of events by their collars; there are no cross-triggers."""
    hits = (found[1] > found[0])[:, :, None]
    n_found = hits.sum(axis=(1, 2))
    most = np.array([collars.of_offset(length) for length in truth[:, 1] - truth[:, 0]])
    hits = hits & (np.abs(found[0][:, :, None] - truth[:, 0]) <= collars.onset + TOLERANCE)
    hits &= np.abs(found[1][:, :, None] - truth[:, 1]) <= most
    true = hits.sum(axis=(1, 2))
    several = (hits.sum(axis=1) > 1).any(axis=1) | (hits.sum(axis=2) > 1).any(axis=1)
    for point in np.flatnonzero(several):
        true[point] = len(largest_matching([np.flatnonzero(each).tolist() for each in hits[point]]))
    return Intersections(true, n_found - true, np.zeros((len(true), 0), np.intp))
