"""Samplers: laws of what they draw, and the paper's rule with a queue that is carried along."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from panns_inference.errors import UsageError
from panns_inference.training import SAMPLERS, Alternate, Balanced, Sampler, Uniform
from panns_inference.training.data import Clip, Dataset


def made(rows: list[list[int]], n_classes: int = 0) -> Dataset:
    """Clips with classes of these numbers."""
    labels = tuple(f"class {k}" for k in range(n_classes or 1 + max(max(row) for row in rows)))
    clips = [
        Clip(Path(f"{number}.wav"), tuple(labels[k] for k in sorted({*row})))
        for number, row in enumerate(rows)
    ]
    return Dataset(tuple(clips), labels)


def drawn(sampler: Sampler, n_batches: int) -> list[int]:
    return np.concatenate([sampler.batch(step) for step in range(n_batches)]).tolist()


SINGLE = st.lists(st.integers(0, 5).map(lambda k: [k]), min_size=1, max_size=40)
MULTI = st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=3), min_size=1, max_size=40)
SIZE = st.integers(1, 7)
SEED = st.integers(0, 2**32)
KIND = st.sampled_from([*SAMPLERS])


def queue_of_classes(dataset: Dataset, seed: int) -> Iterator[int]:
    """The paper's balanced sampler: a queue of classes, and a list and a place in it for each."""
    clips = [
        [k for k, clip in enumerate(dataset.clips) if label in clip.labels]
        for label in dataset.labels
    ]
    clips = [indices for indices in clips if indices]
    lists: list[list[int]] = [[] for _ in clips]
    places, shuffles, fillings = [0] * len(clips), [0] * len(clips), 0
    queue: deque[int] = deque()
    while True:
        if not queue:
            draw = np.random.default_rng((seed, 1, fillings))
            queue.extend(draw.permutation(len(clips)).tolist())
            fillings += 1
        k = queue.popleft()
        if places[k] == len(lists[k]):
            draw = np.random.default_rng((seed, 2, k, shuffles[k]))
            lists[k] = draw.permutation(clips[k]).tolist()
            places[k] = 0
            shuffles[k] += 1
        yield lists[k][places[k]]
        places[k] += 1


@given(MULTI, SIZE, SEED)
def test_balanced_draws_are_those_of_the_paper_s_queue(
    rows: list[list[int]], size: int, seed: int
) -> None:
    dataset = made(rows)
    expected = queue_of_classes(dataset, seed)
    assert drawn(Balanced(dataset, size, seed), 9) == [next(expected) for _ in range(9 * size)]


@given(SINGLE, SIZE, SEED, st.integers(1, 30))
def test_each_class_comes_equally_often_and_so_does_each_of_its_clips(
    rows: list[list[int]], size: int, seed: int, n_batches: int
) -> None:
    found = drawn(Balanced(made(rows), size, seed), n_batches)
    of_class = Counter(rows[k][0] for k in found)
    counts = [of_class[k] for k in {row[0] for row in rows}]
    assert max(counts) - min(counts) <= 1
    for number in {row[0] for row in rows}:
        clips = Counter(k for k in found if rows[k] == [number])
        often = [clips[k] for k, row in enumerate(rows) if row == [number]]
        assert max(often) - min(often) <= 1


@given(MULTI, SIZE, SEED, st.integers(1, 30))
def test_uniform_draws_take_each_clip_equally_often(
    rows: list[list[int]], size: int, seed: int, n_batches: int
) -> None:
    found = Counter(drawn(Uniform(made(rows), size, seed), n_batches))
    often = [found[k] for k in range(len(rows))]
    assert max(often) - min(often) <= 1


@given(MULTI, SIZE, SEED)
def test_alternate_batches_are_uniform_and_balanced_in_turn(
    rows: list[list[int]], size: int, seed: int
) -> None:
    dataset = made(rows)
    both = Uniform(dataset, size, seed), Balanced(dataset, size, seed)
    sampler = Alternate(dataset, size, seed)
    for step in range(8):
        assert sampler.batch(step).tolist() == both[step % 2].batch(step // 2).tolist()


@given(KIND, MULTI, SIZE, SEED, st.permutations(range(12)))
def test_a_batch_depends_on_its_number_alone(
    kind: str, rows: list[list[int]], size: int, seed: int, order: list[int]
) -> None:
    dataset = made(rows)
    sampler = SAMPLERS[kind](dataset, size, seed)
    found = {step: sampler.batch(step).tolist() for step in order}
    in_turn = SAMPLERS[kind](dataset, size, seed)
    assert [found[step] for step in range(12)] == [in_turn.batch(k).tolist() for k in range(12)]


def test_classes_without_clips_have_no_turn() -> None:
    sampler = Balanced(made([[1], [1], [4]], n_classes=6), 4, 1)
    assert Counter(drawn(sampler, 5)) == {0: 5, 1: 5, 2: 10}


def test_clips_without_a_class_are_never_drawn_in_balance() -> None:
    dataset = Dataset((Clip(Path("a.wav"), ()), Clip(Path("b.wav"), ("b",))), ("b",))
    assert set(drawn(Balanced(dataset, 3, 1), 5)) == {1}
    assert set(drawn(Uniform(dataset, 3, 1), 5)) == {0, 1}


def test_nothing_can_be_balanced_without_a_class() -> None:
    with pytest.raises(UsageError, match="no clip has a class"):
        Balanced(Dataset((Clip(Path("a.wav"), ()),), ("b",)), 3, 1)


def test_seeds_differ() -> None:
    dataset = made([[k % 3] for k in range(30)])
    first = {kind: drawn(SAMPLERS[kind](dataset, 8, 1), 4) for kind in SAMPLERS}
    assert all(first[kind] != drawn(SAMPLERS[kind](dataset, 8, 2), 4) for kind in SAMPLERS)


def test_a_run_goes_on_with_the_same_draws_only() -> None:
    dataset = made([[0], [1]])
    state = Balanced(dataset, 4, 1).state_dict()
    moved = Dataset(
        tuple(Clip(Path("/elsewhere") / clip.path, clip.labels) for clip in dataset.clips),
        dataset.labels,
    )
    Balanced(moved, 4, 1).load_state_dict(state)
    with pytest.raises(UsageError, match="sampler was balanced, is alternate"):
        Alternate(dataset, 4, 1).load_state_dict(state)
    with pytest.raises(UsageError, match="batch size was 4, is 5, seed was 1, is 2;"):
        Balanced(dataset, 5, 2).load_state_dict(state)
    with pytest.raises(UsageError, match="digest of the clips was"):
        Balanced(made([[0], [0, 1]]), 4, 1).load_state_dict(state)
    with pytest.raises(UsageError, match="sampler was None"):
        Balanced(dataset, 4, 1).load_state_dict({})


def test_a_late_batch_of_many_clips_is_balanced() -> None:
    rows = [[k % 97 % 7] for k in range(20_000)]
    sampler = Balanced(made(rows), 64, 1)
    found = [rows[k][0] for k in sampler.batch(10**7)]
    assert max(Counter(found).values()) == 10
