"""Curves and settings for boxes, one frame a second."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from slow_events import LABELS, Array

from panns_inference.events import Event, EventFinder, find_events

BoxCase = tuple[Array, int, float, float]
"""Probabilities, frames of half the filter, difference and ratio up to which boxes are merged."""


@st.composite
def box_cases(draw: st.DrawFn) -> BoxCase:
    """Curves with plateaus and silence, smooth ones and noise; as short as you like."""
    shape = draw(st.tuples(st.integers(0, 40), st.integers(1, len(LABELS))))
    levels = draw(st.sampled_from([2, 4, 10, 2**20]))
    framewise = draw(arrays(np.int64, shape, elements=st.integers(0, levels))) / levels
    framewise = framewise.repeat(draw(st.sampled_from([1, 1, 2, 5])), axis=0)
    half = draw(st.sampled_from([1, 2, 3, 5, 8, 30]))
    difference = draw(st.sampled_from([0.0, 0.1, 0.3, 1.0]))
    ratio = draw(st.sampled_from([1.0, 1.5, 2.0, 4.0, np.inf]))
    return framewise.astype(np.float32), half, difference, ratio


def rules_of(case: BoxCase, **more: Any) -> dict[str, Any]:
    """Arguments of `find_events` and `EventFinder`; by themselves they choose all boxes."""
    framewise, half, difference, ratio = case
    return {
        "labels": LABELS[: framewise.shape[1]],
        "method": "boxes",
        "step_filter": 2.0 * half,
        "merge_difference": difference,
        "merge_ratio": ratio,
        "threshold": 1e-9,
        **more,
    }


def all_boxes(case: BoxCase, **more: Any) -> list[Event]:
    return find_events(case[0], 1, **rules_of(case, **more))


def box_finder(case: BoxCase, **more: Any) -> EventFinder:
    return EventFinder(1, **rules_of(case, **more))
