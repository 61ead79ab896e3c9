"""Recordings that are longer than a clip: their segments, and what is found in all of them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from panns_inference.audio import stated_length
from panns_inference.training.data import Clip

Figures = NDArray[np.float32]
"""A figure of each class, (clips, classes)."""


def in_segments(clips: Iterable[Clip], seconds: float) -> list[Clip]:
    """Return the segments of whole recordings, one after the other, of the same length.

    The last one is shorter, and a rest of less than half a segment is left out.

    Args:
        clips: whole recordings.
        seconds: length of a segment.
    """
    found = []
    for clip in clips:
        length = stated_length(clip.path)
        # A recording that states no length is one segment, its beginning.
        count = max(math.floor(length / seconds + 0.5), 1) if math.isfinite(length) else 1
        found += [
            replace(clip, onset=number * seconds, offset=(number + 1) * seconds)
            for number in range(count)
        ]
    return found


def by_recording(
    clips: Iterable[Clip], targets: Figures, probabilities: Figures
) -> tuple[Figures, Figures]:
    """Return what is there and what was found, of recordings: the means of their clips.

    Args:
        clips: the clips.
        targets: whether a class is in a clip, (clips, classes).
        probabilities: of the classes, (clips, classes).

    Returns:
        Targets and probabilities, both (recordings, classes), in the order of the first clips.
    """
    number: dict[object, int] = {}
    recordings = [number.setdefault(clip.path, len(number)) for clip in clips]
    weights = np.zeros((len(number), len(recordings)), np.float32)
    weights[recordings, range(len(recordings))] = 1
    weights /= weights.sum(axis=1, keepdims=True)
    return weights @ targets, weights @ probabilities
