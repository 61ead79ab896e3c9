"""Counts at all thresholds against sed_scores_eval, and against events found at each threshold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panns_inference.errors import UsageError
from panns_inference.events import find_events
from panns_inference.metrics import (
    Annotation,
    event_based,
    event_curves,
    intersection_based,
    intersection_curves,
    psds,
)
from panns_inference.metrics import curves as module

ORACLE: dict[str, Any] = json.loads(
    Path(__file__).with_name("sed_scores_eval.json").read_text(encoding="utf-8")
)
REFERENCE = {
    name: [Annotation(*each) for each in those] for name, those in ORACLE["reference"].items()
}
GIVEN: dict[str, Any] = {
    "framewise": {name: np.array(each) for name, each in ORACLE["framewise"].items()},
    "frames_per_second": ORACLE["rate"],
    "columns": ORACLE["labels"],
}


@pytest.mark.parametrize("case", ORACLE["collars"], ids=lambda case: str(case["collars"]))
def test_counts_within_collars_are_those_of_sed_scores_eval(case: dict[str, Any]) -> None:
    collar, offset_collar, share = case["collars"]
    found = event_curves(
        REFERENCE, **GIVEN, collar=collar, offset_collar=offset_collar, offset_share=share
    )
    for label, (thresholds, true, false) in case["curves"].items():
        curve = found.classes[label]
        # Its points are those at which something changes.
        places = np.searchsorted(-curve.thresholds, -np.array(thresholds))
        assert curve.true_positives[places].tolist() == true
        assert curve.false_positives[places].tolist() == false


@pytest.mark.parametrize("case", ORACLE["intersections"], ids=lambda case: str(case["criteria"]))
def test_psds_is_that_of_sed_scores_eval(case: dict[str, Any]) -> None:
    dtc, gtc, cttc, alpha_ct, alpha_st = case["criteria"]
    curves = intersection_curves(REFERENCE, **GIVEN, dtc=dtc, gtc=gtc, cttc=cttc)
    found = psds(curves, alpha_ct=alpha_ct, alpha_st=alpha_st, max_efpr=ORACLE["max_efpr"])
    assert found.value == pytest.approx(case["psds"], abs=1e-9)
    assert found.classes == pytest.approx(case["classes"], abs=1e-9)
    best = {label: curve.best()[1].f1 for label, curve in curves.classes.items()}
    assert best == pytest.approx(case["best_f1"], abs=1e-9)


def test_pieces_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = intersection_curves(REFERENCE, **GIVEN)
    monkeypatch.setattr(module, "PIECE", 1000)
    pieces = intersection_curves(REFERENCE, **GIVEN)
    for label, curve in whole.classes.items():
        assert np.array_equal(curve.thresholds, pieces.classes[label].thresholds)
        assert np.array_equal(curve.true_positives, pieces.classes[label].true_positives)
        assert np.array_equal(curve.cross_triggers, pieces.classes[label].cross_triggers)


levels = st.lists(st.sampled_from([0.1, 0.3, 0.5, 0.9]), min_size=8, max_size=8)


@settings(max_examples=20)
@given(levels, levels)
def test_each_point_is_what_is_found_at_that_threshold(one: list[float], two: list[float]) -> None:
    reference = {"a": [Annotation(0.1, 0.35, "A")], "b": []}
    framewise = {"a": np.array(one)[:, None], "b": np.array(two)[:, None]}
    durations = {"a": 0.8, "b": 0.78}
    given = {"frames_per_second": 10, "columns": ["A"], "durations": durations}
    for curves, judge in (
        (event_curves(reference, framewise, **given), event_based),
        (intersection_curves(reference, framewise, **given), intersection_based),
    ):
        curve = curves.classes["A"]
        assert curve.true_positives[0] == curve.false_positives[0] == 0
        assert curve.thresholds[1:].tolist() == sorted({*one, *two}, reverse=True)
        for point, threshold in enumerate(curve.thresholds.tolist()[1:], start=1):
            found = {
                name: find_events(
                    values, 10, duration=durations[name], labels=["A"], threshold=threshold
                )
                for name, values in framewise.items()
            }
            counts = judge(reference, found).micro
            assert curve.true_positives[point] == counts.true_positives
            assert curve.false_positives[point] == counts.false_positives
            assert curve.f1[point] == counts.f1


def test_what_is_lacking_is_named() -> None:
    others = {name: each for name, each in GIVEN["framewise"].items() if name != "silent.wav"}
    with pytest.raises(UsageError, match=r"no probabilities of 'silent\.wav'"):
        event_curves(REFERENCE, **{**GIVEN, "framewise": others})
    with pytest.raises(UsageError, match="no probabilities of 'Bell'"):
        event_curves(REFERENCE, **{**GIVEN, "columns": ["Dog"]})
    with pytest.raises(UsageError, match="alpha_ct must be"):
        psds(event_curves(REFERENCE, **GIVEN), alpha_ct=2)
