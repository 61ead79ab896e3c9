"""Framewise probabilities as they are given, and what of them makes no sense."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UsageError
from ..wording import argument
from .rules import TOLERANCE

Frames = NDArray[np.floating[Any]]


def checked_frames(framewise: ArrayLike, n_classes: int) -> Frames:
    """The probabilities as an array, (frames, classes).

    Args:
        framewise: probabilities, (frames, classes).
        n_classes: how many classes there have to be.

    Raises:
        UsageError: if they are not floats of this shape.
    """
    frames = np.asarray(framewise)
    if frames.ndim != 2 or frames.shape[1] != n_classes:
        raise UsageError(
            f"framewise probabilities must be (frames, {n_classes}), one column for each label, "
            f"not {frames.shape}"
        )
    if not np.issubdtype(frames.dtype, np.floating):
        raise UsageError(f"framewise probabilities must be floats, not {frames.dtype}")
    return frames


def require_numbers(frames: Frames) -> None:
    """Make sure that all probabilities are numbers.

    Args:
        frames: probabilities, (frames, classes).

    Raises:
        UsageError: if one is not.
    """
    if np.isnan(frames.max(initial=0)):
        raise UsageError("framewise probabilities hold values that are not a number (NaN)")


def require_probabilities(frames: Frames) -> None:
    """Make sure that all probabilities are in [0, 1], but for what rounding may add.

    Args:
        frames: probabilities, (frames, classes).

    Raises:
        UsageError: if one is not.
    """
    require_numbers(frames)
    lowest, highest = frames.min(initial=0), frames.max(initial=0)
    if lowest < -TOLERANCE or highest > 1 + TOLERANCE:
        raise UsageError(
            f"framewise probabilities must be in [0, 1] for {argument('method', 'boxes')}, but "
            "these lie in "
            f"[{lowest:g}, {highest:g}]"
        )


def frames_within(duration: float, frames_per_second: float, n_frames: int) -> int:
    """How many frames count: those that begin before the end of the recording.

    Args:
        duration: length of the recording in seconds.
        frames_per_second: frames in a second.
        n_frames: how many frames there are.

    Raises:
        UsageError: if the duration is not a number of seconds.
    """
    if not 0 <= duration < math.inf:
        raise UsageError(f"duration must be a number of seconds, 0 or more, not {duration}")
    return math.ceil(min(duration * frames_per_second - TOLERANCE, n_frames))
