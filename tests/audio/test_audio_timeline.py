"""Frames with time stamps of every kind find their places, and no sound is lost without a word."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from panns_inference.audio._bitstream import Piece, Remark
from panns_inference.audio._timeline import BLOCK, LONGEST_GAP, TimeLine

RATE = 1000
FRAME = 20
"""Samples, 0.02 s."""

Times = Sequence[float | None]


def placed(
    times: Times, start: float | None = None, start_of_others: float = inf, lost: int = -1
) -> tuple[NDArray[np.float32], list[Remark]]:
    """The waveform and the remarks on frames of ones, twos, threes ...

    Args:
        times: of the frames.
        start: of the track.
        start_of_others: of the other tracks.
        lost: number of a frame before which a packet is lost.
    """
    line = TimeLine(start, start_of_others)
    found: list[Piece | Remark] = []
    for number, time in enumerate(times):
        if number == lost:
            line.lose()
        samples = np.full((FRAME, 1), number + 1, np.float32)
        found += line.feed(time, Piece(RATE, samples))
    found += line.finish()
    pieces = [each.samples[:, 0] for each in found if isinstance(each, Piece)]
    assert max(map(len, pieces)) <= BLOCK
    waveform = np.concatenate(pieces)
    assert line.position == pytest.approx(len(waveform) / RATE, abs=1e-6)
    return waveform, [each for each in found if isinstance(each, Remark)]


def frames(n_frames: int, start: float = 0.0) -> list[float | None]:
    """Time stamps without a gap."""
    return [start + number * FRAME / RATE for number in range(n_frames)]


def numbers(waveform: NDArray[np.float32]) -> list[int]:
    """Which frames there are, each once, with 0 for silence."""
    changes = np.flatnonzero(np.diff(waveform, prepend=-1))
    return [int(value) for value in waveform[changes]]


def faults(remarks: list[Remark]) -> list[str]:
    return [each.text for each in remarks if each.level == logging.WARNING]


ALL = list(range(1, 101))


def test_frames_without_a_gap_stay_as_they_are() -> None:
    for times in (frames(100), frames(100, 5.0), [None] * 100, [None, *frames(99, 7.0)]):
        waveform, remarks = placed(times)
        assert (numbers(waveform), len(waveform), remarks) == (ALL, 2000, [])


def test_stamps_in_coarse_units_and_clocks_that_drift_change_nothing() -> None:
    coarse = [round(time or 0, 1) for time in frames(100)]
    drifting = [(time or 0) * 1.04 for time in frames(100)]
    in_groups = [(number // 10) * 0.2 for number in range(100)]  # one stamp for ten frames
    for times in (coarse, drifting, in_groups):
        waveform, remarks = placed(times)
        assert (numbers(waveform), len(waveform), faults(remarks)) == (ALL, 2000, [])


def test_a_clock_that_drifts_further_is_followed() -> None:
    waveform, remarks = placed([(time or 0) * 1.1 for time in frames(1000)])
    assert len(waveform) / RATE == pytest.approx(22, abs=0.15)
    assert faults(remarks) == []


def test_a_gap_is_silence_of_its_length() -> None:
    waveform, remarks = placed(frames(50) + frames(50, 3.0))
    assert len(waveform) == 4000
    assert (waveform[1000:3000] == 0).all()
    assert [each.level for each in remarks] == [logging.DEBUG]
    assert remarks[0].text == "has no sound from 1.00 to 3.00 s: silence is put there"


def test_a_track_that_begins_later_has_silence_before_it() -> None:
    waveform, _ = placed(frames(100, 3.005), start=3.0, start_of_others=1.0)
    assert len(waveform) == 2005 + 2000
    assert (waveform[:2005] == 0).all()
    assert numbers(waveform) == [0, *ALL]


def test_what_a_decoder_drops_at_the_start_is_no_gap() -> None:
    waveform, _ = placed(frames(100, 0.04), start=0.0)
    assert numbers(waveform) == ALL
    waveform, _ = placed(frames(100, 0.04), start=0.0, lost=0)  # but a packet that is lost is one
    assert numbers(waveform) == [0, *ALL]


def test_a_packet_that_is_lost_leaves_silence_however_short() -> None:
    times = frames(50) + frames(50, 1.02)
    assert len(placed(times, lost=50)[0]) == 2020
    assert len(placed(times)[0]) == 2000


def test_sound_that_overlaps_is_left_out() -> None:
    waveform, remarks = placed(frames(50) + frames(50, 0.53))
    assert len(waveform) == 1530
    assert numbers(waveform) == [*range(1, 51), *range(74, 101)]
    (fault,) = faults(remarks)
    assert fault == (
        "has time stamps that go back, at 1.00 s by 0.47 s: the sound that overlaps is left out"
    )


@pytest.mark.parametrize("start", [0.0, 0.4, -5.0])
def test_stamps_that_begin_anew_lose_no_sound(start: float) -> None:
    waveform, remarks = placed(frames(50) + frames(50, start))
    assert (numbers(waveform), len(waveform)) == (ALL, 2000)
    assert "go back, at 1.00 s" in faults(remarks)[0]
    assert "what follows is put behind what came before" in faults(remarks)[0]


def test_clocks_that_wrap_around_lose_no_sound() -> None:
    end = 2**33 / 90_000
    waveform, remarks = placed(frames(50, end - 1) + frames(50, 0.0))
    assert (numbers(waveform), len(waveform), len(faults(remarks))) == (ALL, 2000, 1)


@pytest.mark.parametrize("time", [1e-3, 0.3, 1800.0, 1e9, -1e9])
def test_one_stamp_that_the_next_contradicts_is_not_followed(time: float) -> None:
    times = frames(100)
    times[50] = time
    waveform, remarks = placed(times)
    assert (numbers(waveform), len(waveform), faults(remarks)) == (ALL, 2000, [])


@pytest.mark.parametrize("jump", [LONGEST_GAP + 1, 1e6, 1e12])
def test_a_gap_that_cannot_be_meant_is_no_silence(jump: float) -> None:
    waveform, remarks = placed(frames(50) + frames(50, 1.0 + jump))
    assert (numbers(waveform), len(waveform)) == (ALL, 2000)
    assert f"jump forwards, at 1.00 s by {jump:.2f} s" in faults(remarks)[0]


def test_a_clock_that_stands_still_is_not_followed() -> None:
    waveform, remarks = placed(frames(20) + [0.4] * 80)
    assert (numbers(waveform), len(waveform)) == (ALL, 2000)
    assert "do not fit the sound" in faults(remarks)[0]


def test_a_gap_of_an_hour_comes_in_pieces() -> None:
    waveform, _ = placed(frames(50) + frames(50, LONGEST_GAP))
    assert len(waveform) == LONGEST_GAP * RATE + 1000


@given(
    times=st.lists(st.none() | st.floats(-1e6, 1e6) | st.floats(0, 3), min_size=1, max_size=60),
    start=st.none() | st.floats(-1, 5),
    others=st.just(inf) | st.floats(0, 5),
)
def test_no_stamps_lose_sound_without_a_word(
    times: list[float | None], start: float | None, others: float
) -> None:
    waveform, remarks = placed(times, start, others)
    heard = [number for number in numbers(waveform) if number]
    assert heard == sorted(heard)
    assert len(waveform) / RATE <= len(times) * (LONGEST_GAP + 1)
    n_sound = np.count_nonzero(waveform)
    if n_sound < FRAME * len(times):
        assert any("the sound that overlaps is left out" in fault for fault in faults(remarks))
