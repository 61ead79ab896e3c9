"""Events of frames that come in pieces: those of the whole, in time, and without its memory."""

from __future__ import annotations

import functools
import io
import itertools
import math
import operator
import tracemalloc
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slow_events import LABELS, Array, Case, cases, events_of, exact, slow_events

from panns_inference import UsageError
from panns_inference.events import Event, EventFinder, find_events, thresholding

sizes = st.lists(st.integers(0, 9), min_size=1, max_size=8).filter(any)
"""Lengths of pieces, over and over."""


def in_pieces(frames: Array, lengths: Sequence[int]) -> list[Array]:
    """The frames, cut into pieces of these lengths, which come again if they do not reach."""
    pieces, start = [], 0
    for length in itertools.cycle(lengths):
        if start >= len(frames):
            return pieces
        pieces.append(frames[start : start + length])
        start += length
    raise AssertionError


def fed(pieces: Sequence[Array], duration: float | None, finding: EventFinder) -> list[list[Event]]:
    return [*(finding.feed(piece) for piece in pieces), finding.finish(duration)]


def in_order(*found: Sequence[Event]) -> list[Event]:
    key = operator.attrgetter("onset", "offset", "index")
    return sorted(itertools.chain(*found), key=key)


def prepared(case: Case) -> tuple[Array, EventFinder]:
    """Frames of which at most the last lies beyond the end, and a finder for them."""
    frames, rate, duration, rules = case
    labels = LABELS[: frames.shape[1]]
    n_frames = math.ceil(min(exact(duration) * exact(rate), len(frames)))
    return frames[: n_frames + 1], EventFinder(rate, labels=labels, **rules)


@st.composite
def uneven(draw: st.DrawFn) -> Case:
    """As `cases`, with probabilities whose sums are rounded, and in other types."""
    frames, *rest = draw(cases())
    noise = np.random.default_rng(draw(st.integers(0, 99))).uniform(-0.07, 0.07, frames.shape)
    kind = draw(st.sampled_from([np.float16, np.float32, np.float64]))
    return (np.clip(frames + noise, 0, 1).astype(kind), *rest)


@given(st.one_of(cases(), uneven()), sizes)
def test_pieces_give_the_events_of_the_whole(case: Case, lengths: list[int]) -> None:
    frames, finding = prepared(case)
    found = fed(in_pieces(frames, lengths), case[2], finding)
    assert all(events == in_order(events) for events in found)
    assert in_order(*found) == events_of(case)


@given(cases().filter(lambda case: case[1] != 3.0), sizes)
def test_pieces_give_what_the_slow_way_finds(case: Case, lengths: list[int]) -> None:
    frames, finding = prepared(case)
    found = in_order(*fed(in_pieces(frames, lengths), case[2], finding))
    wanted = slow_events(*case)
    assert [event.index for event in found] == [each[2] for each in wanted]
    for event, (onset, offset, _, peak, mean) in zip(found, wanted, strict=True):
        assert (event.onset, event.offset) == pytest.approx((float(onset), float(offset)), abs=1e-9)
        assert (event.probability, event.mean_probability) == pytest.approx((peak, mean), abs=1e-9)


@given(uneven(), sizes)
def test_a_mean_is_a_sum_from_the_first_frame_to_the_last(case: Case, lengths: list[int]) -> None:
    frames, rate, duration, rules = case
    case = frames, rate, duration, {**rules, "pad": 0.0}
    frames, finding = prepared(case)
    for event in in_order(*fed(in_pieces(frames, lengths), duration, finding)):
        start, end = round(event.onset * rate), math.ceil(event.offset * rate - 1e-6)
        inside = [float(value) for value in frames[start:end, event.index]]
        total = functools.reduce(lambda one, other: one + other, inside)
        assert event.mean_probability == total / len(inside)
        assert event.probability == max(inside)


@given(uneven(), sizes, st.data())
def test_a_state_goes_on_where_it_was(case: Case, lengths: list[int], data: st.DataObject) -> None:
    frames, through = prepared(case)
    pieces = in_pieces(frames, lengths)
    cut = data.draw(st.integers(0, len(pieces)))
    _, until = prepared(case)
    found = [until.feed(piece) for piece in pieces[:cut]]
    file = io.BytesIO()
    np.savez(file, **until.state())
    if pieces[cut:]:
        # What is heard after the state was taken is not part of it.
        until.feed(pieces[cut])
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        later = EventFinder(case[1], labels=LABELS[: frames.shape[1]], state=stored, **case[3])
    found += fed(pieces[cut:], case[2], later)
    assert found == fed(pieces, case[2], through)


@given(cases(), sizes)
def test_columns_may_be_worked_on_one_by_one(case: Case, lengths: list[int]) -> None:
    frames, finding = prepared(case)
    pieces = in_pieces(frames, lengths)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(thresholding, "PIECE", 1)
        found = fed(pieces, case[2], finding)
    assert found == fed(pieces, case[2], prepared(case)[1])


@given(cases(smooth=0.0), st.data())
def test_no_event_is_held_back(case: Case, data: st.DataObject) -> None:
    frames, rate, _, rules = case
    labels = LABELS[: frames.shape[1]]
    finding = EventFinder(rate, labels=labels, **rules)
    n_frames = data.draw(st.integers(1, max(1, len(frames))))
    told = finding.feed(frames[:n_frames])
    # The last frame does not count yet: all of this may still follow on those before it.
    before = frames[: max(0, n_frames - 1)]
    endings = [np.full((n, len(labels)), loud, np.float32) for n in (0, 1, 99) for loud in (0, 1)]
    possible = [
        find_events(all_frames, rate, duration=duration, labels=labels, **rules)
        for ending in endings
        for all_frames in [np.concatenate([before, ending])]
        for duration in (None, max(0.0, (len(all_frames) - 0.999) / rate))
    ]
    assert in_order(told) == [event for event in possible[0] if all(event in p for p in possible)]


@pytest.mark.parametrize(
    ("text", "rules", "when"),
    [
        # The frame after it, and one more: the recording may end within the last of the event.
        ("0099000000000000", {}, 6),
        ("0099000000000000", {"merge_gap": 0.3}, 9),
        ("0099000000000000", {"pad": 0.3}, 12),
        ("0099000000000000", {"smooth": 0.3}, 7),
        ("0099004444440000", {"merge_gap": 0.3, "threshold_off": 0.4, "threshold": 0.5}, 14),
        ("0099009000000000", {"merge_gap": 0.1, "pad": 0.05}, 7),
        ("0099009000000000", {"merge_gap": 0.1, "pad": 0.1}, 11),
        ("0099009000000000", {"merge_gap": 0.1, "min_duration": 0.2, "pad": 0.3}, 12),
        ("9999999999999999", {}, 17),
    ],
)
def test_when_an_event_is_told(text: str, rules: dict[str, Any], when: int) -> None:
    finding = EventFinder(10, labels=LABELS, **rules)
    frames = np.zeros((len(text), 4), np.float32)
    frames[:, 2] = [int(digit) / 10 for digit in text]
    found = fed(frames[:, None], None, finding)
    assert next(n_frames for n_frames, events in enumerate(found, 1) if events) == when
    assert in_order(*found) == find_events(frames, 10, labels=LABELS, **rules)


def test_an_event_of_hours_holds_little() -> None:
    finding = EventFinder(100, labels=LABELS, smooth=0.35, merge_gap=0.5, pad=0.2)
    rng = np.random.default_rng(0)
    piece = rng.uniform(0.5, 1, (10_000, 4)).astype(np.float32)
    piece[::50] = 0
    n_bytes = []
    tracemalloc.start()
    try:
        for _ in range(100):
            assert finding.feed(piece) == []
            n_bytes.append(sum(each.nbytes for each in finding.state().values()))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert set(n_bytes) == {n_bytes[0]}
    assert n_bytes[0] < 2000
    assert held < 50_000
    found = finding.finish()
    assert [(event.onset, event.offset) for event in found] == [(0.0, 10_000.0)] * 4
    for event in found:
        assert event.probability == piece[:, event.index].max()
        assert event.mean_probability == pytest.approx(piece[:, event.index].mean(dtype=float))


def test_hours_before_a_run_reaches_its_threshold_hold_little() -> None:
    finding = EventFinder(100, labels=LABELS, threshold=0.9, threshold_off=0.2)
    for _ in range(100):
        assert finding.feed(np.full((3000, 4), 0.3, np.float32)) == []
    assert sum(each.nbytes for each in finding.state().values()) < 1000
    loud = np.array([[1, 0.3, 0.1, 0.9]], np.float32)
    found = [*finding.feed(loud), *finding.feed(loud * 0), *finding.finish()]
    assert [(event.onset, event.offset, event.index) for event in found] == [
        (0.0, 3000.01, 0),
        (0.0, 3000.01, 3),
    ]


def test_only_classes_in_which_something_happens_are_worked_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worked_on = []

    def counted(chains: Any, *rest: Any) -> Any:
        worked_on.append(len(chains))
        return advanced(chains, *rest)

    advanced = thresholding.advanced
    monkeypatch.setattr(thresholding, "advanced", counted)
    finding = EventFinder(100, threshold=0.5, threshold_off=0.3, merge_gap=0.1)
    quiet = np.full((100, 527), 0.1, np.float32)
    below, loud, late = quiet.copy(), quiet.copy(), quiet.copy()
    below[10:20, :50] = 0.4
    loud[10:20, 100:107] = 0.6
    late[-5:, 3] = 0.4
    for piece, n_classes in ((quiet, 0), (below, 0), (loud, 7), (quiet, 0), (late, 1), (quiet, 1)):
        finding.feed(piece)
        assert sum(worked_on) == n_classes
        worked_on.clear()


def test_what_was_fed_may_be_overwritten() -> None:
    finding = EventFinder(10, labels=LABELS, smooth=0.5)
    block = np.full((8, 4), 0.9, np.float32)
    finding.feed(block)
    state = finding.state()
    block[:] = 0
    again = EventFinder(10, labels=LABELS, smooth=0.5, state=state)
    again.feed(block)
    for array in state.values():
        array[...] = np.zeros((), array.dtype)
    (event, *_) = finding.finish()
    assert (event.onset, event.offset) == (0.0, 0.8)
    assert event.mean_probability == pytest.approx(0.9)


def test_a_state_can_be_used_twice() -> None:
    block = np.full((8, 4), 0.9, np.float32)
    finding = EventFinder(10, labels=LABELS)
    finding.feed(block)
    state = finding.state()
    for _ in range(2):
        again = EventFinder(10, labels=LABELS, state=state)
        found = [*again.feed(block * 0), *again.finish()]
        assert [(event.onset, event.offset) for event in found] == [(0.0, 0.8)] * 4


def test_a_run_begins_before_the_filter_sees_it_end() -> None:
    rules = {"threshold": 0.9, "threshold_off": 0.4, "smooth": 0.3, "labels": LABELS}
    frames = np.tile(np.array([0, 0, 4, 4, 0, 4, 9, 9, 0, 0], np.float32)[:, None] / 10, 4)
    finding = EventFinder(10, **rules)
    found = in_order(*fed(in_pieces(frames, [5]), None, finding))
    assert [(event.onset, event.offset) for event in found] == [(0.2, 0.8)] * 4


def test_a_mean_is_at_most_the_maximum() -> None:
    # A sum of many numbers with all their digits is rounded up as often as down.
    frames = np.full((10_000, 4), [0.6, 0.7, 0.8, 0.9])
    for event in in_order(*fed(in_pieces(frames, [777]), None, EventFinder(10, labels=LABELS))):
        assert event.mean_probability <= event.probability
        assert event.mean_probability == pytest.approx(event.probability, rel=1e-12)


def test_padding_of_less_than_half_a_frame_waits_for_the_end() -> None:
    frames = np.tile(np.array([[0], [0.9], [0], [0]], np.float32), 4)
    found = fed(in_pieces(frames, [1]), 1.05, EventFinder(2, labels=LABELS, pad=0.1))
    assert found[:-1] == [[]] * 4
    assert [(event.onset, event.offset) for event in found[-1]] == [(0.4, 1.05)] * 4


def test_a_filter_longer_than_the_recording() -> None:
    frames = np.full((50, 4), 0.9, np.float32)
    for smooth in (5.0, 10.0, 1e300):
        finding = EventFinder(10, labels=LABELS, smooth=smooth)
        found = fed(in_pieces(frames, [7]), None, finding)
        assert found[:-1] == [[]] * 8
        assert found[-1] == find_events(frames, 10, labels=LABELS, smooth=smooth)
        assert len(found[-1]) == 4


def test_no_pieces_and_empty_ones() -> None:
    assert EventFinder(100).finish() == []
    assert EventFinder(100).finish(5.0) == []
    finding = EventFinder(10, labels=LABELS)
    assert finding.feed(np.zeros((0, 4))) == []
    finding.feed(np.full((3, 4), 0.9, np.float32))
    assert finding.feed(np.zeros((0, 4))) == []
    assert finding.state()["frames"].dtype == np.float32
    assert len(finding.finish(0.25)) == 4


def test_rows_of_seconds() -> None:
    finding = EventFinder(0.5, labels=LABELS, pad=1.0)
    frames = np.zeros((9, 4), np.float32)
    frames[2:5, 1] = 0.7
    found = in_order(*fed(in_pieces(frames, [1]), 17.0, finding))
    assert [(event.onset, event.offset, event.label) for event in found] == [(3.0, 11.0, "Dog")]


@pytest.mark.parametrize(
    ("piece", "message"),
    [
        (np.zeros(4, np.float32), r"must be \(frames, 4\), one column for each label, not \(4,\)"),
        (np.zeros((2, 3), np.float32), r"must be \(frames, 4\).* not \(2, 3\)"),
        (np.zeros((2, 4), int), "must be floats, not int64"),
        (np.zeros((2, 4)), "must be of one type: float64 came after float32"),
        (np.full((2, 4), np.nan, np.float32), r"values that are not a number \(NaN\)"),
    ],
)
def test_a_piece_that_makes_no_sense_changes_nothing(piece: Array, message: str) -> None:
    finding = EventFinder(10, labels=LABELS)
    finding.feed(np.full((3, 4), 0.9, np.float32))
    with pytest.raises(UsageError, match=message):
        finding.feed(piece)
    finding.feed(np.full((3, 4), 0.8, np.float32))
    assert [(event.onset, event.offset) for event in finding.finish()] == [(0.0, 0.6)] * 4


@pytest.mark.parametrize(
    ("duration", "message"),
    [
        (-1.0, "duration must be a number of seconds, 0 or more, not -1"),
        (math.nan, "duration must be a number of seconds"),
        (0.8, r"cannot end after 0.8 seconds: 10 frames at 10 in a second .* only the last may"),
    ],
)
def test_a_recording_ends_where_its_frames_do(duration: float, message: str) -> None:
    finding = EventFinder(10, labels=LABELS)
    finding.feed(np.full((10, 4), 0.9, np.float32))
    with pytest.raises(UsageError, match=message):
        finding.finish(duration)
    assert [event.offset for event in finding.finish(0.81)] == [0.81] * 4


def test_a_recording_ends_once() -> None:
    finding = EventFinder(10, labels=LABELS)
    finding.finish()
    for again in (finding.finish, finding.state, lambda: finding.feed(np.zeros((1, 4)))):
        with pytest.raises(UsageError, match="has ended: another one needs a new EventFinder"):
            again()


def test_a_state_of_other_classes() -> None:
    state = EventFinder(10, labels=LABELS).state()
    with pytest.raises(UsageError, match="a state of 4 classes does not fit to 527 labels"):
        EventFinder(10, state=state)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"frames_per_second": 0}, "frames_per_second must be above 0, not 0"),
        ({"pad": -1}, "^pad must be a number of seconds"),
        ({"threshold": 2.0}, "threshold must be a probability"),
        ({"classes": ["Dof"]}, "unknown label 'Dof'; did you mean Dog"),
    ],
)
def test_rules_are_checked_before_the_first_frame(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        EventFinder(**{"frames_per_second": 10, "labels": LABELS, **given})
