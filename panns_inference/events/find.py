"""Finding events in framewise probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import ArrayLike

from ..audioset import labels as audioset_labels
from .event import Event
from .finder import EventFinder, in_order
from .frames import checked_frames, frames_within


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
        rules: `method`, `threshold` and all the other attributes of `Rules`.

    Returns:
        The events, sorted by onset, then offset, then index. Those of one class do not touch.

    Raises:
        UsageError: if an argument makes no sense, or a probability is not a number.
    """
    finder = EventFinder(frames_per_second, labels=labels, **rules)
    frames = checked_frames(framewise, len(labels))
    if duration is None:
        duration = len(frames) / frames_per_second
    n_frames = frames_within(duration, frames_per_second, len(frames))
    return sorted([*finder.feed(frames[:n_frames]), *finder.finish(duration)], key=in_order)
