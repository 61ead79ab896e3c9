"""Groups hold all classes, and no recording is in two."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from panns_inference.training.heads.groups import ALWAYS, of_folds, stratified


@st.composite
def clips(draw: st.DrawFn) -> tuple[np.ndarray, list[int]]:
    n_clips, n_classes = draw(st.integers(1, 40)), draw(st.integers(1, 4))
    cells = st.lists(st.booleans(), min_size=n_classes, max_size=n_classes)
    targets = draw(st.lists(cells, min_size=n_clips, max_size=n_clips))
    recordings = draw(st.lists(st.integers(0, 12), min_size=n_clips, max_size=n_clips))
    return np.array(targets, np.float32), recordings


@given(clips(), st.integers(2, 6))
def test_laws_of_groups(made: tuple[np.ndarray, list[int]], number: int) -> None:
    targets, recordings = made
    groups = stratified(targets, recordings, number)
    by_recording = {each: {*groups[np.array(recordings) == each]} for each in recordings}
    assert all(len(found) == 1 for found in by_recording.values())
    used = sorted({*groups.tolist()} - {ALWAYS})
    assert used == [*range(len(used))]
    assert len(used) <= number
    for column in targets.T:
        holders = {each for each, there in zip(recordings, column, strict=True) if there}
        held = {group for each in holders for group in by_recording[each]}
        if len(holders) == 1:
            assert held == {ALWAYS}


def test_classes_are_spread_evenly() -> None:
    targets = np.eye(10)[np.repeat(range(10), 32)]
    groups = stratified(targets, [*range(320)], 5)
    counts = np.array([targets[groups == group].sum(axis=0) for group in range(5)])
    assert counts.min() == 6
    assert counts.max() == 7


def test_the_first_group_has_all_classes() -> None:
    for size in (2, 3, 4):
        targets = np.eye(6)[np.repeat(range(6), size)]
        groups = stratified(targets, [*range(6 * size)], 5)
        assert targets[groups == 0].any(axis=0).all()
        assert groups.max() == size - 1


def test_folds_are_groups() -> None:
    assert of_folds(["2", "", "1", "2"]).tolist() == [1, ALWAYS, 0, 1]
