"""Stretches lie where they should, whatever pieces a recording comes in."""

from __future__ import annotations

import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from panns_inference.pipeline.sliding import Placement, Stretches


def taken(cutter, waveform, pieces):
    """All batches of a recording that comes in so many pieces."""
    batches = [b for piece in np.array_split(waveform, pieces) for b in cutter.feed(piece)]
    return [*batches, *cutter.finish()]


sizes = st.integers(1, 50)


@given(n=st.integers(1, 300), length=sizes, hop=sizes, at_once=st.integers(1, 5), pieces=sizes)
def test_from_the_start(n, length, hop, at_once, pieces):
    waveform = np.arange(1, n + 1, dtype=np.float32)
    batches = taken(Stretches(length, hop, Placement.FROM_START, at_once), waveform, min(n, pieces))
    firsts = [first for batch in batches for first in batch.firsts]
    # One each hop from the start, until one reaches the end or the next would begin behind it.
    assert firsts == [first for first in range(0, n, hop) if first == 0 or first - hop + length < n]
    assert all(len(batch.firsts) == at_once for batch in batches[:-1])
    for batch in batches:
        assert batch.waveforms.shape == (len(batch.firsts), length)
        for row, first, n_valid in zip(batch.waveforms, batch.firsts, batch.n_valid, strict=True):
            assert n_valid == min(length, n - first)
            assert np.array_equal(row[:n_valid], waveform[first : first + n_valid])
            assert not row[n_valid:].any()


@given(n=st.integers(1, 300), length=sizes, hop=sizes, at_once=st.integers(1, 5), pieces=sizes)
def test_centred(n, length, hop, at_once, pieces):
    waveform = np.arange(1, n + 1, dtype=np.float32)
    batches = taken(Stretches(length, hop, Placement.CENTRED, at_once), waveform, min(n, pieces))
    firsts = [first for batch in batches for first in batch.firsts]
    assert len(firsts) == -(-n // hop)
    for number, first in enumerate(firsts):
        centre = number * hop + hop // 2 - length // 2
        assert first == max(0, min(centre, n - length))
    for batch in batches:
        assert batch.waveforms.shape[1] == min(n, length)
        for row, first, n_valid in zip(batch.waveforms, batch.firsts, batch.n_valid, strict=True):
            assert n_valid == min(n, length)
            assert np.array_equal(row, waveform[first : first + n_valid])


@given(
    n=st.integers(1, 200),
    length=sizes,
    hop=sizes,
    placement=st.sampled_from(Placement),
    pieces=sizes,
)
def test_they_go_on_from_their_state(n, length, hop, placement, pieces):
    waveform = np.arange(1, n + 1, dtype=np.float32)
    expected = taken(Stretches(length, hop, placement, 2), waveform, 1)
    found, state = [], None
    for piece in np.array_split(waveform, min(n, pieces)):
        cutter = Stretches(length, hop, placement, 2, state)
        found += cutter.feed(piece)
        file = io.BytesIO()
        np.savez(file, **cutter.state())
        file.seek(0)
        state = dict(np.load(file, allow_pickle=False))
    found += Stretches(length, hop, placement, 2, state).finish()
    assert [b.firsts for b in found] == [b.firsts for b in expected]
    assert all(
        np.array_equal(a.waveforms, b.waveforms) for a, b in zip(found, expected, strict=True)
    )
