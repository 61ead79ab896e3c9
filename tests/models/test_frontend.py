"""The front-end against a float64 oracle, against torchlibrosa and against librosa."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import pytest
import torch
import torchlibrosa.stft
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import formulas
from torch import Tensor, nn

from panns_inference.audio import read
from panns_inference.errors import UsageError
from panns_inference.models import LogmelFilterBank, Spectrogram, precision
from panns_inference.models.filters import dft_filters, mel_filters, periodic_hann

STFT = {"n_fft": 1024, "hop_length": 320}
MEL = {"sr": 32000, "n_fft": 1024, "n_mels": 64, "fmin": 50, "fmax": 14000, "top_db": None}

SIGNALS = ("street", "noise", "tone", "silence", "impulse")


@pytest.fixture(scope="module")
def ours() -> nn.Module:
    return nn.Sequential(Spectrogram(**STFT), LogmelFilterBank(**MEL))


@pytest.fixture(scope="module")
def theirs() -> nn.Module:
    return nn.Sequential(
        torchlibrosa.stft.Spectrogram(**STFT), torchlibrosa.stft.LogmelFilterBank(**MEL)
    )


@pytest.fixture(scope="module")
def waveform(street: Path) -> Callable[[str], Tensor]:
    """A waveform that the oracle knows, (1, samples) float32."""

    def make(kind: str) -> Tensor:
        if kind == "street":
            return torch.from_numpy(read(street, 32000)[: 7 * 32000])[None]
        return torch.from_numpy(formulas.waveform(kind, 32000, 32000))[None]

    return make


@pytest.fixture(scope="module")
def oracle(waveform: Callable[[str], Tensor]) -> Callable[[str], np.ndarray]:
    """Log-mel by NumPy, all of it in float64, (frames, 64) dB."""
    settings = {key: value for key, value in MEL.items() if key != "top_db"}
    mel = librosa.filters.mel(**settings).T.astype(np.float64)

    @cache
    def logmel(kind: str) -> np.ndarray:
        padded = np.pad(waveform(kind)[0].double().numpy(), 512, "reflect")
        frames = np.lib.stride_tricks.sliding_window_view(padded, 1024)[::320]
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1024) / 1024)
        power = np.abs(np.fft.rfft(frames * hann)) ** 2
        return 10 * np.log10(np.maximum(power @ mel, 1e-10))

    return logmel


def error(logmel: Tensor, wanted: np.ndarray) -> float:
    """Largest difference in dB."""
    assert logmel.shape == (1, 1, *wanted.shape)
    return float(np.abs(logmel[0, 0].double().numpy() - wanted).max())


# Precision


@pytest.mark.slow
@pytest.mark.parametrize("kind", SIGNALS)
def test_log_mel_is_at_least_as_near_to_the_truth_as_torchlibrosas(
    kind: str,
    ours: nn.Module,
    theirs: nn.Module,
    waveform: Callable[[str], Tensor],
    oracle: Callable[[str], np.ndarray],
) -> None:
    with torch.no_grad():
        own, other = (error(each(waveform(kind)), oracle(kind)) for each in (ours, theirs))
    assert own <= other
    # Half of the last place of a float32 between 64 and 128.
    assert own <= 2**-18 * 1.05


@pytest.mark.parametrize("kind", SIGNALS)
def test_log_mel_of_a_float64_waveform_is_the_oracles(
    kind: str,
    ours: nn.Module,
    waveform: Callable[[str], Tensor],
    oracle: Callable[[str], np.ndarray],
) -> None:
    logmel = ours(waveform(kind).double())
    assert logmel.dtype == torch.float64
    assert error(logmel, oracle(kind)) < 1e-10


def test_silence_is_100_decibels_down(ours: nn.Module) -> None:
    assert ours(torch.zeros(1, 3200)).unique().tolist() == [-100]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("whole", [False, True])
def test_nothing_is_computed_below_float32(
    whole: bool,
    dtype: torch.dtype,
    waveform: Callable[[str], Tensor],
) -> None:
    """Neither for waveforms of a lower type, nor in autocast, nor in a network of that type."""
    network = nn.Sequential(Spectrogram(**STFT), LogmelFilterBank(**MEL))
    clip = waveform("tone").to(dtype)
    wanted = network(clip.float())
    if whole:
        network = network.to(dtype)
    with torch.autocast("cpu", torch.bfloat16):
        logmel = network(clip)
    assert logmel.dtype == torch.float32
    # A network of a lower type holds a rounded mel matrix.
    rounding = 10 * np.log10(1 + torch.finfo(dtype).eps) if whole else 0
    np.testing.assert_allclose(logmel, wanted, rtol=0, atol=rounding + 1e-5)


@pytest.mark.parametrize("kind", SIGNALS)
def test_a_device_without_float64_is_as_precise_as_torchlibrosa(
    kind: str,
    theirs: nn.Module,
    waveform: Callable[[str], Tensor],
    oracle: Callable[[str], np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(precision, "NO_FLOAT64", {"cpu"})
    network = nn.Sequential(Spectrogram(**STFT), LogmelFilterBank(**MEL))
    with torch.no_grad():
        own, other = (error(each(waveform(kind)), oracle(kind)) for each in (network, theirs))
    assert own <= 1.1 * other


def test_trained_filters_are_convolved_with_in_float32_in_autocast() -> None:
    trained = Spectrogram(**STFT)
    trained.stft.conv_real.weight.data.mul_(0.9)
    clip = torch.rand(1, 5000) - 0.5
    wanted = trained(clip)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(trained(clip), wanted)


# Formulas
@given(
    sample_rate=st.sampled_from([8000, 11025, 16000, 22050, 32000, 44100, 48000]),
    window_size=st.sampled_from([256, 400, 512, 1000, 1024, 2048]),
    mel_bins=st.integers(1, 160),
    fmin=st.sampled_from([0, 20, 50, 300.5]),
    part=st.floats(0.2, 1.0),
)
@pytest.mark.filterwarnings("ignore:Empty filters detected")
def test_mel_filters_are_librosas_bit_for_bit(
    sample_rate: int, window_size: int, mel_bins: int, fmin: float, part: float
) -> None:
    fmax = part * sample_rate / 2
    found = mel_filters(sample_rate, window_size, mel_bins, fmin, fmax).numpy()
    wanted = librosa.filters.mel(
        sr=sample_rate, n_fft=window_size, n_mels=mel_bins, fmin=fmin, fmax=fmax
    )
    assert found.dtype == wanted.dtype == np.float32
    np.testing.assert_array_equal(found, wanted.T)


@pytest.mark.parametrize("window_size", [256, 400, 512, 1024])
def test_dft_filters_are_the_windowed_transform_of_impulses(window_size: int) -> None:
    real, imag = (part[:, 0].numpy() for part in dft_filters(periodic_hann(window_size)))
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window_size) / window_size)
    spectra = np.fft.rfft(np.diag(window), axis=1).T
    np.testing.assert_allclose(real + 1j * imag, spectra, rtol=0, atol=1e-12)


# The signatures of torchlibrosa


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"n_fft": 512},
        {"n_fft": 400, "hop_length": 160, "pad_mode": "constant"},
        {"n_fft": 256, "win_length": 256, "power": 1.0},
    ],
    ids=str,
)
def test_spectrogram_is_torchlibrosas(given: dict[str, Any]) -> None:
    clip = torch.rand(3, 6000) - 0.5
    found, wanted = Spectrogram(**given)(clip), torchlibrosa.stft.Spectrogram(**given)(clip)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, wanted, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"top_db": None},
        {"ref": 0.5, "amin": 1e-6, "top_db": 40},
        {"is_log": False, "n_mels": 40, "fmin": 100, "fmax": 4000},
    ],
    ids=str,
)
def test_log_mel_is_torchlibrosas(given: dict[str, Any]) -> None:
    power = torch.rand(2, 1, 11, 1025) ** 8
    found = LogmelFilterBank(**given)(power)
    torch.testing.assert_close(found, torchlibrosa.stft.LogmelFilterBank(**given)(power))


@pytest.mark.parametrize(
    "given", [{"win_length": 512}, {"window": "hamming"}, {"center": False}], ids=str
)
def test_other_windows_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"centred frames with a Hann window.*; got win_length="):
        Spectrogram(1024, 320, **given)


@settings(max_examples=20)
@given(n_samples=st.integers(513, 5000), batch=st.integers(0, 3))
def test_there_is_a_frame_for_each_hop_and_one_more(n_samples: int, batch: int) -> None:
    spectrogram = Spectrogram(**STFT)(torch.rand(batch, n_samples))
    assert spectrogram.shape == (batch, 1, 1 + n_samples // 320, 513)


# Filters that are no windowed DFT, or of another window


def both(change: Callable[[nn.Module], object]) -> tuple[Spectrogram, nn.Module]:
    """Ours and torchlibrosa's with the same change of the filters."""
    pair = Spectrogram(**STFT), torchlibrosa.stft.Spectrogram(**STFT)
    with torch.no_grad():
        for each in pair:
            torch.manual_seed(1)
            change(each.stft)
    return pair


def noisy(amount: float) -> Callable[[nn.Module], object]:
    def change(stft: nn.Module) -> None:
        for bank in (stft.conv_real, stft.conv_imag):
            bank.weight.add_(amount * torch.randn(bank.weight.shape))

    return change


def one_tap(stft: nn.Module) -> None:
    stft.conv_imag.weight[300, 0, 700] += 1e-4


def other_window(stft: nn.Module) -> None:
    window = torch.hamming_window(1024, dtype=torch.float64)
    for bank, filters in zip((stft.conv_real, stft.conv_imag), dft_filters(window), strict=True):
        bank.weight.copy_(filters)


def silent_window(stft: nn.Module) -> None:
    stft.conv_real.weight.zero_()
    stft.conv_imag.weight.zero_()


@pytest.mark.parametrize(
    "change", [noisy(1e-2), noisy(1e-5), one_tap], ids=["much", "little", "one"]
)
def test_trained_filters_give_what_a_convolution_gives(
    change: Callable[[nn.Module], object],
) -> None:
    found, wanted = both(change)
    clip = torch.rand(2, 4000) - 0.5
    assert found.stft.window() is None
    torch.testing.assert_close(found(clip), wanted(clip), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("change", [other_window, silent_window])
def test_a_dft_of_another_window_is_transformed_with_that_window(
    change: Callable[[nn.Module], object],
) -> None:
    found, wanted = both(change)
    clip = torch.rand(2, 4000) - 0.5
    window = found.stft.window()
    torch.testing.assert_close(window.float(), found.stft.conv_real.weight[0, 0])
    torch.testing.assert_close(found(clip), wanted(clip), rtol=1e-3, atol=1e-3)


def test_the_published_filters_are_the_dft_of_the_hann_window() -> None:
    stft, theirs = Spectrogram(**STFT).stft, torchlibrosa.stft.Spectrogram(**STFT).stft
    stft.load_state_dict(theirs.state_dict())
    assert torch.equal(stft.window(), periodic_hann(1024))
    for dtype in (torch.float64, torch.float16, torch.bfloat16):
        assert torch.equal(stft.to(dtype).window(), periodic_hann(1024))


def replace(spectrogram: Spectrogram, weight: Tensor) -> None:
    spectrogram.stft.conv_real.weight = nn.Parameter(weight, requires_grad=False)


def load(spectrogram: Spectrogram, weight: Tensor, assign: bool) -> None:
    state = {**spectrogram.state_dict(), "stft.conv_real.weight": weight}
    spectrogram.load_state_dict(state, assign=assign)


CHANGES = {
    "in place": lambda s, w: s.stft.conv_real.weight.copy_(w),
    "data": lambda s, w: setattr(s.stft.conv_real.weight, "data", w),
    "parameter": replace,
    "loaded": lambda s, w: load(s, w, assign=False),
    "assigned": lambda s, w: load(s, w, assign=True),
}


@pytest.mark.parametrize("way", CHANGES)
def test_a_change_of_the_filters_is_noticed_and_its_end_too(way: str) -> None:
    spectrogram, clip = Spectrogram(**STFT), torch.rand(1, 4000) - 0.5
    original = spectrogram.stft.conv_real.weight.detach().clone()
    with torch.no_grad():
        before = spectrogram(clip)
        CHANGES[way](spectrogram, 0.5 * original)
        changed = spectrogram(clip)
        CHANGES[way](spectrogram, original)
        after = spectrogram(clip)
    assert not torch.allclose(changed, before, rtol=1e-2)
    assert torch.equal(after, before)


def test_filters_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    spectrogram, clip, looks = Spectrogram(**STFT), torch.rand(1, 4000), []
    look = torch.allclose
    monkeypatch.setattr(torch, "allclose", lambda *a, **k: looks.append(1) or look(*a, **k))
    for _ in range(3):
        spectrogram(clip)
    # The window, and the two banks.
    assert len(looks) == 3


def test_filters_made_without_version_counters_are_transformed_too() -> None:
    clip = torch.rand(1, 4000)
    with torch.inference_mode():
        spectrogram = Spectrogram(**STFT)
        assert torch.equal(spectrogram(clip), Spectrogram(**STFT)(clip))


# Gradients


def test_the_waveform_gets_torchlibrosas_gradient(ours: nn.Module, theirs: nn.Module) -> None:
    noise, gradients = torch.rand(1, 4000) - 0.5, []
    for each in (ours, theirs):
        clip = noise.clone().requires_grad_()
        each(clip).sum().backward()
        gradients.append(clip.grad)
    torch.testing.assert_close(*gradients, rtol=1e-3, atol=1e-2)


def test_trainable_filters_get_torchlibrosas_gradient() -> None:
    clip, gradients = torch.rand(2, 3000) - 0.5, []
    for kind in (Spectrogram, torchlibrosa.stft.Spectrogram):
        spectrogram = kind(**STFT, freeze_parameters=False).requires_grad_()
        spectrogram(clip).sqrt().sum().backward()
        gradients.append(spectrogram.stft.conv_imag.weight.grad)
    torch.testing.assert_close(*gradients, rtol=1e-3, atol=1e-2)


def test_a_trainable_mel_matrix_gets_torchlibrosas_gradient() -> None:
    power, gradients = torch.rand(2, 1, 11, 1025), []
    for kind in (LogmelFilterBank, torchlibrosa.stft.LogmelFilterBank):
        bank = kind(freeze_parameters=False)
        bank(power).sum().backward()
        gradients.append(bank.melW.grad)
    torch.testing.assert_close(*gradients)


def test_filters_that_were_trained_and_frozen_again_are_convolved_with() -> None:
    spectrogram, clip = Spectrogram(**STFT, freeze_parameters=False), torch.rand(1, 4000) - 0.5
    optimiser = torch.optim.SGD(spectrogram.parameters(), lr=1e-3)
    spectrogram(clip).mean().backward()
    optimiser.step()
    trained = spectrogram(clip).detach()
    spectrogram.requires_grad_(False)
    torch.testing.assert_close(spectrogram(clip), trained)
    assert spectrogram.stft.window() is None
