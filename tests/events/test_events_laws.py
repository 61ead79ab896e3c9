"""Laws of `find_events`, whatever the probabilities and the rules."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from slow_events import LABELS, Case, cases, events_of

from panns_inference.events import Event, thresholding


def covered(events: list[Event], case: Case) -> NDArray[np.bool_]:
    """Which sixths of frames of which class lie in an event."""
    times = (np.arange(6 * len(case[0])) + 0.5) / (6 * case[1])
    mask = np.zeros((len(times), len(LABELS)), bool)
    for event in events:
        mask[(event.onset < times) & (times < event.offset), event.index] = True
    return mask


@given(cases())
def test_events_are_sorted_and_within_the_recording(case: Case) -> None:
    found = events_of(case)
    keys = [(event.onset, event.offset, event.index) for event in found]
    assert keys == sorted(keys)
    assert all(0 <= event.onset < event.offset <= case[2] for event in found)
    for event in found:
        assert 0 < event.mean_probability <= event.probability <= 1
        assert event.label == LABELS[event.index]


@given(cases())
def test_events_of_a_class_keep_apart(case: Case) -> None:
    _, rate, _, rules = case
    last: dict[int, float] = {}
    for event in events_of(case):
        if event.index in last:
            gap = event.onset - last[event.index]
            assert gap > 1e-9
            assert gap + 2 * rules["pad"] > rules["merge_gap"] + 0.4 / rate
        last[event.index] = event.offset


@given(cases(smooth=0.0))
def test_every_event_reaches_the_threshold(case: Case) -> None:
    assert all(event.probability >= np.float32(case[3]["threshold"]) for event in events_of(case))


@given(cases(merge_gap=0.0, min_duration=0.0, pad=0.0))
def test_hysteresis_makes_events_longer_and_adds_none(case: Case) -> None:
    with_it, without = events_of(case), events_of(case, threshold_off=None)
    assert len(with_it) <= len(without)
    assert (covered(with_it, case) >= covered(without, case)).all()
    for event in with_it:
        assert any(
            event.index == each.index and event.onset <= each.onset and each.offset <= event.offset
            for each in without
        )


@given(cases())
def test_a_lower_threshold_covers_more(case: Case) -> None:
    strict = events_of(case)
    lower = case[3]["threshold_off"]
    assert (covered(events_of(case, threshold=lower), case) >= covered(strict, case)).all()
    assert (covered(events_of(case, threshold_off=lower / 2), case) >= covered(strict, case)).all()


@given(cases(pad=0.0))
def test_no_event_is_too_short(case: Case) -> None:
    assert all(e.duration >= case[3]["min_duration"] - 1e-9 for e in events_of(case))


@given(cases(), st.sets(st.integers(0, len(LABELS) - 1)))
def test_choosing_classes_is_filtering_events(case: Case, chosen: set[int]) -> None:
    there = {index for index in chosen if index < case[0].shape[1]}
    everything = events_of(case)
    inside = [event for event in everything if event.index in there]
    outside = [event for event in everything if event.index not in there]
    assert events_of(case, classes=there) == inside
    assert events_of(case, exclude=[LABELS[index] for index in there]) == outside
    assert events_of(case, classes=there, exclude=there) == []


@given(cases(smooth=0.0, pad=0.0))
def test_what_was_merged_stays_as_it_is(case: Case) -> None:
    framewise, rate, duration, rules = case
    once = events_of(case)
    mask = np.zeros_like(framewise)
    for event in once:
        mask[round(event.onset * rate) : math.ceil(event.offset * rate - 1e-6), event.index] = 1
    twice = events_of((mask, rate, duration, rules))
    assert [(e.onset, e.offset, e.index) for e in twice] == [
        (e.onset, e.offset, e.index) for e in once
    ]


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_the_classes_does_not_matter(case: Case, random: Any) -> None:
    framewise, *rest = case
    order = list(range(framewise.shape[1]))
    random.shuffle(order)
    shuffled = events_of((framewise[:, order], *rest), labels=[LABELS[i] for i in order])
    back = [dataclasses.replace(event, index=order[event.index]) for event in shuffled]
    assert sorted(back, key=lambda e: (e.onset, e.offset, e.index)) == events_of(case)


@given(cases(smooth=0.0, pad=0.0), st.integers(0, 20))
def test_silence_before_a_recording_shifts_its_events(case: Case, n_frames: int) -> None:
    framewise, rate, duration, rules = case
    silence = np.zeros((n_frames, framewise.shape[1]), np.float32)
    later = (np.vstack([silence, framewise]), rate, duration + n_frames / rate, rules)
    shifted, found = events_of(later), events_of(case)
    assert [e.index for e in shifted] == [e.index for e in found]
    for event, earlier in zip(shifted, found, strict=True):
        assert event.onset - n_frames / rate == pytest.approx(earlier.onset, abs=1e-9)
        assert event.offset - n_frames / rate == pytest.approx(earlier.offset, abs=1e-9)


@given(cases())
def test_pieces_do_not_matter(case: Case) -> None:
    whole = events_of(case)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(thresholding, "PIECE", 1)
        assert events_of(case) == whole
