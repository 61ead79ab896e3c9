"""Finding events in framewise probabilities.

    framewise --smooth--> --threshold--> runs --merge--> --drop--> --pad--> events

Each step works on many classes at once, and in frames: times become seconds at the end, so that no
event hangs on how a sum of seconds was rounded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..audioset import labels as audioset_labels
from ..audioset import mid_of
from ..errors import UsageError
from .event import Event
from .rules import Rules
from .runs import Mask, Runs, holding, majority, merged, runs_of

PIECE = 2**22
"""Probabilities that are worked on at once: it bounds the memory that is taken."""

TOLERANCE = 1e-6
"""Frames by which a number of seconds may miss a whole number of frames: 0.29 s at 100 frames in a
second is 28.999999999999996 of them."""


def find_events(
    framewise: ArrayLike,
    frames_per_second: float,
    *,
    duration: float | None = None,
    labels: Sequence[str] = audioset_labels,
    **rules: Any,
) -> list[Event]:
    """Find the events of all classes.

    Frames i to j become an event from `i / frames_per_second` to `(j + 1) / frames_per_second`
    seconds, cut at the end of the recording. Its `probability` and `mean_probability` are those of
    these frames in `framewise`, without the padding and before the smoothing: a filter can make an
    event of frames that stay below the threshold themselves.

    Args:
        framewise: probabilities, (frames, classes).
        frames_per_second: frames in a second.
        duration: length of the recording in seconds; None is that of the frames. A frame that
            begins at the end of the recording, or later, does not count.
        labels: display names of the classes, in the order of the columns.
        rules: `threshold`, `threshold_off`, `smooth`, `min_duration`, `merge_gap`, `pad`,
            `classes` and `exclude`: the attributes of `Rules`.

    Returns:
        The events, sorted by onset, then offset, then index. Those of one class do not touch.

    Raises:
        UsageError: if an argument makes no sense, or a probability is not a number.
    """
    chosen = Rules(**rules)
    if not 0 < frames_per_second < math.inf:
        raise UsageError(f"frames_per_second must be above 0, not {frames_per_second}")
    frames = _checked(framewise, labels)
    if duration is None:
        duration = len(frames) / frames_per_second
    if not 0 <= duration < math.inf:
        raise UsageError(f"duration must be a number of seconds, 0 or more, not {duration}")
    n_frames = math.ceil(min(duration * frames_per_second - TOLERANCE, len(frames)))
    found = _events(frames[:n_frames], frames_per_second, duration, chosen, labels)
    return sorted(found, key=lambda event: (event.onset, event.offset, event.index))


def _checked(framewise: ArrayLike, labels: Sequence[str]) -> NDArray[np.floating[Any]]:
    frames = np.asarray(framewise)
    if frames.ndim != 2 or frames.shape[1] != len(labels):
        raise UsageError(
            f"framewise probabilities must be (frames, {len(labels)}), one column for each label, "
            f"not {frames.shape}"
        )
    if not np.issubdtype(frames.dtype, np.floating):
        raise UsageError(f"framewise probabilities must be floats, not {frames.dtype}")
    return frames


def _events(
    frames: NDArray[np.floating[Any]],
    frames_per_second: float,
    duration: float,
    rules: Rules,
    labels: Sequence[str],
) -> Iterator[Event]:
    """The events, some classes after the other."""
    # In the type of the probabilities: a float32 0.7 is less than 0.7, and shall reach it.
    on, off = (each.astype(frames.dtype) for each in rules.thresholds(labels))
    columns = rules.columns(labels)
    columns = columns[_peaks(frames)[columns] >= on[columns]]
    at_once = max(1, PIECE // max(1, len(frames)))
    for first in range(0, len(columns), at_once):
        indices = columns[first : first + at_once]
        part = np.ascontiguousarray(frames[:, indices].T)
        found = _runs(part, on[indices], off[indices], frames_per_second, duration, rules)
        for row, start, end in zip(*(each.tolist() for each in found), strict=True):
            index, inside = int(indices[row]), part[row, start:end]
            yield Event(
                onset=max(0.0, start / frames_per_second - float(rules.pad)),
                offset=min(float(duration), end / frames_per_second + float(rules.pad)),
                label=labels[index],
                mid=mid_of(labels[index]),
                index=index,
                probability=float(inside.max()),
                mean_probability=float(inside.mean(dtype=np.float64)),
            )


def _peaks(frames: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Largest probability of each class: only those that reach their threshold are looked at."""
    peaks: NDArray[np.floating[Any]] = frames.max(axis=0, initial=0)
    if np.isnan(peaks).any():
        raise UsageError("framewise probabilities hold values that are not a number (NaN)")
    return peaks


def _runs(
    part: NDArray[np.floating[Any]],
    on: NDArray[np.floating[Any]],
    off: NDArray[np.floating[Any]],
    frames_per_second: float,
    duration: float,
    rules: Rules,
) -> Runs:
    """The runs that become events, in some classes' probabilities, (classes, frames)."""
    half = int(min(rules.smooth * frames_per_second / 2 + TOLERANCE, part.shape[1]))

    def reaching(thresholds: NDArray[np.floating[Any]]) -> Mask:
        return majority(part >= thresholds[:, None], half)

    runs = holding(runs_of(reaching(off)), reaching(on))
    runs = merged(runs, rules.merge_gap * frames_per_second + TOLERANCE)
    lengths = np.minimum(runs.ends, duration * frames_per_second) - runs.starts
    runs = runs.where(lengths >= rules.min_duration * frames_per_second - TOLERANCE)
    # What grows by `pad` towards each other meets across a gap of twice that.
    return merged(runs, 2 * rules.pad * frames_per_second + TOLERANCE)
