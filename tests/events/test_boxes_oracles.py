"""Boxes against a slow and obvious way, and against those of the authors' package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from box_cases import BoxCase, all_boxes, box_cases
from gather_sebbs import RATE, SETTINGS
from hypothesis import given
from slow_boxes import slow_boxes
from slow_events import Array

from panns_inference.events import Event, find_events

STORED = Path(__file__).with_name("sebbs.npz")


@given(box_cases())
def test_the_slow_way_finds_the_same(case: BoxCase) -> None:
    wanted = [box for box in slow_boxes(*case) if box.mean >= 1e-9]
    found = sorted(all_boxes(case), key=lambda event: (event.index, event.onset))
    frames = [(e.index, round(e.onset), round(e.offset)) for e in found]
    assert frames == [(box.index, box.start, box.end) for box in wanted]
    sure = [(event.probability, event.mean_probability) for event in found]
    np.testing.assert_allclose(
        np.reshape(sure, (-1, 2)), np.reshape([box[3:] for box in wanted], (-1, 2)), rtol=1e-12
    )


@pytest.fixture(scope="module")
def stored() -> dict[str, np.ndarray]:
    """Curves by their names, and the boxes that sebbs makes of them with each of the settings."""
    with np.load(STORED) as file:
        return dict(file)


def found_in(curves: Array, settings: tuple[float, float, float], **more: Any) -> list[Event]:
    labels = [str(index) for index in range(curves.shape[1])]
    names = ("step_filter", "merge_difference", "merge_ratio")
    rules = {**dict(zip(names, settings, strict=True)), **more}
    return find_events(curves, RATE, labels=labels, method="boxes", **rules)


def common(theirs: np.ndarray, ours: list[Event]) -> int:
    """How many are the same, to a thousandth of a frame; sebbs adds 1e-6 s to a box's length."""
    found = {(e.index, round(e.onset, 5), round(e.offset, 5)): e.mean_probability for e in ours}
    same = 0
    for index, onset, offset, sure in theirs.tolist():
        mean = found.get((int(index), round(onset, 5), round(offset, 5)))
        same += mean is not None and abs(mean - sure) <= 1.1e-6 / (offset - onset)
    return same


@pytest.mark.parametrize("number", range(len(SETTINGS)))
@pytest.mark.parametrize("name", ["smooth", "noise", "rough", "segments", "street"])
def test_sebbs_finds_the_same(stored: dict[str, np.ndarray], name: str, number: int) -> None:
    theirs = stored[f"{name}.{number}"]
    theirs = theirs[theirs[:, 3] >= 0.1]
    ours = found_in(stored[name], SETTINGS[number], threshold=0.1)
    assert len(ours) == len(theirs) == common(theirs, ours)
    assert len(theirs) >= 2


@pytest.mark.parametrize(
    ("name", "share"), [("smooth", 1.0), ("noise", 1.0), ("rough", 0.97), ("segments", 0.98)]
)
def test_sebbs_finds_nearly_the_same_however_improbable(
    stored: dict[str, np.ndarray], name: str, share: float
) -> None:
    for number, settings in enumerate(SETTINGS):
        theirs = stored[f"{name}.{number}"]
        theirs = theirs[theirs[:, 3] >= 1e-9]
        ours = found_in(stored[name], settings, threshold=1e-9)
        assert common(theirs, ours) >= share * max(len(theirs), len(ours))


@pytest.mark.parametrize("number", [0, 2, 4])
def test_sounds_shorter_than_half_the_filter_are_not_widened(
    stored: dict[str, np.ndarray], number: int
) -> None:
    """In true silence they are plateaus of the filter, of which sebbs takes the outer ends."""
    curves, theirs = stored["bursts"], stored[f"bursts.{number}"]
    ours = found_in(curves, SETTINGS[number], threshold=0.05)
    changes = np.diff(curves, axis=0, prepend=0, append=0) != 0
    for event in ours:
        assert changes[round(event.onset * RATE), event.index]
        assert changes[round(event.offset * RATE), event.index]
    n_sure = sum(event.mean_probability >= 0.5 for event in ours)
    assert n_sure >= np.count_nonzero(theirs[:, 3] >= 0.5) > 5
