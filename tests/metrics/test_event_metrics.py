"""F1 and error rate of events against sed_eval and psds_eval, and against slow obvious versions."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panns_inference.errors import UsageError
from panns_inference.events import Event
from panns_inference.metrics import (
    Annotation,
    Counts,
    Errors,
    curves_of_estimates,
    event_based,
    intersection_based,
    psds,
    segment_based,
)
from panns_inference.metrics.matching import largest_matching

ORACLE: dict[str, Any] = json.loads(
    Path(__file__).with_name("sed_eval.json").read_text(encoding="utf-8")
)

Events = list[Annotation]


def annotations(events: dict[str, list[Any]]) -> dict[str, Events]:
    return {name: [Annotation(*each) for each in those] for name, those in events.items()}


REFERENCE = annotations(ORACLE["reference"])
ESTIMATES = [annotations(each) for each in ORACLE["estimates"]]


def compare(found: Any, expected: dict[str, Any]) -> None:
    """All figures are those of sed_eval."""
    errors = found.errors
    values = {
        "f1": found.f1,
        "precision": found.micro.precision,
        "recall": found.micro.recall,
        "error_rate": found.error_rate,
        "substitutions": errors.substitutions / errors.n_reference,
        "macro_f1": found.macro_f1,
        "macro_error_rate": found.macro_error_rate,
    }
    for name, value in values.items():
        assert value == pytest.approx(expected[name], abs=1e-9), name
    for label, (f1, error_rate) in expected["classes"].items():
        counts = found.classes[label]
        assert [counts.f1, counts.error_rate] == pytest.approx([f1, error_rate], abs=1e-9)


@pytest.mark.parametrize("case", ORACLE["segment_based"], ids=lambda case: str(case["segment"]))
def test_segment_based_figures_are_those_of_sed_eval(case: dict[str, Any]) -> None:
    compare(segment_based(REFERENCE, ESTIMATES[0], segment=case["segment"]), case)


@pytest.mark.parametrize("case", ORACLE["event_based"], ids=lambda case: str(case["collars"]))
def test_event_based_figures_are_those_of_sed_eval(case: dict[str, Any]) -> None:
    collar, offset_collar, share = case["collars"]
    found = event_based(
        REFERENCE,
        ESTIMATES[case["estimate"]],
        collar=collar,
        offset_collar=offset_collar or None,
        offset_share=share,
    )
    compare(found, case)


@pytest.mark.parametrize("case", ORACLE["intersections"], ids=lambda case: str(case["criteria"]))
def test_intersections_and_psds_are_those_of_psds_eval(case: dict[str, Any]) -> None:
    dtc, gtc, cttc, alpha_ct, alpha_st = case["criteria"]
    found = intersection_based(REFERENCE, ESTIMATES[0], dtc=dtc, gtc=gtc)
    assert found.macro_f1 == pytest.approx(case["macro_f1"], abs=1e-9)
    f1 = {label: counts.f1 for label, counts in found.classes.items()}
    assert f1 == pytest.approx(case["classes"], abs=1e-9)
    curves = curves_of_estimates(
        REFERENCE, ESTIMATES, ORACLE["durations"], dtc=dtc, gtc=gtc, cttc=cttc
    )
    score = psds(curves, alpha_ct=alpha_ct, alpha_st=alpha_st, max_efpr=ORACLE["max_efpr"])
    assert score.value == pytest.approx(case["psds"], abs=1e-9)


tenths = st.integers(0, 40).map(lambda k: k / 10)
sounds = st.builds(
    lambda onset, length, label: Annotation(onset, round(onset + length, 1), label),
    tenths,
    st.integers(1, 15).map(lambda k: k / 10),
    st.sampled_from("AB"),
)
some = st.lists(sounds, max_size=6)


@given(some.filter(bool), some, st.sampled_from([0.5, 1.0]))
def test_segments_are_those_that_overlap(there: Events, found: Events, length: float) -> None:
    def active(events: Events, label: str, k: int) -> bool:
        # In tenths, which are whole numbers.
        first, last = round(10 * length) * k, round(10 * length) * (k + 1)
        return any(
            each.label == label
            and round(10 * each.onset) < last
            and round(10 * each.offset) > first
            for each in events
        )

    labels = {each.label for each in there}
    grid = [(label, k) for label in labels for k in range(20)]
    both = [(active(there, *each), active(found, *each)) for each in grid]
    hits, extra, missed = (
        both.count(pair) for pair in ((True, True), (False, True), (True, False))
    )
    scores = segment_based({"a": there}, {"a": found}, segment=length)
    assert scores.micro == Counts(hits, extra, missed)
    assert scores.errors is not None
    assert scores.errors.substitutions + scores.errors.deletions == missed
    assert scores.errors.substitutions + scores.errors.insertions == extra


@given(some.filter(bool), some)
def test_as_many_events_are_paired_as_can_be(there: Events, found: Events) -> None:
    def near(one: Annotation, other: Annotation) -> bool:
        onset, offset = (abs(round(10 * one[k]) - round(10 * other[k])) for k in (0, 1))
        length = round(10 * one.offset) - round(10 * one.onset)
        return one.label == other.label and onset <= 2 and offset <= max(2, length / 5)

    def most(left: Events, right: Events) -> int:
        if not left:
            return 0
        first, *others = left
        pairs = [k for k, each in enumerate(right) if near(first, each)]
        return max(
            [most(others, right), *(1 + most(others, right[:k] + right[k + 1 :]) for k in pairs)]
        )

    labels = {each.label for each in there}
    counted = [each for each in found if each.label in labels]
    hits = most(there, counted)
    scores = event_based({"a": there}, {"a": found})
    assert scores.micro == Counts(hits, len(counted) - hits, len(there) - hits)


@given(some.filter(bool), some, st.sampled_from([0.25, 0.65]), st.sampled_from([0.25, 0.65]))
def test_intersections_are_shares_of_lengths(
    there: Events, found: Events, dtc: float, gtc: float
) -> None:
    def common(one: Annotation, other: Annotation) -> int:
        ends = min(round(10 * one.offset), round(10 * other.offset))
        starts = max(round(10 * one.onset), round(10 * other.onset))
        return max(0, ends - starts) if one.label == other.label else 0

    def is_covered(one: Annotation, others: Events, share: float) -> bool:
        length = round(10 * one.offset) - round(10 * one.onset)
        return sum(common(one, each) for each in others) >= share * length - 1e-5

    counted = [each for each in found if each.label in {one.label for one in there}]
    relevant = [each for each in counted if is_covered(each, there, dtc)]
    hits = sum(is_covered(each, relevant, gtc) for each in there)
    scores = intersection_based({"a": there}, {"a": found}, dtc=dtc, gtc=gtc)
    assert scores.micro == Counts(hits, len(counted) - len(relevant), len(there) - hits)


@given(st.lists(st.lists(st.integers(0, 4), max_size=3, unique=True), max_size=4))
def test_the_largest_matching_is_the_largest(candidates: list[list[int]]) -> None:
    choices = itertools.product(*([None, *each] for each in candidates))
    taken = ([each for each in choice if each is not None] for choice in choices)
    found = largest_matching(candidates)
    assert len(found) == max(len(each) for each in taken if len({*each}) == len(each))
    assert len({*found.values()}) == len(found)
    assert all(each in candidates[number] for number, each in found.items())


def test_long_chains_of_events_are_paired() -> None:
    # Each fits two, and the last only the first: all must move on by one.
    candidates = [[k, k + 1] for k in range(3000)]
    assert len(largest_matching([*candidates, [0]])) == 3001


def test_borders_are_what_they_are_written_as() -> None:
    # 0.8 - 0.6 is more than 0.2, and 0.3 / 0.1 is less than 3.
    assert event_based({"a": [Annotation(0.6, 2, "A")]}, {"a": [Annotation(0.8, 2, "A")]}).f1 == 1
    there, found = {"a": [Annotation(0.3, 0.7, "A")]}, {"a": [Annotation(0.2, 0.7, "A")]}
    assert segment_based(there, found, segment=0.1).micro == Counts(4, 1, 0)
    assert event_based(there, {"a": [Annotation(0.31, 1.7, "A")]}, offset_collar=None).f1 == 1


# What sed_eval counts (optimal matching, collars of 0.2 s and 20 %), worked out by hand.
@pytest.mark.parametrize(
    ("truth", "found", "hits"),
    [
        ([(1.0, 2.0)], [(1.0, 2.0)], 1),
        ([(1.0, 2.0)], [(1.2, 2.2)], 1),
        ([(1.0, 2.0)], [(1.25, 2.0)], 0),
        ([(1.0, 2.0)], [(1.0, 2.25)], 0),
        # A fifth of 5 s is a second, at the offset alone.
        ([(1.0, 6.0)], [(1.0, 6.9)], 1),
        ([(1.0, 6.0)], [(1.5, 6.0)], 0),
        # The length that counts is that of the truth.
        ([(1.0, 1.5)], [(1.0, 3.0)], 0),
        # One finds one.
        ([(1.0, 2.0)], [(1.0, 2.0), (1.1, 2.1)], 1),
        ([(1.0, 2.0), (1.1, 2.1)], [(1.0, 2.0)], 1),
        # The first could take either, the second only the first's.
        ([(1.0, 2.0), (1.2, 2.2)], [(1.15, 2.15), (0.9, 1.9)], 2),
    ],
)
def test_events_are_counted_as_by_hand(
    truth: list[tuple[float, float]], found: list[tuple[float, float]], hits: int
) -> None:
    there, ours = ({"a": [Annotation(*each, "A") for each in those]} for those in (truth, found))
    n_false, n_missed = len(found) - hits, len(truth) - hits
    assert event_based(there, ours).micro == Counts(hits, n_false, n_missed)


def test_another_class_is_one_substitution() -> None:
    reference = {"a": [Annotation(0, 1, "A"), Annotation(5, 6, "B")], "b": []}
    estimate = {"a": [Annotation(0.1, 1, "B")], "b": [Annotation(3, 4, "A")]}
    found = event_based(reference, estimate)
    assert found.errors == Errors(substitutions=1, deletions=1, insertions=1, n_reference=2)
    assert [found.error_rate, found.macro_error_rate, found.f1] == [1.5, 2, 0]
    assert segment_based(reference, estimate).errors == Errors(1, 1, 1, 2)


def test_classes_of_the_reference_count() -> None:
    reference = {"a": [Annotation(0, 1, "A")]}
    event = Event(0.0, 1.0, "A", "", 0, 0.9, 0.8)
    estimate = {"a": [event, Annotation(0, 1, "C")]}
    assert event_based(reference, estimate).micro == Counts(1, 0, 0)
    assert event_based(reference, estimate, labels=["C"]).micro == Counts(0, 1, 0)
    with pytest.raises(UsageError, match="the reference has no C: it has A"):
        curves_of_estimates(reference, [estimate], {"a": 1}, labels=["C"])
    with pytest.raises(UsageError, match="the reference has no events"):
        segment_based({"a": []}, estimate)


def test_where_nothing_is_there_is_no_figure() -> None:
    assert math.isnan(Counts(0, 0, 0).f1)
    assert math.isnan(Counts(0, 0, 2).precision)
    assert Counts(0, 0, 2).f1 == Counts(0, 0, 2).recall == 0
    assert math.isnan(intersection_based({"a": [Annotation(0, 1, "A")]}, {}).error_rate)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda one: segment_based(one, one, segment=0), "segment must be .* above 0, not 0"),
        (lambda one: event_based(one, one, collar=-1), "collar must be a number, 0 or more"),
        (lambda one: event_based(one, one, offset_share=math.nan), "offset_share must be"),
        (lambda one: intersection_based(one, one, dtc=0), "dtc must be a share above 0"),
        (lambda one: curves_of_estimates(one, [one], {}), "the duration of 'a' is needed"),
    ],
)
def test_what_makes_no_sense_is_refused(call: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        call({"a": [Annotation(0, 1, "A")]})
