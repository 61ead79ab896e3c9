"""A slow and obvious way to find events, and the cases on which the fast way has to agree."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import ndimage

from panns_inference.events import Event, find_events

LABELS = ["Bell", "Dog", "Rain", "Speech"]
Array = NDArray[np.float32]
Rules = dict[str, Any]
Case = tuple[Array, float, float, Rules]
"""Probabilities, frames per second, duration in seconds, rules."""
Found = list[tuple[Fraction, Fraction, int, float, float]]
"""Onset, offset, index, largest and mean probability of each event."""


def exact(number: float) -> Fraction:
    """The decimal number that is meant: 0.1 is a tenth."""
    return Fraction(str(number))


def slow_events(framewise: Array, rate: float, duration: float, rules: Rules) -> Found:
    """The events, class by class and frame by frame, in fractions."""
    n_frames = math.ceil(min(exact(duration) * exact(rate), len(framewise)))
    found = []
    for index in range(framewise.shape[1]):
        given = [float(value) for value in framewise[:n_frames, index]]
        length = 2 * math.floor(exact(rules["smooth"]) * exact(rate) / 2) + 1
        smooth = ndimage.median_filter(np.array(given), length, mode="reflect").tolist()
        spans: list[list[int]] = []
        for i, value in enumerate(smooth):
            if value >= np.float32(rules["threshold_off"]):
                if i > 0 and smooth[i - 1] >= np.float32(rules["threshold_off"]):
                    spans[-1][1] = i + 1
                else:
                    spans.append([i, i + 1])
        spans = [s for s in spans if max(smooth[s[0] : s[1]]) >= np.float32(rules["threshold"])]
        merged: list[list[int]] = []
        for start, end in spans:
            gap = Fraction(start - merged[-1][1]) / exact(rate) if merged else None
            if gap is not None and gap <= exact(rules["merge_gap"]):
                merged[-1][1] = end
            else:
                merged.append([start, end])
        padded: list[tuple[Fraction, Fraction, int, int]] = []
        for start, end in merged:
            onset = Fraction(start) / exact(rate)
            offset = min(Fraction(end) / exact(rate), exact(duration))
            if offset - onset < exact(rules["min_duration"]):
                continue
            onset, offset = onset - exact(rules["pad"]), offset + exact(rules["pad"])
            if padded and onset <= padded[-1][1]:
                onset, _, start, _ = padded.pop()
            padded.append((onset, offset, start, end))
        for onset, offset, start, end in padded:
            inside = given[start:end]
            times = max(Fraction(0), onset), min(exact(duration), offset)
            found.append((*times, index, max(inside), math.fsum(inside) / len(inside)))
    return sorted(found)


@st.composite
def cases(draw: st.DrawFn, **fixed: float) -> Case:
    """Recordings and rules; probabilities and times are often just at a limit."""
    tenths = st.integers(0, 10)
    shape = draw(st.tuples(st.integers(0, 24), st.integers(1, len(LABELS))))
    repeats = draw(st.integers(1, 4))
    framewise = draw(arrays(np.int64, shape, elements=tenths)).repeat(repeats, axis=0) / 10
    rate = draw(st.sampled_from([100.0, 50.0, 31.25, 3.0]))
    cut = draw(st.sampled_from([Fraction(n, 8) for n in (0, 2, 8, 15, 20)]))
    duration = float(max(Fraction(0), (len(framewise) - cut) / exact(rate)))
    threshold = draw(st.integers(1, 10))
    rules = {
        "threshold": threshold / 10,
        "threshold_off": draw(st.integers(1, threshold)) / 10,
        "smooth": draw(st.integers(0, 9)) / rate,
        "merge_gap": draw(st.integers(0, 6)) / rate,
        "min_duration": draw(st.integers(0, 8)) / rate,
        "pad": draw(st.integers(0, 18)) / 4 / rate,
    }
    return framewise.astype(np.float32), rate, duration, rules | fixed


def events_of(case: Case, **changed: Any) -> list[Event]:
    framewise, rate, duration, rules = case
    labels = changed.pop("labels", LABELS[: framewise.shape[1]])
    return find_events(framewise, rate, duration=duration, labels=labels, **{**rules, **changed})
