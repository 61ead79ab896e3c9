"""The Kaldi front-end against a formula in float64, and against what EfficientAT's gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given
from hypothesis import strategies as st

from panns_inference.models import build
from panns_inference.models.filters import kaldi_mel_filters
from panns_inference.models.frontend import FrontEnd
from panns_inference.models.kaldi import KaldiLogmel

PUBLISHED = FrontEnd(32000, 800, 320, 128, 0, 15000)


def mel(hertz: np.ndarray | float) -> np.ndarray:
    return 1127 * np.log(1 + np.asarray(hertz) / 700)


def triangles(rate: int, n_fft: int, n_filters: int, fmin: float, fmax: float) -> np.ndarray:
    """One filter after the other, one bin after the other."""
    edges = np.linspace(mel(fmin), mel(fmax), n_filters + 2)
    found = np.zeros((n_fft // 2 + 1, n_filters))
    for k in range(n_filters):
        low, centre, high = edges[k : k + 3]
        for bin_ in range(n_fft // 2):
            place = mel(bin_ * rate / n_fft)
            if low < place < high:
                rising, falling = (place - low) / (centre - low), (high - place) / (high - centre)
                found[bin_, k] = min(rising, falling)
    return found


def logmel(waveform: np.ndarray, given: FrontEnd) -> np.ndarray:
    """The image of a waveform, (frames, mel bins), one frame after the other in float64."""
    n_fft = 2 ** int(np.ceil(np.log2(given.window_size)))
    emphasised = waveform[1:].astype(float) - 0.97 * waveform[:-1].astype(float)
    padded = np.pad(emphasised, n_fft // 2, mode="reflect")
    # Behind the window the frame is silent, and in front of it: it stands in the middle.
    window = np.zeros(n_fft)
    first = (n_fft - given.window_size) // 2
    window[first : first + given.window_size] = np.hanning(given.window_size)
    filters = triangles(given.sample_rate, n_fft, given.mel_bins, given.fmin, given.fmax)
    rows = []
    for start in range(0, len(padded) - n_fft + 1, given.hop_size):
        spectrum = np.fft.rfft(padded[start : start + n_fft] * window)
        rows.append((np.log(np.abs(spectrum) ** 2 @ filters + 1e-5) + 4.5) / 5)
    return np.stack(rows)


def signal(name: str) -> np.ndarray:
    time = np.arange(20_000) / 32000
    return {
        "noise": 0.1 * np.random.default_rng(1).standard_normal(20_000),
        "faint noise": 1e-4 * np.random.default_rng(2).standard_normal(20_000),
        "tone": 0.9 * np.sin(2 * np.pi * 997 * time),
        "silence": np.zeros(20_000),
        "impulse": np.eye(1, 20_000, 9_000)[0],
    }[name].astype(np.float32)


@pytest.mark.parametrize("name", ["noise", "faint noise", "tone", "silence", "impulse"])
def test_images_are_those_of_the_formula(name: str) -> None:
    layer, waveform = KaldiLogmel(PUBLISHED), signal(name)
    wanted = logmel(waveform, PUBLISHED)
    found = layer(torch.from_numpy(waveform)[None])
    assert found.dtype == torch.float32
    assert found.shape == (1, 1, 1 + 19_999 // 320, 128)
    np.testing.assert_allclose(found[0, 0], wanted, rtol=0, atol=2e-4)
    exact = layer(torch.from_numpy(waveform).double()[None])
    assert exact.dtype == torch.float64
    # Window and filters are held in float32.
    np.testing.assert_allclose(exact[0, 0], wanted, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "settings",
    [FrontEnd(16000, 400, 160, 40, 20, 7600), FrontEnd(32000, 1024, 320, 64, 50, 14000)],
)
def test_other_settings_are_those_of_the_formula(settings: FrontEnd) -> None:
    waveform = signal("noise")
    found = KaldiLogmel(settings)(torch.from_numpy(waveform).double()[None])
    np.testing.assert_allclose(found[0, 0], logmel(waveform, settings), rtol=0, atol=1e-5)


@given(
    st.sampled_from([256, 512, 1024]),
    st.integers(4, 40),
    st.floats(0, 300),
    st.floats(2000, 16000),
)
def test_filters_are_triangles_of_peak_one(
    n_fft: int, n_filters: int, fmin: float, fmax: float
) -> None:
    found = kaldi_mel_filters(32000, n_fft, n_filters, fmin, fmax).numpy()
    expected = triangles(32000, n_fft, n_filters, fmin, fmax)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


@pytest.mark.shared("what the front-end of EfficientAT gives")
def test_the_images_of_efficientat(shared: Path) -> None:
    stored = np.load(shared / "distill" / "teacher" / "golden.npz")
    layer = KaldiLogmel(PUBLISHED)
    np.testing.assert_allclose(layer.mel.T, stored["mel_matrix"], rtol=0, atol=1e-6)
    samples, rate = soundfile.read(shared / "audio" / "R9_ZSCveAHg_7s.wav", dtype="float32")
    assert rate == 32000
    image = layer(torch.from_numpy(samples)[None])[0, 0].T
    frames = stored["r9_mel"].shape[1]
    np.testing.assert_allclose(image[:, :frames], stored["r9_mel"], rtol=0, atol=1e-4)


def test_nothing_of_it_is_in_a_file_and_all_of_it_in_a_network_without_weights() -> None:
    waveform = torch.from_numpy(signal("noise"))[None]
    with torch.device("meta"):
        network = build("PannsMini")
    assert not [name for name in network.state_dict() if name.startswith("logmel_extractor")]
    wanted = KaldiLogmel(PUBLISHED)(waveform)
    assert torch.equal(network.logmel_extractor(waveform), wanted)


def test_half_precision_is_computed_in_single() -> None:
    waveform = torch.from_numpy(signal("noise"))[None]
    with torch.autocast("cpu", torch.bfloat16):
        found = KaldiLogmel(PUBLISHED)(waveform)
    assert torch.equal(found, KaldiLogmel(PUBLISHED)(waveform))
    halved = KaldiLogmel(PUBLISHED)(waveform.half())
    assert halved.dtype == torch.float32
    assert torch.equal(halved, KaldiLogmel(PUBLISHED)(waveform.half().float()))
