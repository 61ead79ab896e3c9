"""Scenes: where sounds sound, alone and placed on a background."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipes.mini.isolated import FRAME, is_steady, spans
from recipes.mini.scenes import Event, Placing, activity, scene

RATE = 32000
PLAIN = Placing(speed=0.0, equaliser=0.0, again=0.0)


def tone(seconds: float, level: float = 0.3) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return (level * np.sin(2 * np.pi * 1000 * time)).astype(np.float32)


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE), np.float32)


def test_spans_are_what_is_loud_without_short_gaps() -> None:
    pieces = [
        silence(1),
        tone(0.5),
        silence(0.2),
        tone(0.5),
        silence(0.5),
        tone(1, 0.1),
        silence(1),
    ]
    assert spans(np.concatenate(pieces)) == [
        (RATE, round(2.2 * RATE)),
        (round(2.7 * RATE), round(3.7 * RATE)),
    ]


def test_what_is_faint_or_short_is_no_span() -> None:
    faint = np.concatenate([tone(1), silence(1), tone(1, 0.3 * 10 ** (-45 / 20))])
    assert spans(faint) == [(0, RATE)]
    assert spans(np.concatenate([tone(1), silence(1), tone(0.02)])) == [(0, RATE)]
    assert spans(silence(1)) == []
    assert spans(np.zeros(0, np.float32)) == []


def test_a_steady_recording_has_no_pauses() -> None:
    assert is_steady(tone(3))
    assert not is_steady(np.concatenate([tone(1), silence(1), tone(1)]))
    assert not is_steady(np.concatenate([tone(2, 0.01), tone(0.25, 0.5), tone(1, 0.01)]))


@given(
    st.lists(st.tuples(st.floats(0.2, 1.5), st.floats(0.01, 0.9)), max_size=3),
    st.sampled_from([0.0, 1e-4, 1e-3, 0.05]),
    st.integers(0, 10**6),
)
def test_events_lie_where_the_energy_is(
    sounds: list[tuple[float, float]], background: float, seed: int
) -> None:
    draw = np.random.default_rng(seed)
    quiet = (background * draw.standard_normal(6 * RATE)).astype(np.float32)
    # Silence around a sound is no part of its event.
    waves = [np.concatenate([silence(0.3), tone(s, level), silence(0.2)]) for s, level in sounds]
    made = scene(quiet.copy(), waves, PLAIN, draw)
    assert made.waveform.shape == quiet.shape
    assert np.abs(made.waveform).max() <= 1
    # Beyond full scale all is made quieter: what is no event says by how much.
    outside = np.ones(len(quiet), bool)
    for first, last, _ in made.events:
        outside[max(0, first - FRAME) : last + FRAME] = False
    if background and outside.any():
        there = quiet[outside].astype(float)
        gain = float(made.waveform[outside] @ there / (there @ there))
        assert 0 < gain <= 1 + 1e-6
    else:
        gain = 1.0
    placed = made.waveform - gain * quiet
    assert np.abs(placed[outside]).max(initial=0) < 1e-5
    for first, last, sound in made.events:
        assert 0 <= first < last <= len(quiet)
        assert 0 <= sound < len(sounds)
        assert last - first <= sounds[sound][0] * RATE + 2 * FRAME


@given(st.floats(0.2, 2.0), st.integers(0, 10**6))
def test_an_event_begins_and_ends_within_a_frame_of_its_sound(seconds: float, seed: int) -> None:
    draw = np.random.default_rng(seed)
    sound = np.concatenate([silence(0.4), tone(seconds), silence(0.4)])
    placing = Placing(speed=0.0, equaliser=0.0, again=0.0, quietest=10.0)
    made = scene(silence(5), [sound], placing, draw)
    (first, last, number), *others = made.events or [(0, 0, 0)]
    heard = np.flatnonzero(np.abs(made.waveform) > 0)
    assert others == []
    if len(heard) > RATE // 10:
        assert number == 0
        assert abs(first - heard[0]) <= FRAME
        assert abs(last - 1 - heard[-1]) <= FRAME


@given(st.floats(-5, 30), st.floats(5e-4, 0.02), st.integers(0, 10**6))
def test_levels_are_those_above_the_background(decibels: float, level: float, seed: int) -> None:
    draw = np.random.default_rng(seed)
    background = (level * draw.standard_normal(5 * RATE)).astype(np.float32)
    placing = Placing(
        speed=0.0, equaliser=0.0, again=0.0, quietest=decibels, loudest=decibels, shortest=0.5
    )
    made = scene(background, [tone(1.0)], placing, draw)
    ((first, last, _),) = made.events
    peak = np.abs(made.waveform).max()
    sound = (made.waveform - background)[first + 200 : last - 200]
    wanted = level * 10 ** (decibels / 20)
    if peak < 0.99 and wanted * 2**0.5 < 0.99:  # a sound stays at full scale
        found = 20 * np.log10(np.sqrt(np.square(sound).mean()) / wanted)
        assert found == pytest.approx(0, abs=0.3)


def test_a_silent_background_counts_as_noise_of_minus_seventy_decibels() -> None:
    placing = Placing(
        speed=0.0, equaliser=0.0, again=0.0, quietest=20.0, loudest=20.0, shortest=0.5
    )
    made = scene(silence(3), [tone(1.0)], placing, np.random.default_rng(0))
    ((first, last, _),) = made.events
    level = np.sqrt(np.square(made.waveform[first + 200 : last - 200]).mean())
    assert 20 * np.log10(level) == pytest.approx(-50, abs=0.3)


@given(
    st.lists(st.tuples(st.integers(0, 900), st.integers(1, 400), st.integers(0, 2)), max_size=5),
    st.integers(1, 120),
)
def test_activity_against_a_plain_loop(events: list[tuple[int, int, int]], segment: int) -> None:
    n_segments = -(-1300 // segment)
    given_events = [Event(first, first + length, sound) for first, length, sound in events]
    found = activity(given_events, 3, n_segments, segment)
    expected = np.zeros((3, n_segments))
    for first, last, sound in given_events:
        for sample in range(first, last):
            if sample // segment < n_segments:
                expected[sound, sample // segment] += 1 / segment
    np.testing.assert_allclose(found, np.minimum(expected, 1), atol=1e-5)
