"""What judges: the split that a data set names, its first fold, or a fifth of its recordings."""

from __future__ import annotations

from pathlib import Path

import pytest

from panns_inference import UsageError
from panns_inference.training.data import Clip, Dataset, dataset
from panns_inference.training.heads.partition import groups_of, partition_of


def made(n: int = 10, **fields: list[str]) -> Dataset:
    """Clips of two classes by turns."""
    more = [dict(zip(fields, values, strict=True)) for values in zip(*fields.values(), strict=True)]
    return dataset(
        [Clip(Path(f"{k}.wav"), ("ab"[k % 2],), **(more[k] if more else {})) for k in range(n)]
    )


def test_a_fifth_judges() -> None:
    found = partition_of(made(20))
    assert [each.sum() for each in found.judging] == [4]
    assert found.learnt.all()
    assert found.learning(found.judging[0]).sum() == 16


def test_each_group_judges_in_its_turn() -> None:
    found = partition_of(made(20), folds=4)
    assert sum(each.astype(int) for each in found.judging).tolist() == [1] * 20
    with pytest.raises(UsageError, match="folds=3 does not fit clips that are in 2 groups"):
        partition_of(made(4), folds=3)
    with pytest.raises(UsageError, match=r"folds=1 would let all clips judge.* give 2 or more"):
        partition_of(made(4), folds=1)


def test_folds_of_the_data_set_are_kept() -> None:
    folds = made(8, fold=["1", "1", "2", "2", "3", "3", "5", "5"])
    assert partition_of(folds).judging[0].tolist() == [True] * 2 + [False] * 6
    assert len(partition_of(folds, folds=4).judging) == 4
    with pytest.raises(UsageError, match="in 4 groups"):
        partition_of(folds, folds=5)


def test_a_split_for_tests_judges_and_is_never_learnt_from() -> None:
    names = ["train", "train", "train", "validation", "validation", "Test"]
    found = partition_of(made(6, split=names))
    assert found.judging[0].tolist() == [False] * 5 + [True]
    assert found.learnt.tolist() == [True] * 5 + [False]
    learnt = made(6, split=names).where(lambda clip: clip.split != "Test")
    assert groups_of(learnt).tolist() == [-1, -1, -1, 0, 0]
    with pytest.raises(UsageError, match="leave folds out"):
        partition_of(made(6, split=names), folds=2)
    with pytest.raises(UsageError, match="none to learn from"):
        partition_of(made(2, split=["test", "test"]))


def test_a_split_for_validation_judges_where_there_is_no_other() -> None:
    found = partition_of(made(4, split=["train", "train", "valid", "valid"]))
    assert found.judging[0].tolist() == [False, False, True, True]
    assert found.learnt.tolist() == [True, True, False, False]


def test_of_one_recording_each_nothing_judges() -> None:
    assert partition_of(made(2)).judging == ()
