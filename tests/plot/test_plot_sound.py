"""What a picture shows of the sound: each second where it is, each frequency where it belongs."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from panns_inference.plot.pooling import Pooling
from panns_inference.plot.sound import (
    BINS,
    FINE_HOP,
    LONG,
    RATE,
    SIZE,
    band_of,
    mel_filters,
    sound_of,
)


@given(st.lists(st.integers(0, 40), max_size=30), st.sampled_from([4, 8, 30]))
def test_columns_are_pools_of_equal_size(lengths: list[int], n_columns: int) -> None:
    rows = np.random.default_rng(len(lengths)).random((sum(lengths), 3)).astype(np.float32)
    largest, total = Pooling(np.maximum, 3, n_columns), Pooling(np.add, 3, n_columns)
    start = 0
    for length in lengths:
        for pooling in (largest, total):
            pooling.add(rows[start : start + length])
        start += length
    size = largest.rows_per_column
    pools = [rows[k : k + size] for k in range(0, len(rows), size)]
    assert len(pools) <= n_columns
    assert size == 1 or len(pools) >= n_columns // 2
    assert np.array_equal(largest.columns(), np.array([p.max(0) for p in pools]).reshape(-1, 3))
    means = np.array([p.mean(0) for p in pools]).reshape(-1, 3)
    assert total.means() == pytest.approx(means, abs=1e-5)


@pytest.mark.parametrize("hertz", [100, 440, 1000, 4000, 9000])
@pytest.mark.parametrize("rate", [RATE, 44_100])
def test_a_tone_lies_in_its_band(hertz: int, rate: int) -> None:
    tone = np.sin(2 * np.pi * hertz * np.arange(2 * rate) / rate)
    if hertz < rate / 2:
        sound = sound_of(tone, "spectrogram", rate)
        loudest = sound.values.mean(axis=1).argmax()
        assert abs(loudest + 0.5 - band_of(hertz)) <= 1.5


def test_levels_are_those_of_the_samples() -> None:
    """Twice the amplitude is 6 dB more."""
    noise = np.random.default_rng(0).normal(0, 0.1, RATE)
    quiet, loud = (sound_of(k * noise, "spectrogram", RATE).values for k in (1, 2))
    assert (loud - quiet) == pytest.approx(20 * np.log10(2), abs=0.01)


@pytest.mark.parametrize("length", [2, LONG + 5])
def test_a_click_is_at_its_time(length: float, tmp_path: Path) -> None:
    samples = np.zeros(round(length * 8000), np.float32)
    place = round(0.7 * len(samples))
    samples[place : place + 20] = 0.5
    soundfile.write(tmp_path / "click.wav", samples, 8000)
    sound = sound_of(str(tmp_path / "click.wav"), "spectrogram")
    n_columns = sound.values.shape[1]
    column = sound.values.sum(axis=0).argmax()
    width = sound.duration / n_columns
    assert abs((column + 0.5) * width - place / 8000) <= max(SIZE / RATE, width)
    assert sound.duration == pytest.approx(length, abs=max(SIZE / RATE, width))


@given(st.integers(1, 200_000))
def test_a_waveform_holds_the_extremes(n_samples: int) -> None:
    samples = np.random.default_rng(n_samples).uniform(-1, 1, n_samples).astype(np.float32)
    sound = sound_of(samples, "waveform", RATE)
    low, high = sound.values
    assert (low.min(), high.max()) == (samples.min(), samples.max())
    assert (low <= high).all()
    assert sound.duration >= n_samples / RATE


def test_filters_are_triangles_of_sum_one() -> None:
    filters = mel_filters()
    assert filters.shape == (SIZE // 2 + 1, BINS)
    assert filters.sum(axis=0) == pytest.approx(1, abs=1e-5)
    centres = np.fft.rfftfreq(SIZE, 1 / RATE) @ filters
    assert (np.diff(centres) > 0).all()
    places = [band_of(hertz) for hertz in centres]
    assert np.abs(np.array(places) - np.arange(BINS) - 0.5).max() < 1


def test_memory_does_not_grow_with_a_recording(tmp_path: Path) -> None:
    peaks = []
    for seconds in (30, 120):
        path = tmp_path / f"{seconds}.wav"
        soundfile.write(path, np.zeros(seconds * RATE, np.int16), RATE)
        tracemalloc.start()
        sound = sound_of(str(path), "spectrogram")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert sound.values.shape[1] <= 2049
    assert peaks[1] < 1.1 * peaks[0]
    assert FINE_HOP < SIZE
