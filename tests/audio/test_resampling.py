"""Resampling: how long it comes out, and that a tone stays the tone it was."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from panns_inference.audio import blocks, read
from panns_inference.errors import AudioError, UsageError

RATES = [100, 8_000, 11_025, 12_345, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000]


def tone(rate: int, seconds: float = 1.0, frequency: float = 440.0) -> NDArray[np.float64]:
    return np.sin(2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate)


@given(
    n=st.integers(1, 70_000), sample_rate=st.sampled_from(RATES), rate=st.sampled_from(RATES[1:])
)
@example(n=4_000, sample_rate=48_000, rate=22_050)  # a half, which soxr rounds down
def test_the_length_is_the_rounded_quotient(n: int, sample_rate: int, rate: int) -> None:
    samples = np.zeros(n, np.float32)
    expected = (2 * n * rate + sample_rate) // (2 * sample_rate)  # rounded half up
    if expected == 0:
        with pytest.raises(AudioError, match=rf"holds no samples, or less than one at {rate:,}"):
            read(samples, rate, sample_rate=sample_rate)
        return
    if expected > 2_000_000:
        n, expected = 1, (2 * rate + sample_rate) // (2 * sample_rate)
    found = read(samples[:n], rate, sample_rate=sample_rate)
    assert len(found) == expected
    assert abs(len(found) - n * rate / sample_rate) <= 0.5


@pytest.mark.parametrize("resampler", ["soxr", "resampy"])
@pytest.mark.parametrize("sample_rate", [8_000, 22_050, 44_100, 48_000, 192_000])
def test_a_tone_stays_the_tone_it_was(resampler: str, sample_rate: int) -> None:
    found = read(tone(sample_rate), 32_000, sample_rate=sample_rate, resampler=resampler)
    middle = slice(3_200, 28_800)  # resamplers need some samples at both ends
    assert abs(len(found) - 32_000) <= 1
    np.testing.assert_allclose(found[middle], tone(32_000)[middle], atol=1e-3)


@pytest.mark.parametrize("resampler", ["soxr", "resampy"])
def test_what_is_above_half_the_rate_is_gone(resampler: str) -> None:
    high = tone(48_000, frequency=12_000)
    found = read(high, 16_000, sample_rate=48_000, resampler=resampler)
    assert np.abs(found[1_600:-1_600]).max() < 1e-3


def test_at_the_same_rate_nothing_is_done() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, 10_000).astype(np.float32)
    for resampler in ("soxr", "resampy"):
        np.testing.assert_array_equal(read(x, 32_000, resampler=resampler), x)


def test_blocks_by_resampy_are_the_whole_bit_for_bit() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (2, 30_000)).astype(np.float32)
    given_ = {"sample_rate": 44_100, "resampler": "resampy"}
    whole = read(x, 32_000, **given_)  # type: ignore[arg-type]
    found = np.concatenate(list(blocks(x, 32_000, 777, **given_)))  # type: ignore[arg-type]
    np.testing.assert_array_equal(found, whole)


def test_too_little_for_resampy_is_no_sample() -> None:
    with pytest.raises(AudioError, match="holds no samples, or less than one at 8,000 Hz"):
        read(np.zeros(2), 8_000, sample_rate=44_100, resampler="resampy")


def test_resampy_is_asked_for_by_the_name_of_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resampy", None)  # what an import of a missing package finds
    with pytest.raises(UsageError, match=r'pip install "panns-inference\[resampy\]"'):
        read(np.zeros(10), 32_000, sample_rate=16_000, resampler="resampy")
