"""What is given and not learnt from: classes whose clips cannot be read, and ends of long clips."""

from __future__ import annotations

import logging
import math

from ...audio import stated_length
from ...wording import argument, counted
from ..data import Dataset

LOG = logging.getLogger("panns_inference")

LONG = 2
"""Lengths to which clips are cut; one that is as long as so many of them loses most of it."""


def warn_of_lost_classes(given: Dataset, read: Dataset) -> None:
    """Say of which classes nothing is learnt.

    Args:
        given: all clips.
        read: those that could be read.
    """
    if lost := given.sounding - read.sounding:
        LOG.warning(
            "warning: nothing is learnt of %s: no clip of it could be read",
            ", ".join(map(repr, sorted(lost))),
        )


def warn_of_long_clips(given: Dataset, seconds: float) -> None:
    """Say of which clips the most is cut off.

    Args:
        given: all clips.
        seconds: to which they are cut.
    """
    whole = {clip.path for clip in given.clips if clip.offset is None}
    ends = {path: stated_length(path) for path in whole}
    lengths = (
        ((ends[clip.path] if clip.offset is None else clip.offset) - clip.onset, clip.path)
        for clip in given.clips
    )
    if long := [each for each in lengths if LONG * seconds <= each[0] < math.inf]:
        length, path = max(long)
        LOG.warning(
            "warning: only the first %g s of %s are learnt from, such as of %s, which lasts %.0f "
            "s: give more %s, or annotations or a table with onset and offset for other stretches",
            seconds, counted(len(long), "long clip"), path, length, argument("seconds"),
        )  # fmt: skip
