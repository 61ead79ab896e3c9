"""Resampling: how long it comes out, and that a tone stays the tone it was."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from panns_inference.audio import blocks, read
from panns_inference.audio.resampling import resampled
from panns_inference.errors import AudioError, UsageError

RATES = [100, 8_000, 11_025, 12_345, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000]


def tone(rate: int, seconds: float = 1.0, frequency: float = 440.0) -> NDArray[np.float64]:
    return np.sin(2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate)


@settings(deadline=None, derandomize=True, max_examples=200)
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


@pytest.mark.parametrize("resampler", ["soxr", "resampy", "torch"])
@pytest.mark.parametrize("sample_rate", [8_000, 22_050, 44_100, 48_000, 192_000])
def test_a_tone_stays_the_tone_it_was(resampler: str, sample_rate: int) -> None:
    found = read(tone(sample_rate), 32_000, sample_rate=sample_rate, resampler=resampler)
    middle = slice(3_200, 28_800)  # resamplers need some samples at both ends
    assert abs(len(found) - 32_000) <= 1
    np.testing.assert_allclose(found[middle], tone(32_000)[middle], atol=1e-3)


@pytest.mark.parametrize("resampler", ["soxr", "resampy", "torch"])
def test_what_is_above_half_the_rate_is_gone(resampler: str) -> None:
    high = tone(48_000, frequency=12_000)
    found = read(high, 16_000, sample_rate=48_000, resampler=resampler)
    assert np.abs(found[1_600:-1_600]).max() < 1e-3


def test_at_the_same_rate_nothing_is_done() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, 10_000).astype(np.float32)
    for resampler in ("soxr", "resampy", "torch"):
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


PAIRS = [(44_100, 32_000), (48_000, 16_000), (8_000, 32_000), (11_025, 8_000), (44_101, 32_000)]
"""Rates from which and to which; the last have nothing in common."""


@pytest.mark.parametrize(("sample_rate", "rate"), PAIRS)
@pytest.mark.parametrize("part", [0.01, 0.4, 0.85, 0.912])
def test_torch_passes_a_sine_as_the_formula_has_it(
    sample_rate: int, rate: int, part: float
) -> None:
    frequency = part * min(sample_rate, rate) / 2
    found = read(
        tone(sample_rate, 1.0, frequency), rate, sample_rate=sample_rate, resampler="torch"
    )
    middle = slice(rate // 4, 3 * rate // 4)
    np.testing.assert_allclose(found[middle], tone(rate, 1.0, frequency)[middle], atol=2e-6)


@pytest.mark.parametrize(("sample_rate", "rate"), [pair for pair in PAIRS if pair[0] > pair[1]])
@pytest.mark.parametrize("part", [1.0, 1.05, 1.37])
def test_torch_leaves_nothing_of_what_would_be_mirrored(
    sample_rate: int, rate: int, part: float
) -> None:
    high = tone(sample_rate, 1.0, min(part * rate / 2, sample_rate * 0.499))
    found = read(high, rate, sample_rate=sample_rate, resampler="torch")
    assert np.abs(found[rate // 4 : 3 * rate // 4]).max() < 1e-6


@settings(deadline=None, derandomize=True, max_examples=60)
@given(n=st.integers(1, 70_000), pair=st.sampled_from(PAIRS[:-1]))
def test_torch_gives_the_rounded_quotient_of_samples(n: int, pair: tuple[int, int]) -> None:
    samples = np.zeros(n, np.float32)
    expected = (2 * n * pair[1] + pair[0]) // (2 * pair[0])  # rounded half up
    found = list(resampled(iter([(pair[0], samples)]), pair[1], "torch", "it")) if expected else []
    assert sum(map(len, found)) == expected


@pytest.mark.parametrize("size", [1_000, 33_333, 200_000])
def test_torch_does_not_see_the_pieces(size: int) -> None:
    x = np.random.default_rng(0).uniform(-1, 1, 200_000).astype(np.float32)
    pieces = [(44_100, x[start : start + size]) for start in range(0, len(x), size)]
    found = np.concatenate(list(resampled(iter(pieces), 32_000, "torch", "it")))
    np.testing.assert_array_equal(found, read(x, 32_000, sample_rate=44_100, resampler="torch"))


def test_torch_agrees_with_soxr_on_a_recording(shared: Path) -> None:
    files = sorted((shared / "audio" / "esc10").rglob("*.ogg"))[::40]
    assert len(files) >= 4
    for file in files:
        soxr, found = read(file, 32_000), read(file, 32_000, resampler="torch")
        # They differ in the band that both let fall, from 0.913 to 1 of half the rate.
        assert np.abs(found - soxr).max() < 0.01
        assert np.square(found - soxr).mean() <= (3e-3) ** 2 * np.square(soxr).mean()


def test_torch_tags_as_soxr_does(shared: Path) -> None:
    from panns_inference import AudioTagging

    tagger = AudioTagging("PannsMini", device="cpu")
    for file in sorted((shared / "audio" / "esc10").rglob("*.ogg"))[::80]:
        by_soxr, by_torch = tagger.tag(file), tagger.tag(file, resampler="torch")
        np.testing.assert_allclose(by_torch.clipwise, by_soxr.clipwise, atol=1e-3)


def test_rates_with_nothing_in_common_are_too_much_for_torch() -> None:
    with pytest.raises(UsageError, match=r"from 9,999,991 to 32,000 Hz.* take 'soxr'"):
        read(np.zeros(9_999), 32_000, sample_rate=9_999_991, resampler="torch")


@pytest.mark.cuda
def test_torch_resamples_on_the_gpu_as_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    x = np.random.default_rng(0).uniform(-1, 1, 100_000).astype(np.float32)
    there = read(x, 32_000, sample_rate=44_100, resampler="torch")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    here = read(x, 32_000, sample_rate=44_100, resampler="torch")
    np.testing.assert_allclose(there, here, atol=2e-6)
