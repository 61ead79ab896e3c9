"""Event F1 and segment F1 of framewise probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .duets import Scene, Sound

FRAMES_PER_SECOND = 100
COLLAR = 0.2
"""Seconds that onset and offset may be off."""

SMOOTH = 0.3
"""Gaps and events shorter than this, in seconds, are no gaps and no events."""


def detected(probabilities: NDArray[np.float32], kind: str, threshold: float) -> list[Sound]:
    """Events of one class.

    Args:
        probabilities: of the class, (frames,).
        kind: name of the class.
        threshold: probability from which on it is heard.
    """
    edges = np.flatnonzero(np.diff(np.pad(probabilities >= threshold, 1).astype(int)))
    times = edges.reshape(-1, 2) / FRAMES_PER_SECOND
    joined: list[list[float]] = []
    for onset, offset in times:
        if joined and onset - joined[-1][1] < SMOOTH:
            joined[-1][1] = offset
        else:
            joined.append([onset, offset])
    return [Sound(a, b, kind) for a, b in joined if b - a >= SMOOTH]


def f1_scores(scenes: Sequence[Scene], found: Sequence[Sequence[Sound]]) -> tuple[float, float]:
    """Event F1 and segment F1, over all scenes and classes together.

    An event is right if its onset is within the collar, and its offset within the collar or a
    fifth of its length; segments are whole seconds.

    Args:
        scenes: what is there.
        found: what was detected in each.
    """
    events, segments = np.zeros(3, int), np.zeros(3, int)
    for scene, sounds in zip(scenes, found, strict=True):
        left = list(scene.sounds)
        for sound in sounds:
            match = next((truth for truth in left if _same(truth, sound)), None)
            if match:
                left.remove(match)
        hits = len(scene.sounds) - len(left)
        events += hits, len(sounds), len(scene.sounds)
        true, ours = _seconds(scene.sounds), _seconds(sounds)
        segments += len(true & ours), len(ours), len(true)
    return _f1(*events), _f1(*segments)


def _same(truth: Sound, found: Sound) -> bool:
    collar = max(COLLAR, 0.2 * (truth.offset - truth.onset))
    return (
        truth.kind == found.kind
        and abs(truth.onset - found.onset) <= COLLAR
        and abs(truth.offset - found.offset) <= collar
    )


def _seconds(sounds: Sequence[Sound]) -> set[tuple[str, int]]:
    return {
        (sound.kind, second)
        for sound in sounds
        for second in range(int(sound.onset), int(np.ceil(sound.offset)))
    }


def _f1(hits: int, found: int, there: int) -> float:
    return float(2 * hits / max(1, found + there))
