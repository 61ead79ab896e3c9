"""Which clips go through the network together: laws that hold for any list of lengths."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from panns_inference.pipeline.batches import MOST, batches


class Clip(NamedTuple):
    number: int
    n_samples: int


def clips(lengths: list[int]) -> list[Clip]:
    return [Clip(number, length) for number, length in enumerate(lengths)]


def test_an_example() -> None:
    found = batches(clips([2, 1, 2, 99, 2, 3, 2]), at_most=10)
    assert [[clip.number for clip in batch] for batch in found] == [
        [0, 2], [1], [3], [4, 6], [5],
    ]  # fmt: skip


LENGTHS = st.lists(st.sampled_from([1, 2, 3, 5, 8, 9, 20]), max_size=80)


@given(LENGTHS, st.integers(0, 12))
def test_laws(lengths: list[int], at_most: int) -> None:
    given_clips = clips(lengths)
    found = list(batches(given_clips, at_most))
    assert sorted(clip for batch in found for clip in batch) == given_clips
    for batch in found:
        assert len({clip.n_samples for clip in batch}) == 1
        assert sum(clip.n_samples for clip in batch) <= max(at_most, batch[0].n_samples)
        assert batch == sorted(batch)
    assert list(batches(given_clips, at_most)) == found


@given(LENGTHS, st.integers(0, 12))
def test_what_waits_is_bounded(lengths: list[int], at_most: int) -> None:
    taken: list[Clip] = []

    def watched() -> object:
        for clip in clips(lengths):
            taken.append(clip)
            yield clip

    handed_out: list[Clip] = []
    for batch in batches(watched(), at_most):  # type: ignore[arg-type]
        waiting = [clip for clip in taken if clip not in handed_out]
        # The last that was taken is what made them too many.
        assert len(waiting) <= MOST + 1
        assert sum(clip.n_samples for clip in waiting[:-1]) <= max(at_most, waiting[0].n_samples)
        handed_out += batch


def test_many_short_clips() -> None:
    sizes = [len(batch) for batch in batches(clips([1] * (2 * MOST + 3)), at_most=10**9)]
    assert sizes == [MOST, MOST, 3]
