"""Events by example: what each rule does, what is refused, what it costs."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import numpy as np
import pytest

from panns_inference import UsageError
from panns_inference.audioset import labels, mids
from panns_inference.events import Event, Rules, find_events, search
from panns_inference.events.finder import SEARCHES
from panns_inference.events.rules import RULES_OF
from panns_inference.registry import METHODS

NAMES = ["Dog", "Bell", "Rain, heavy"]


def framewise(text: str, *, column: int = 0) -> np.ndarray:
    """Probabilities of three classes, ten frames a second: each digit is tenths of one frame."""
    values = np.zeros((len(text), 3), np.float32)
    values[:, column] = [int(digit) / 10 for digit in text]
    return values


def spans(text: str, **rules: Any) -> list[tuple[float, float]]:
    found = find_events(framewise(text), 10, labels=NAMES, **rules)
    return [(round(event.onset, 6), round(event.offset, 6)) for event in found]


@pytest.mark.parametrize(
    ("text", "rules", "wanted"),
    [
        ("0000000000", {}, []),
        ("0066600900", {}, [(0.2, 0.5), (0.7, 0.8)]),
        ("5555555555", {}, [(0.0, 1.0)]),
        ("0459954000", {"threshold": 0.9, "threshold_off": 0.5}, [(0.2, 0.6)]),
        ("0444000940", {"threshold": 0.9, "threshold_off": 0.4}, [(0.7, 0.9)]),
        ("0909000000", {"smooth": 0.3}, [(0.2, 0.3)]),
        ("9000000009", {"smooth": 0.3}, [(0.0, 0.1), (0.9, 1.0)]),
        ("0009909900", {"smooth": 0.3}, [(0.3, 0.8)]),
        ("0009900000", {"smooth": 0.5}, []),
        ("0009990000", {"smooth": 0.5}, [(0.3, 0.6)]),
        ("9900990900", {"merge_gap": 0.1}, [(0.0, 0.2), (0.4, 0.8)]),
        ("9900990900", {"merge_gap": 0.2}, [(0.0, 0.8)]),
        ("9900990900", {"min_duration": 0.2}, [(0.0, 0.2), (0.4, 0.6)]),
        ("9900990900", {"min_duration": 0.2, "merge_gap": 0.1}, [(0.0, 0.2), (0.4, 0.8)]),
        ("9900990900", {"min_duration": 0.3, "pad": 0.1}, []),
        ("0090000900", {"pad": 0.15}, [(0.05, 0.45), (0.55, 0.95)]),
        ("0090000900", {"pad": 0.2}, [(0.0, 1.0)]),
        ("0900000090", {"pad": 0.2}, [(0.0, 0.4), (0.6, 1.0)]),
        ("0099990000", {"duration": 0.45}, [(0.2, 0.45)]),
        ("0099990000", {"duration": 0.45, "min_duration": 0.3}, []),
        ("0000000009", {"duration": 0.9}, []),
        ("0000000009", {"duration": 3.0, "pad": 9.0}, [(0.0, 3.0)]),
        ("9999999999", {"duration": 0.0}, []),
        ("9" * 10, {"smooth": 1e300, "merge_gap": 1e300, "pad": 1e300}, [(0.0, 1.0)]),
        ("9" * 10, {"smooth": 1e308, "merge_gap": 1e308, "pad": 1e308}, [(0.0, 1.0)]),
        ("9" * 10, {"min_duration": 1e308}, []),
        ("9" * 10, {"duration": 1e308}, [(0.0, 1.0)]),
    ],
)
def test_the_rules(text: str, rules: dict[str, Any], wanted: list[tuple[float, float]]) -> None:
    assert spans(text, **rules) == wanted


def test_an_event_knows_its_class_and_its_probabilities() -> None:
    (event,) = find_events(
        framewise("0090760000", column=1), 10, labels=NAMES, merge_gap=0.1, pad=1
    )
    assert event.label == "Bell"
    assert event.mid == "/m/0395lw"
    assert event.index == 1
    assert (event.onset, event.offset) == (0.0, 1.0)
    assert event.probability == np.float32(0.9)
    # Of the four frames that it was found in, the closed gap among them, the padding not.
    assert event.mean_probability == pytest.approx((0.9 + 0.0 + 0.7 + 0.6) / 4)
    assert json.loads(json.dumps(event.to_dict()))["mean_probability"] == event.mean_probability
    (other,) = find_events(framewise("9", column=2), 10, labels=NAMES)
    assert (other.label, other.mid, other.duration) == ("Rain, heavy", "", 0.1)


def test_probabilities_are_those_before_smoothing() -> None:
    (event,) = find_events(framewise("0909000000"), 10, labels=NAMES, smooth=0.3)
    assert (event.probability, event.mean_probability) == (0.0, 0.0)


def test_the_classes_of_audioset_are_the_default() -> None:
    values = np.zeros((701, 527), np.float32)
    values[70:140, 0] = 0.8
    values[70:140, 526] = 0.7
    values[-1] = 0.9
    found = find_events(values, 100, duration=7.0)
    assert [(each.onset, each.offset, each.label) for each in found] == [
        (0.7, 1.4, labels[0]),
        (0.7, 1.4, labels[526]),
    ]
    assert [each.mid for each in found] == [mids[0], mids[526]]


def test_events_by_onset_then_offset_then_index() -> None:
    values = np.stack([np.array(list(row), float) for row in ("0110", "1100", "0100")], axis=1)
    found = find_events(values, 1, labels=NAMES)
    assert [(event.onset, event.offset, event.index) for event in found] == [
        (0, 2, 1),
        (1, 2, 2),
        (1, 3, 0),
    ]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_probability_that_was_rounded_reaches_its_threshold(dtype: type) -> None:
    for tenths in range(1, 11):
        values = np.full((3, 3), tenths / 10, dtype)
        rules = {"threshold": tenths / 10, "labels": NAMES}
        assert len(find_events(values, 10, **rules)) == 3
        assert len(find_events(values, 10, **{**rules, "threshold": [tenths / 10] * 3})) == 3


@pytest.mark.parametrize("n_frames", range(2, 200))
def test_a_number_of_seconds_is_a_number_of_frames(n_frames: int) -> None:
    # 0.29 * 100 and 0.58 * 100 are a little less than 29 and 58, 0.07 * 100 a little more than 7.
    seconds = n_frames / 100
    gap = framewise(f"9{'0' * n_frames}9")

    def count(values: np.ndarray, **rules: Any) -> int:
        return len(find_events(values, 100, labels=NAMES, classes=0, **rules))

    assert (count(gap, merge_gap=seconds), count(gap, merge_gap=seconds - 0.01)) == (1, 2)
    assert (count(gap, pad=seconds / 2), count(gap, pad=(seconds - 0.01) / 2)) == (1, 2)
    assert count(gap, duration=seconds + 0.01) == 1
    sound = 1 - gap
    assert count(sound, min_duration=seconds) == 1
    assert count(sound, min_duration=seconds + 0.01) == 0
    among_others = np.pad(sound, ((n_frames, n_frames), (0, 0)))
    assert count(among_others, smooth=(2 * n_frames - 2) / 100) == 1
    assert count(among_others, smooth=2 * n_frames / 100) == 0


@pytest.mark.parametrize(
    ("threshold", "indices"),
    [
        (0.5, [1, 2]),
        ([0.4, 0.5, 0.7], [0, 1]),
        (np.array([1.0, 1.0, 0.6]), [2]),
        ({"dog": 0.4}, [0, 1, 2]),
        ({"Dog": 0.4, 1: 0.9, "/m/0395lw": 0.8}, [0, 2]),
        ({}, [1, 2]),
    ],
)
def test_a_threshold_for_each_class(threshold: Any, indices: list[int]) -> None:
    values = np.full((5, 3), [0.4, 0.5, 0.6])
    found = find_events(values, 10, labels=NAMES, threshold=threshold)
    assert [event.index for event in found] == indices


def test_a_lower_threshold_for_some_classes() -> None:
    values = np.tile(np.array([[0.3], [0.6], [0.4]]), 3)
    found = find_events(values, 1, labels=NAMES, threshold_off={"Bell": 0.3, "Rain, heavy": 0.4})
    assert [(event.index, event.onset, event.offset) for event in found] == [
        (1, 0, 3),
        (0, 1, 2),
        (2, 1, 3),
    ]


@pytest.mark.parametrize(
    ("chosen", "indices"),
    [
        (None, [0, 1, 2]),
        ((), []),
        (["Bell"], [1]),
        ("rain heavy", [2]),
        (2, [2]),
        (["2", "/m/0395lw"], [1, 2]),
        (np.array([0, 2]), [0, 2]),
    ],
)
def test_the_ways_to_name_a_class(chosen: Any, indices: list[int]) -> None:
    values = np.full((5, 3), 0.9)
    found = find_events(values, 10, labels=NAMES, classes=chosen)
    assert [event.index for event in found] == indices
    if chosen is not None:
        found = find_events(values, 10, labels=NAMES, exclude=chosen)
        assert [event.index for event in found] == sorted({0, 1, 2} - set(indices))


def test_a_label_goes_before_an_index() -> None:
    values = np.full((5, 3), 0.9)
    (event,) = find_events(values, 10, labels=["2", "1", "0"], classes="2")
    assert event.index == 0


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"threshold": 0}, r"^threshold must be a probability above 0 and at most 1, not 0 \(Dog"),
        ({"threshold": float("nan")}, "threshold must be a probability above 0 .* not nan"),
        ({"threshold": [0.5, 1.5, 0.5]}, r"at most 1, not 1\.5 \(Bell\)"),
        ({"threshold": [0.5, 0.5]}, r"one for each of the 3 classes, not an array of shape \(2,\)"),
        ({"threshold": {"Cat": 0.5}}, "unknown label 'Cat'; did you mean one of: "),
        ({"threshold_off": 0.6}, "threshold_off must be at most threshold, but for 'Dog' 0.6 is "),
        ({"threshold_off": -0.1}, r"^threshold_off must be a probability above 0"),
        ({"threshold": {"Bell": 0.2}, "threshold_off": 0.3}, "for 'Bell' 0.3 is above 0.2"),
        ({"smooth": -1}, "^smooth must be a number of seconds, 0 or more, not -1"),
        ({"merge_gap": float("nan")}, "^merge_gap must be a number of seconds"),
        ({"min_duration": float("inf")}, "^min_duration must be a number of seconds"),
        ({"pad": -0.1}, "^pad must be a number of seconds"),
        ({"classes": ["Bel"]}, "unknown label 'Bel'; did you mean Bell"),
        ({"classes": [3]}, "there is no class 3: indices go from 0 to 2"),
        ({"exclude": ["-1"]}, "unknown label '-1'"),
        ({"exclude": [-1]}, "there is no class -1"),
        ({"classes": "/m/09x0r"}, "no class has the mid '/m/09x0r'"),
        ({"duration": -1.0}, "duration must be a number of seconds, 0 or more, not -1"),
        ({"duration": float("nan")}, "duration must be a number of seconds"),
        ({"frames_per_second": 0}, "frames_per_second must be above 0, not 0"),
        ({"framewise": 0.5}, r"must be \(frames, 3\), one column .* not \(\)"),
        ({"framewise": np.zeros(5)}, r"must be \(frames, 3\), one column .* not \(5,\)"),
        ({"framewise": np.zeros((5, 4))}, r"must be \(frames, 3\).* not \(5, 4\)"),
        ({"framewise": np.zeros((5, 3), int)}, "must be floats, not int64"),
        ({"framewise": np.full((5, 3), np.nan)}, r"values that are not a number \(NaN\)"),
    ],
)
def test_what_makes_no_sense_is_refused(rules: dict[str, Any], message: str) -> None:
    given = {"framewise": np.zeros((5, 3)), "frames_per_second": 10, "labels": NAMES, **rules}
    with pytest.raises(UsageError, match=message):
        find_events(**given)


def test_rules_that_there_are_not() -> None:
    with pytest.raises(TypeError, match="no argument 'treshold'; did you mean threshold"):
        find_events(np.zeros((5, 3)), 10, labels=NAMES, treshold=0.4)
    with pytest.raises(TypeError, match="cannot be interpreted as an integer"):
        find_events(np.zeros((5, 3)), 10, labels=NAMES, classes=[1.5])
    assert Rules(pad=1.0).pad == 1.0


def test_no_frames() -> None:
    assert find_events(np.zeros((0, 527), np.float32), 100) == []
    assert find_events(np.zeros((0, 527), np.float32), 100, duration=5.0, pad=1.0) == []


def test_the_memory_taken_does_not_grow_with_the_recording() -> None:
    values = np.full((40_000, 527), 0.1, np.float32)
    values[::2000] = 0.9
    piece = search.PIECE * values.itemsize
    assert values.nbytes > 20 * piece
    tracemalloc.start()
    try:
        found = find_events(values, 100, threshold_off=0.5, smooth=0.01, merge_gap=0.1)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found) == 20 * 527
    assert isinstance(found[0], Event)
    assert peak < 8 * piece


def test_classes_may_be_numbers_of_numpy_or_come_one_by_one() -> None:
    loud = np.full((10, 527), 0.9, np.float32)
    expected = find_events(loud, 100, classes=[3, 5])
    assert [event.index for event in expected] == [3, 5]
    assert find_events(loud, 100, classes=iter([3, 5])) == expected
    assert find_events(loud, 100, classes=np.int64(3)) == expected[:1]
    rules = Rules(classes=(index for index in (3, 5)))
    for _ in range(2):
        assert rules.columns(labels).tolist() == [3, 5]


def test_times_are_plain_numbers_whatever_the_rules_are() -> None:
    loud = np.full((10, 527), 0.9, np.float32)
    (event,) = find_events(loud, 100, classes=3, pad=np.float32(0.05), duration=np.float32(1))
    assert json.loads(json.dumps(event.to_dict())) == event.to_dict()


def test_each_method_has_rules_and_a_search() -> None:
    assert METHODS == tuple(RULES_OF) == tuple(SEARCHES)
