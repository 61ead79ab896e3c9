"""A slow and obvious way to find boxes: class by class, boundary by boundary, in whole numbers."""

from __future__ import annotations

import math
from typing import NamedTuple

from slow_events import Array


class Box(NamedTuple):
    """Frames `start` up to `end`, not including; largest and mean probability."""

    index: int
    start: int
    end: int
    peak: float
    mean: float


def slow_boxes(framewise: Array, half: int, difference: float, ratio: float) -> list[Box]:
    """All boxes, before any threshold, by class and time."""
    found = []
    for index in range(framewise.shape[1]):
        # A multiple of any float16, and of the float32 in the tests, to 1e-9.
        values = [round(float(value) * 2**30) for value in framewise[:, index]]
        found += [Box(index, *box) for box in boxes_of(values, half, difference, ratio)]
    return found


def deltas_of(values: list[int], half: int) -> list[int]:
    """The step filter at the boundaries before each value, and behind the last."""
    padded = [0] * half + values + [0] * half
    return [
        sum(padded[t + half : t + 2 * half]) - sum(padded[t : t + half])
        for t in range(len(values) + 1)
    ]


def turns_of(values: list[int], half: int) -> list[int]:
    """Onsets and offsets by turns: the steepest boundary of each highest and lowest plateau."""
    deltas = deltas_of(values, half)
    steps = [after - before for before, after in zip([0, *values], [*values, 0], strict=True)]
    plateaus: list[list[int]] = []
    for t, delta in enumerate(deltas):
        if plateaus and deltas[plateaus[-1][0]] == delta:
            plateaus[-1].append(t)
        else:
            plateaus.append([t])
    levels = [-math.inf, *(deltas[plateau[0]] for plateau in plateaus), math.inf]
    turns = []
    for plateau, before, level, after in zip(
        plateaus, levels[:-2], levels[1:-1], levels[2:], strict=True
    ):
        if before < level > after:
            turns.append(max(plateau, key=lambda t: (steps[t], -t)))
        if before > level < after and turns:
            turns.append(max(plateau, key=lambda t: (-steps[t], t)))
    return turns


def boxes_of(
    values: list[int], half: int, difference: float, ratio: float
) -> list[tuple[int, int, float, float]]:
    """Start, end, largest and mean probability of each box of a class."""
    turns = turns_of(values, half)
    candidates = list(zip(turns[::2], turns[1::2], strict=True))
    boxes: list[tuple[int, int]] = []
    for number, (start, end) in enumerate(candidates):
        if number:
            before = candidates[number - 1]
            high = max(*values[slice(*before)], *values[start:end])
            low = min(values[before[1] : start])
            near = high - low <= difference * 2**30 and high <= ratio * max(low, 1)
            if near:
                start, _ = boxes.pop()
        boxes.append((start, end))
    return [
        (start, end, max(values[start:end]) / 2**30, sum(values[start:end]) / 2**30 / (end - start))
        for start, end in boxes
    ]
