"""What a picture of a recording shows: its sound, and the classes that are the most probable."""

from __future__ import annotations

import ntpath
import posixpath
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..events import Event
from .pooling import COLUMNS, Pooling
from .sound import Sound
from .ticks import duration_text

if TYPE_CHECKING:
    from ..results import Detection, Result, Tagging

FAINT = 0.05
"""Probability up to which a class without events is not shown."""


@dataclass(frozen=True)
class Heat:
    """Probabilities over time.

    Attributes:
        values: (classes, columns), in [0, 1].
        duration: seconds that the columns span.
    """

    values: NDArray[np.float32]
    duration: float


@dataclass(frozen=True)
class Scene:
    """A recording as a picture shows it.

    Attributes:
        title: name of the recording.
        note: its length, and the network.
        duration: in seconds.
        labels: of the classes that are shown, each in a lane of its own, from top to bottom.
        heat: their probabilities over time; None if they are not known.
        events: of these classes; None if none were looked for.
        sound: None if it is not shown.
        began: date and time at which the recording began, if they are known.
    """

    title: str
    note: str
    duration: float
    labels: Sequence[str]
    heat: Heat | None = None
    events: Sequence[Event] | None = None
    sound: Sound | None = None
    began: datetime | None = None


def scene_of_detection(
    detection: Detection,
    top: int,
    sound: Sound | None,
    pooling: Pooling | None = None,
    wanted: Collection[str] | None = None,
) -> Scene:
    """Return what is shown of events: those of the most probable classes.

    Args:
        detection: the events.
        top: how many classes at most.
        sound: of the recording.
        pooling: its framewise probabilities as columns; None takes those that the result holds.
        wanted: labels of the classes that events are of; None is all.
    """
    if pooling is None and detection.framewise is not None:
        pooling = Pooling(np.maximum, len(detection.labels))
        pooling.add(detection.framewise)
    peaks = _peaks(detection.events)
    if pooling is not None:  # classes that stay below the threshold come behind the others
        loudest = pooling.columns().max(axis=0, initial=0).tolist()
        pairs = zip(detection.labels, loudest, strict=True)
        peaks |= {
            label: peak - 1
            for label, peak in pairs
            if label not in peaks and peak > FAINT and (wanted is None or label in wanted)
        }
    labels = _strongest(peaks, top)
    heat = None
    if pooling is not None:
        rows = [detection.labels.index(label) for label in labels]
        columns = pooling.columns()[:, rows].T
        seconds = columns.shape[1] * pooling.rows_per_column / detection.frames_per_second
        heat = Heat(columns, seconds)
    shown = [event for event in detection.events if event.label in labels]
    return _scene(detection, labels, heat, shown, sound)


def scene_of_tagging(tagging: Tagging, top: int, sound: Sound | None) -> Scene:
    """Return what is shown of the tags of stretches: the probabilities over time.

    Args:
        tagging: with its stretches.
        top: how many classes at most.
        sound: of the recording.
    """
    best = [tag.index for tag in tagging.top(top)]
    values = np.zeros((len(best), COLUMNS), np.float32)
    for stretch in tagging.stretches:
        first = int(COLUMNS * stretch.onset / tagging.duration)
        last = max(first + 1, round(COLUMNS * stretch.offset / tagging.duration))
        among = values[:, first:last]
        np.maximum(among, stretch.clipwise[best, None], out=among)
    found = [row for row in range(len(best)) if values[row].max() > FAINT]
    labels = [tagging.labels[best[row]] for row in found]
    heat = Heat(values[found], tagging.duration)
    return _scene(tagging, labels, heat, None, sound)


def scene_of_events(
    events: Sequence[Event],
    top: int,
    *,
    source: str,
    duration: float | None = None,
    model: str = "",
    sound: Sound | None = None,
    began: datetime | None = None,
) -> Scene:
    """Return what is shown of events from a table.

    Args:
        events: of one recording.
        top: how many classes at most.
        source: name of the recording.
        duration: of the recording, in seconds; None takes that of the sound, or the last offset.
        model: name of the network.
        sound: of the recording.
        began: date and time at which it began.
    """
    labels = _strongest(_peaks(events), top)
    if duration is None:
        last = max((event.offset for event in events), default=0.0)
        duration = max(last, sound.duration if sound else 0.0) or 1.0
    shown = [event for event in events if event.label in labels]
    return Scene(
        name_of(source), _note(duration, model), duration, labels, None, shown, sound, began
    )


def name_of(source: str | None) -> str:
    """Return the name of a recording without its folders, of whichever system they are.

    Args:
        source: as results name it.
    """
    return ntpath.basename(posixpath.basename(source or "samples"))


def _scene(
    result: Result,
    labels: Sequence[str],
    heat: Heat | None,
    events: Sequence[Event] | None,
    sound: Sound | None,
) -> Scene:
    title, note = heading_of(result)
    return Scene(title, note, result.duration, labels, heat, events, sound, result.began)


def heading_of(result: Result) -> tuple[str, str]:
    """Return the name of the recording of a result, and what else is known of it.

    Args:
        result: of any kind.
    """
    title = ", ".join(filter(None, (name_of(result.source), result.chosen_text)))
    return title, _note(result.duration, result.model)


def _peaks(events: Iterable[Event]) -> dict[str, float]:
    peaks: dict[str, float] = {}
    for event in events:
        peaks[event.label] = max(peaks.get(event.label, 0.0), event.probability)
    return peaks


def _strongest(peaks: Mapping[str, float], top: int) -> list[str]:
    return sorted(peaks, key=lambda label: -peaks[label])[:top]


def _note(duration: float, model: str) -> str:
    return ", ".join(filter(None, (duration_text(duration), model)))
