"""Recordings on the disk, and what augmentation does to waveforms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from panns_inference.errors import AudioError
from panns_inference.training.distillation import augment
from panns_inference.training.distillation.recordings import Recordings, decode, write_recordings

RATE = 32000


def tone(hertz: float, n_samples: int = RATE, level: float = 0.1) -> np.ndarray:
    time = np.arange(n_samples) / RATE
    return (level * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def loudest_hertz(waveform: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(waveform * np.hanning(len(waveform))))
    return float(spectrum.argmax() * RATE / len(waveform))


def test_recordings_come_back_as_16_bit(tmp_path: Path) -> None:
    waveforms = {"a/b.ogg": tone(440), "empty": tone(1, 0), "loud": np.float32([2, -3, 0.5])}
    write_recordings(waveforms.items(), tmp_path / "set")
    read = Recordings(tmp_path / "set")
    assert list(read) == list(waveforms)
    assert len(read) == 3
    assert read["loud"].tolist() == [32767, -32767, 16384]
    assert read.n_samples("a/b.ogg") == RATE
    np.testing.assert_allclose(read["a/b.ogg"] / 32767, waveforms["a/b.ogg"], atol=0.5001 / 32767)
    assert sorted(path.name for path in (tmp_path / "set").iterdir()) == [
        "index.csv",
        "samples.npy",
    ]


def test_a_set_without_recordings(tmp_path: Path) -> None:
    write_recordings([], tmp_path)
    assert len(Recordings(tmp_path)) == 0


def test_a_set_that_was_not_finished_has_no_index(tmp_path: Path) -> None:
    def broken():
        yield "first", tone(440)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_recordings(broken(), tmp_path)
    assert not (tmp_path / "index.csv").exists()


def test_files_are_decoded_to_mono_at_the_rate(tmp_path: Path) -> None:
    path = tmp_path / "stereo.flac"
    time = np.arange(44100) / 44100
    left = 0.5 * np.sin(2 * np.pi * 1000 * time)
    soundfile.write(path, np.stack([left, np.zeros_like(left)], axis=1), 44100)
    waveform = decode(path, RATE)
    assert waveform.dtype == np.float32
    assert waveform.shape == (RATE,)
    np.testing.assert_allclose(waveform[800:-800], tone(1000, level=0.25)[800:-800], atol=2e-3)


def test_a_file_that_is_no_sound_is_named(tmp_path: Path) -> None:
    path = tmp_path / "no.wav"
    path.write_text("not a sound")
    with pytest.raises(AudioError, match=r"no\.wav: cannot be decoded for training"):
        decode(path, RATE)


@pytest.fixture
def draw() -> np.random.Generator:
    return np.random.default_rng(7)


def test_fitted_cuts_or_pads(draw: np.random.Generator) -> None:
    waveform = np.arange(1, 101, dtype=np.float32)
    starts = set()
    for _ in range(50):
        piece = augment.fitted(waveform, 30, draw)
        assert (np.diff(piece) == 1).all()
        assert len(piece) == 30
        starts.add(piece[0])
        padded = augment.fitted(waveform, 130, draw)
        assert len(padded) == 130
        assert padded[padded > 0].tolist() == waveform.tolist()
    assert len(starts) > 20


def test_levels_are_those_of_the_loudest_tenth_of_a_second() -> None:
    waveform = np.concatenate([tone(440, 3200, 0.001), tone(440, 3200, 0.5)])
    scaled = augment.with_level(waveform, -20.0)
    assert 20 * np.log10(np.sqrt(np.square(scaled[3200:]).mean())) == pytest.approx(-20, abs=0.01)
    short = augment.with_level(tone(440, 1000), -30.0)
    assert 20 * np.log10(np.sqrt(np.square(short).mean())) == pytest.approx(-30, abs=0.01)
    assert not augment.with_level(np.zeros(5000, np.float32), 0.0).any()


def test_a_mixture_is_the_sum_at_its_levels() -> None:
    mix = augment.mixed([tone(440), tone(5000)], [-20.0, -40.0])
    spectrum = np.abs(np.fft.rfft(mix)) / (RATE / 2)
    assert spectrum[440] == pytest.approx(0.1 * 2**0.5, rel=1e-3)
    assert spectrum[5000] == pytest.approx(0.01 * 2**0.5, rel=1e-3)


def test_speed_moves_the_pitch() -> None:
    faster = augment.resampled(tone(1000), 1.5)
    assert loudest_hertz(faster) == pytest.approx(1500, abs=2)
    assert len(faster) == pytest.approx(RATE / 1.5, abs=2)


def test_an_equaliser_is_linear_and_changes_the_spectrum(draw: np.random.Generator) -> None:
    noise = draw.standard_normal(RATE).astype(np.float32)
    one = augment.equalised(noise, np.random.default_rng(3))
    two = augment.equalised(2 * noise, np.random.default_rng(3))
    np.testing.assert_allclose(two, 2 * one, atol=1e-4)
    ratio = np.abs(np.fft.rfft(one)) / np.abs(np.fft.rfft(noise))
    decibel = 20 * np.log10(ratio[100:])
    assert decibel.max() - decibel.min() > 3
    np.testing.assert_allclose(augment.equalised(noise, draw, spread=0.0), noise, atol=1e-5)


def test_a_room_adds_a_tail_and_keeps_the_direct_sound(draw: np.random.Generator) -> None:
    click = np.zeros(RATE, np.float32)
    click[100] = 1
    wet = augment.reverberated(click, draw, RATE)
    assert len(wet) == RATE
    assert np.abs(wet[:100]).max() < 1e-5
    assert np.abs(wet).argmax() == 100
    assert np.abs(wet[200:2000]).max() > 1e-4


def test_quantising_leaves_few_values(draw: np.random.Generator) -> None:
    coarse = augment.quantised(tone(440), draw)
    assert len(np.unique(coarse)) <= 2 * 128 + 1
    assert np.abs(coarse).max() == pytest.approx(0.1, rel=1e-3)
    assert not augment.quantised(np.zeros(100, np.float32), draw).any()


def test_a_narrower_band_loses_the_top_and_at_times_the_bottom(draw: np.random.Generator) -> None:
    noise = draw.standard_normal(RATE).astype(np.float32)
    bottoms = []
    for _ in range(20):
        spectrum = np.abs(np.fft.rfft(augment.band_limited(noise, draw, RATE)))
        assert spectrum[15000:].max() < 1e-2
        assert spectrum[700:2000].mean() > 10
        bottoms.append(spectrum[:60].max() < 1e-2)
    assert set(bottoms) == {False, True}


def test_a_replaced_stretch_is_cross_faded() -> None:
    outer, inner = np.full(1000, 0.5, np.float32), np.full(1000, -1.0, np.float32)
    spliced = augment.replaced(outer, inner, (300, 500), 10)
    assert (spliced[:300] == 0.5).all()
    assert (spliced[500:] == 0.5).all()
    assert (spliced[310:490] == -1).all()
    assert (np.diff(spliced[300:310]) < 0).all()
    assert (np.diff(spliced[490:500]) > 0).all()


def test_codecs_keep_the_length_and_the_sound() -> None:
    for seed in range(6):  # both codecs occur
        waveform = tone(1000, 50_001, 0.5)
        decoded = augment.coded(waveform, np.random.default_rng(seed), RATE)
        assert decoded.shape == waveform.shape
        assert loudest_hertz(decoded) == pytest.approx(1000, abs=5)


def test_a_folder_that_is_written_anew_does_not_change_what_was_opened(tmp_path: Path) -> None:
    write_recordings([("a", np.full(1000, 0.5, np.float32))], tmp_path)
    read = Recordings(tmp_path)
    write_recordings([("a", np.full(1000, -0.5, np.float32))], tmp_path)
    assert (read["a"] > 0).all()
    assert (Recordings(tmp_path)["a"] < 0).all()
