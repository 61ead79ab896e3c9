"""Boxes by example: where they begin and end, what is merged, what is refused, what it costs."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from panns_inference import UsageError
from panns_inference.events import Event, EventFinder, Rules, find_events

NAMES = ["Dog", "Bell", "Rain, heavy"]

TWO = [(0.2, 0.4), (0.5, 0.7)]


def framewise(text: str) -> np.ndarray:
    """Probabilities of three classes, ten frames a second: each digit is tenths of one frame."""
    values = np.zeros((len(text), 3), np.float32)
    values[:, 1] = [int(digit) / 10 for digit in text]
    return values


def found(text: str, **rules: Any) -> list[Event]:
    given = {"step_filter": 0.4, "threshold": 0.1, "method": "boxes", **rules}
    return find_events(framewise(text), 10, labels=NAMES, **given)


def spans(text: str, **rules: Any) -> list[tuple[float, float]]:
    return [(event.onset, event.offset) for event in found(text, **rules)]


@pytest.mark.parametrize(
    ("text", "rules", "wanted"),
    [
        ("0000000000", {}, []),
        ("", {}, []),
        ("9", {}, [(0.0, 0.1)]),
        ("5555555555", {}, [(0.0, 1.0)]),
        ("0006660000", {}, [(0.3, 0.6)]),
        ("6660000666", {}, [(0.0, 0.3), (0.7, 1.0)]),
        # Shorter than half the filter: a plateau of several boundaries, and one where it changes.
        ("0000600000", {}, [(0.4, 0.5)]),
        ("0000600000", {"step_filter": 2.0}, [(0.4, 0.5)]),
        # A rise in equal steps is a plateau, too: as early as it goes, and a fall as late.
        ("0488888400", {"step_filter": 0.2}, [(0.1, 0.8)]),
        # What lies between two sounds divides them, but for a little.
        ("0088100880", {"step_filter": 0.2}, [(0.2, 0.4), (0.7, 0.9)]),
        ("0088488000", {"step_filter": 0.2}, [(0.2, 0.7)]),
        ("0088388000", {"step_filter": 0.2}, TWO),
        ("0088388000", {"step_filter": 0.2, "merge_ratio": 3}, [(0.2, 0.7)]),
        ("0088388000", {"step_filter": 0.2, "merge_ratio": 3, "merge_difference": 0.4}, TWO),
        ("0088088000", {"step_filter": 0.2, "merge_ratio": float("inf")}, [(0.2, 0.7)]),
        # The larger of both neighbours counts, and not what they were merged with before.
        ("0994553660", {"step_filter": 0.2}, [(0.1, 0.3), (0.4, 0.9)]),
        ("0995554660", {"step_filter": 0.2}, [(0.1, 0.9)]),
        # The threshold is one of the mean, and moves no onset and no offset.
        ("0029920000", {"threshold": 0.9}, [(0.3, 0.5)]),
        ("0029920000", {"threshold": 0.91}, []),
        ("0029920000", {"min_duration": 0.2}, [(0.3, 0.5)]),
        ("0029920000", {"min_duration": 0.3}, []),
        ("0000000009", {"duration": 0.95}, [(0.9, 0.95)]),
        ("0000000009", {"duration": 0.9}, []),
        ("0006660000", {"step_filter": 1e300}, [(0.3, 0.6)]),
        ("0006660000", {"step_filter": 1e-9}, [(0.3, 0.6)]),
    ],
)
def test_where_boxes_begin_and_end(
    text: str, rules: dict[str, Any], wanted: list[tuple[float, float]]
) -> None:
    assert spans(text, **rules) == wanted


def test_a_box_knows_its_class_and_its_probabilities() -> None:
    (event,) = found("0090760000", merge_ratio=float("inf"))
    assert (event.onset, event.offset, event.index) == (0.2, 0.6, 1)
    assert (event.label, event.mid) == ("Bell", "/m/0395lw")
    assert event.probability == np.float32(0.9)
    # Of all its frames, those between the merged ones included.
    assert event.mean_probability == pytest.approx((0.9 + 0.0 + 0.7 + 0.6) / 4)


def test_segments_of_a_network_have_boxes_from_one_segment_to_another() -> None:
    segments = np.array([0.01, 0.05, 0.3, 0.8, 0.9, 0.85, 0.4, 0.1, 0.02, 0.01, 0.02])
    for length in (16, 32):
        values = np.repeat(segments[:, None], length, axis=0)
        (event,) = find_events(values, 100, labels=["a"], method="boxes", threshold=0.3)
        assert event.onset * 100 % length == event.offset * 100 % length == 0


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_mean_that_was_rounded_is_at_its_threshold(dtype: type) -> None:
    for tenths in range(1, 11):
        values = np.full((7, 3), tenths / 10, dtype)
        rules = {"threshold": tenths / 10, "labels": NAMES, "method": "boxes"}
        assert len(find_events(values, 10, **rules)) == 3
        assert len(find_events(values, 10, **{**rules, "threshold": {"Bell": tenths / 10}})) >= 1


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"method": "box"}, "^method must be threshold or boxes, not 'box'"),
        ({"smooth": 0.1}, "^smooth is a rule of the method threshold and means nothing to boxes"),
        ({"merge_gap": 1}, "^merge_gap is a rule of the method threshold"),
        ({"pad": 0.1}, "^pad is a rule of the method threshold"),
        ({"threshold_off": {"Dog": 0.1}}, "^threshold_off is a rule of the method threshold"),
        ({"threshold_off": [0.1] * 3}, "^threshold_off is a rule of the method threshold"),
        ({"method": "threshold", "step_filter": 1}, "^step_filter is a rule of the method boxes"),
        (
            {"method": "threshold", "merge_ratio": 3},
            "leave it out, or give method='boxes'",
        ),
        ({"step_filter": 0}, "^step_filter must be a number of seconds above 0, not 0"),
        ({"step_filter": float("nan")}, "^step_filter must be a number of seconds above 0"),
        ({"merge_difference": -0.1}, "^merge_difference must be a difference of probabilities"),
        ({"merge_difference": 1.5}, "from 0 to 1, not 1.5"),
        ({"merge_ratio": 0.5}, "^merge_ratio must be a ratio of 1 or more, not 0.5"),
        ({"merge_ratio": float("nan")}, "^merge_ratio must be a ratio of 1 or more"),
        ({"threshold": 0}, "^threshold must be a probability above 0"),
        ({"framewise": np.full((5, 3), 1.5)}, r"in \[0, 1\] for method='boxes', .* in \[0, 1.5\]"),
        ({"framewise": np.full((5, 3), -2.0)}, r"but these lie in \[-2, 0\]"),
        ({"framewise": np.full((5, 3), np.nan)}, r"values that are not a number \(NaN\)"),
    ],
)
def test_what_makes_no_sense_is_refused(rules: dict[str, Any], message: str) -> None:
    given = {"framewise": np.zeros((5, 3)), "frames_per_second": 10, "labels": NAMES}
    with pytest.raises(UsageError, match=message):
        find_events(**{**given, "method": "boxes", **rules})


def test_rules_that_are_as_they_always_are_may_be_given() -> None:
    assert Rules(method="boxes", smooth=0, threshold_off=None).method == "boxes"
    assert Rules(method="threshold", merge_ratio=2).merge_ratio == 2


@pytest.mark.parametrize(
    ("text", "when"),
    [
        # An offset is seen half a filter and a frame later, and one frame may be cut off.
        ("00999000000000000", 5 + 2 + 2),
        # Below half of its largest probability it is over; up to that it may go on.
        ("00999500000000000", 6 + 2 + 2),
        ("00999555555500000", 12 + 2 + 2),
        ("00999999999999999", 17 + 1),
    ],
)
def test_when_a_box_is_known(text: str, when: int) -> None:
    finding = EventFinder(10, labels=NAMES, method="boxes", step_filter=0.4)
    pieces = [finding.feed(row[None]) for row in framewise(text)]
    assert next(n for n, events in enumerate([*pieces, finding.finish()], 1) if events) == when


def test_a_box_of_hours_holds_little() -> None:
    finding = EventFinder(100, labels=NAMES, method="boxes")
    rng = np.random.default_rng(0)
    piece = rng.uniform(0.6, 1, (10_000, 3)).astype(np.float32)
    n_bytes = set()
    tracemalloc.start()
    try:
        for _ in range(50):
            assert finding.feed(piece) == []
            n_bytes.add(sum(each.nbytes for each in finding.state().values()))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(n_bytes) == 1
    assert n_bytes.pop() < 3000
    assert held < 50_000
    events = finding.finish()
    assert [(event.onset, event.offset) for event in events] == [(0.0, 5000.0)] * 3
    for event in events:
        assert event.probability == piece[:, event.index].max()
        assert event.mean_probability == pytest.approx(piece[:, event.index].mean(dtype=float))


def test_hours_of_silence_and_of_one_level_hold_little() -> None:
    finding = EventFinder(100, labels=NAMES, method="boxes")
    told = []
    for level in (0.0, 0.3, 0.7, 0.3, 0.0):
        for _ in range(20):
            told += finding.feed(np.full((5000, 3), level, np.float32))
            assert sum(each.nbytes for each in finding.state().values()) < 3000
    told += finding.finish()
    assert [(event.onset, event.offset) for event in told] == [(2000.0, 3000.0)] * 3
