"""Laws of boxes, whatever the probabilities and the settings."""

from __future__ import annotations

import dataclasses
import io
import itertools
import math
from typing import Any

import numpy as np
import pytest
from box_cases import BoxCase, all_boxes, box_cases, box_finder
from hypothesis import given
from hypothesis import strategies as st
from slow_events import LABELS, Array

from panns_inference.events import Event, boxes, finder

sizes = st.lists(st.integers(0, 9), min_size=1, max_size=8).filter(any)
"""Lengths of pieces, over and over."""


def in_pieces(frames: Array, lengths: list[int]) -> list[Array]:
    """The frames, cut into pieces of these lengths, which come again if they are too few."""
    ends = itertools.takewhile(
        lambda end: end < len(frames), itertools.accumulate(itertools.cycle(lengths))
    )
    return np.split(frames, list(ends))


def in_order(events: list[Event]) -> list[Event]:
    return sorted(events, key=lambda event: (event.onset, event.offset, event.index))


@given(box_cases(), sizes)
def test_pieces_give_the_boxes_of_the_whole(case: BoxCase, lengths: list[int]) -> None:
    finding = box_finder(case)
    found = [event for piece in in_pieces(case[0], lengths) for event in finding.feed(piece)]
    assert in_order(found + finding.finish()) == all_boxes(case)


@given(box_cases(), st.floats(0, 0.999))
def test_the_last_frame_may_lie_beyond_the_end(case: BoxCase, late: float) -> None:
    framewise, *rest = case
    duration = max(0.0, len(framewise) - 1 - late)
    finding = box_finder(case)
    told = finding.feed(framewise)
    shorter = all_boxes((framewise[: math.ceil(duration - 1e-6)], *rest), duration=duration)
    assert in_order(told + finding.finish(duration)) == shorter


@given(box_cases(), sizes, st.data())
def test_a_state_goes_on_where_it_was(
    case: BoxCase, lengths: list[int], data: st.DataObject
) -> None:
    pieces = in_pieces(case[0], lengths)
    cut = data.draw(st.integers(0, len(pieces)))
    until = box_finder(case)
    found = [event for piece in pieces[:cut] for event in until.feed(piece)]
    file = io.BytesIO()
    np.savez(file, **until.state())
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        later = box_finder(case, state=stored)
    found += [event for piece in pieces[cut:] for event in later.feed(piece)]
    assert in_order(found + later.finish()) == all_boxes(case)


@given(box_cases())
def test_columns_and_blocks_do_not_matter(case: BoxCase) -> None:
    whole = all_boxes(case)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boxes, "PIECE", 1)
        patch.setattr(finder, "PIECE", 1)
        assert all_boxes(case) == whole


@given(box_cases())
def test_boxes_of_a_class_lie_one_after_the_other_in_the_recording(case: BoxCase) -> None:
    last = dict.fromkeys(range(len(LABELS)), 0.0)
    for event in all_boxes(case):
        assert last[event.index] <= event.onset < event.offset <= len(case[0])
        assert 0 < event.mean_probability <= event.probability <= 1
        last[event.index] = event.offset


@given(box_cases(), st.floats(1e-6, 1))
def test_a_threshold_chooses_among_boxes(case: BoxCase, threshold: float) -> None:
    chosen = [e for e in all_boxes(case) if e.mean_probability >= np.float32(threshold) - 2**-31]
    assert all_boxes(case, threshold=threshold) == chosen


@given(box_cases(), st.integers(1, 12))
def test_a_shortest_length_chooses_among_boxes(case: BoxCase, shortest: int) -> None:
    long = [event for event in all_boxes(case) if event.duration >= shortest]
    assert all_boxes(case, min_duration=shortest) == long


@given(box_cases(), st.randoms(use_true_random=False))
def test_the_order_of_the_classes_does_not_matter(case: BoxCase, random: Any) -> None:
    framewise, *rest = case
    order = list(range(framewise.shape[1]))
    random.shuffle(order)
    labels = [LABELS[index] for index in order]
    shuffled = all_boxes((framewise[:, order], *rest), labels=labels)
    back = [dataclasses.replace(event, index=order[event.index]) for event in shuffled]
    assert in_order(back) == all_boxes(case)


@given(box_cases(), st.sets(st.integers(0, len(LABELS) - 1)))
def test_choosing_classes_is_filtering_boxes(case: BoxCase, chosen: set[int]) -> None:
    there = {index for index in chosen if index < case[0].shape[1]}
    inside = [event for event in all_boxes(case) if event.index in there]
    assert all_boxes(case, classes=there) == inside


@given(box_cases())
def test_a_recording_that_runs_backwards_has_its_boxes_backwards(case: BoxCase) -> None:
    framewise, *rest = case
    backwards = all_boxes((framewise[::-1], *rest))
    n_frames = len(framewise)
    turned = [
        dataclasses.replace(each, onset=n_frames - each.offset, offset=n_frames - each.onset)
        for each in backwards
    ]
    assert in_order(turned) == all_boxes(case)


@given(box_cases(), st.integers(0, 20))
def test_silence_around_a_recording_shifts_its_boxes(case: BoxCase, n_frames: int) -> None:
    framewise, *rest = case
    silence = np.zeros((n_frames, framewise.shape[1]), np.float32)
    later = all_boxes((np.concatenate([silence, framewise, silence]), *rest))
    shifted = [
        dataclasses.replace(each, onset=each.onset - n_frames, offset=each.offset - n_frames)
        for each in later
    ]
    assert shifted == all_boxes(case)
