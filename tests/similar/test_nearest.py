"""The nearest windows, beside scikit-learn's cosines and the plainest way to choose."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics.pairwise import cosine_similarity

from panns_inference.similar.nearest import cosines, nearest
from panns_inference.similar.windows import Block


def collection(random, lengths, hop=0.5, size=8):
    """Recordings with windows of a second."""
    recordings = np.repeat(np.arange(len(lengths)), lengths)
    onsets = np.concatenate([hop * np.arange(n) for n in lengths] or [np.empty(0)])
    vectors = random.normal(size=(len(recordings), size)).astype(np.float32)
    return Block(recordings, onsets, onsets + 1, vectors)


def cut(whole: Block, cuts) -> list[Block]:
    """The same windows in several blocks."""
    places = sorted({0, *cuts, len(whole.onsets)})
    return [
        Block(*(column[start:stop] for column in whole))
        for start, stop in itertools.pairwise(places)
    ]


def plainest(direction, whole: Block, top, min_similarity, all_windows):
    """Sort all, and take what is free."""
    similarity = cosine_similarity(whole.vectors.astype(float), direction[None].astype(float))[:, 0]
    chosen = []
    for place in np.argsort(-similarity, kind="stable"):
        recording, onset, offset = (column[place] for column in whole[:3])
        is_over = any(
            recording == other[0] and onset < other[2] and other[1] < offset for other in chosen
        )
        if similarity[place] >= min_similarity and (all_windows or not is_over):
            chosen.append((recording, onset, offset, similarity[place]))
    return chosen[:top]


@given(
    st.integers(0, 10**6),
    st.lists(st.integers(1, 12), min_size=1, max_size=6),
    st.sets(st.integers(1, 40)),
    st.integers(0, 9) | st.none(),
    st.sampled_from([-1.0, 0.0, 0.3, 1.0]),
    st.booleans(),
    st.sampled_from([0.25, 0.5, 1.0, 2.0]),
)
def test_it_is_what_sorting_all_gives(seed, lengths, cuts, top, least, all_windows, hop) -> None:
    random = np.random.default_rng(seed)
    whole = collection(random, lengths, hop)
    direction = random.normal(size=8).astype(np.float32)
    blocks = cut(whole, (each for each in cuts if each < len(whole.onsets)))
    found = nearest(direction, blocks, top, least, all_windows=all_windows)
    expected = plainest(direction, whole, top, least, all_windows)
    assert [tuple(each)[:3] for each in found.tolist()] == [each[:3] for each in expected]
    np.testing.assert_allclose(
        found["similarity"], [each[3] for each in expected], rtol=0, atol=1e-5
    )


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e9])
def test_cosines_are_those_of_scikit_learn(scale) -> None:
    random = np.random.default_rng(0)
    vectors = (scale * random.normal(size=(500, 512))).astype(np.float32)
    unit = vectors[0] / np.linalg.norm(vectors[0])
    expected = cosine_similarity(vectors.astype(float), vectors[:1].astype(float))[:, 0]
    np.testing.assert_allclose(cosines(vectors, unit), expected, rtol=0, atol=1e-5)


def test_silence_is_like_nothing() -> None:
    assert cosines(np.zeros((2, 4), np.float32), np.ones(4, np.float32) / 2).tolist() == [0, 0]


def test_of_equal_windows_the_first_comes_first() -> None:
    vectors = np.ones((6, 4), np.float32)
    block = Block(np.arange(6), np.zeros(6), np.ones(6), vectors)
    found = nearest(vectors[0], cut(block, [2, 4]), 3)
    assert found["recording"].tolist() == [0, 1, 2]


def test_no_window_is_no_hit() -> None:
    assert len(nearest(np.ones(4, np.float32), [], 5)) == 0
