"""The recipe of PannsMini: its teacher, its sounds, its mixtures and its judges."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from panns_inference.audioset import labels
from panns_inference.models.mini import PannsMini
from panns_inference.training.recipe import read_recipe
from panns_inference.training.recordings import Recordings, decode, write_recordings
from recipes.mini.batches import Batches, Lengths
from recipes.mini.detection import detected, f1_scores
from recipes.mini.duets import Scene, Sound, duets
from recipes.mini.mixtures import Chances, Mixer, Window
from recipes.mini.sounds import bells
from recipes.mini.sounds.instruments import SOUND_FONT, instruments
from recipes.mini.sounds.speech import speech
from recipes.mini.sounds.tones import KINDS, tones
from recipes.mini.teacher import Teacher, mel_matrix, read_teacher
from recipes.mini.train import HERE, TABLES, Validation, Windows, read_windows

RATE = 32000


@pytest.mark.shared("the teacher of PannsMini")
def test_the_teacher_says_what_was_stored(shared: Path) -> None:
    folder = shared / "distill" / "teacher"
    stored = np.load(folder / "golden.npz")
    samples, _ = soundfile.read(shared / "audio" / "R9_ZSCveAHg_7s.wav", dtype="float32")
    waveform = torch.from_numpy(samples)[None]
    teacher = read_teacher(folder / "mn04_as_mAP_432.pt")
    np.testing.assert_allclose(mel_matrix(), stored["mel_matrix"], atol=1e-6)
    with torch.inference_mode():
        image = teacher.logmel(waveform)[0, 0, :, :200]
        np.testing.assert_allclose(image, stored["r9_mel"], atol=1e-4)
        for network in (teacher, read_teacher(folder / "mn04_as_mAP_432.pt").fused()):
            logits = network(waveform).logits[0]
            np.testing.assert_allclose(logits, stored["r9_logits"], atol=1e-3)
            part = network(waveform[:, 64_000:224_000]).logits[0]
            np.testing.assert_allclose(part, stored["r9_2s_7s_logits"], atol=1e-3)


def test_the_mean_of_the_teachers_steps_is_what_its_last_layers_take() -> None:
    torch.manual_seed(1)
    teacher = Teacher().eval()
    with torch.inference_mode():
        said = teacher(torch.randn(2, 20_000, generator=torch.Generator().manual_seed(1)))
        image = teacher.logmel(torch.randn(2, 20_000, generator=torch.Generator().manual_seed(1)))
        whole = teacher.classifier(teacher.features(image))
    torch.testing.assert_close(whole, said.logits, rtol=1e-4, atol=1e-4)
    # 63 frames, halved five times, rounded up.
    assert said.local.shape == (2, 2, 512)


@pytest.mark.shared("the teacher of PannsMini")
def test_stored_labels_are_the_teachers(shared: Path) -> None:
    distill = shared / "distill"
    windows = read_windows(distill, "validation")
    chosen = [k for k, w in enumerate(windows.windows) if "esc10" not in w.name][::60]
    part = Windows([windows.windows[k] for k in chosen], windows.logits[chosen])
    names = {w.name for w in part.windows}
    judge = Validation({name: decode(distill / name, RATE) for name in names}, part)
    assert any(len(waveform) < 16_000 for waveform in judge.waveforms)
    teacher = read_teacher(distill / "teacher" / "mn04_as_mAP_432.pt")
    for waveform, stored in zip(judge.waveforms, part.logits, strict=True):
        with torch.inference_mode():
            logits = teacher(torch.from_numpy(waveform)[None]).logits[0]
        # Stored in half precision, of another build of the decoder; silence is the hardest.
        assert np.abs(logits.numpy() - stored).max() < 0.3
        assert np.abs(logits.numpy() - stored).mean() < 0.05


@pytest.mark.shared("the recordings that PannsMini was trained on")
def test_no_validation_window_is_trained_on(shared: Path) -> None:
    train, validation = (read_windows(shared / "distill", s) for s in ("train", "validation"))
    assert (len(train.windows), len(validation.windows)) == (5797, 741)
    assert len(train.logits) == 5797
    assert not {w.name for w in train.windows} & {w.name for w in validation.windows}


@pytest.mark.shared("the recordings that PannsMini was trained on")
def test_the_yardstick_is_what_its_readme_says(shared: Path) -> None:
    windows = read_windows(shared / "distill", "validation")
    split = np.genfromtxt(
        shared / "distill" / "windows.csv", delimiter=",", skip_header=1, usecols=3, dtype=str
    )
    stored = np.load(shared / "distill" / "soft.npz")["leenet11"][split == "validation"]
    judge = Validation({w.name: np.zeros(0, np.float32) for w in windows.windows}, windows)
    leenet11 = judge.figures_of(stored.astype(np.float64))
    assert leenet11["cross_entropy"] == pytest.approx(0.01410, abs=5e-6)
    assert leenet11["mAP"] == pytest.approx(0.510, abs=5e-4)
    assert leenet11["top1"] == pytest.approx(0.374, abs=5e-4)
    assert judge.figures_of(judge.teacher)["cross_entropy"] == pytest.approx(0.01035, abs=5e-6)


def test_tones_are_of_every_kind_and_the_same_again() -> None:
    made = dict(tones(len(KINDS), seed=4))
    assert len(made) == len(KINDS)
    for (name, one), (other_name, other) in zip(
        made.items(), tones(len(KINDS), seed=4), strict=True
    ):
        assert name == other_name
        assert one.shape == (6 * RATE,)
        assert np.isfinite(one).all()
        assert np.array_equal(one, other)
        peak = np.abs(one).max()
        assert peak < 0.2 if name.endswith("silence") else 0.69 < peak < 0.71


def test_bells_are_of_every_kind_and_the_same_again() -> None:
    made, again = (dict(bells.bells(len(bells.KINDS), seed=2)) for _ in range(2))
    assert len(made) == len(bells.KINDS)
    for name, one in made.items():
        assert one.shape == (8 * RATE,)
        assert np.abs(one).max() == pytest.approx(0.7, abs=0.01), name
        assert np.array_equal(one, again[name])


@pytest.mark.shared("the teacher of PannsMini")
def test_the_teacher_takes_the_telephones_for_telephones(shared: Path) -> None:
    teacher = read_teacher(shared / "distill" / "teacher" / "mn04_as_mAP_432.pt")
    wanted = labels.index("Telephone bell ringing")
    found = []
    for seed in range(8):
        waveform = bells.telephone(np.random.default_rng(seed))
        heard = torch.from_numpy((waveform / np.abs(waveform).max() * 0.3).astype(np.float32))
        with torch.inference_mode():
            found.append(float(teacher(heard[None, : 5 * RATE]).logits[0, wanted].sigmoid()))
    assert np.mean(found) > 0.4


needs_espeak = pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng is missing")
needs_fluidsynth = pytest.mark.skipif(
    not (shutil.which("fluidsynth") and Path(SOUND_FONT).exists()),
    reason="fluidsynth or its sound font is missing",
)


@needs_espeak
def test_speech_is_made_in_several_languages() -> None:
    made = dict(speech(3, seed=1))
    assert [name[:11] for name in made] == ["speech/0000", "speech/0001", "speech/0002"]
    for waveform in made.values():
        assert RATE < len(waveform) < 60 * RATE
        assert np.sqrt(np.square(waveform).mean()) > 0.01


@needs_fluidsynth
def test_instruments_play_what_is_written() -> None:
    made = instruments(0, seed=1)
    name, waveform = next(made)
    assert name == "instrument/000-0"
    assert 7 * RATE < len(waveform) < 20 * RATE
    assert np.abs(waveform).max() > 0.02


@pytest.fixture
def mixer(tmp_path: Path) -> Mixer:
    """Recordings that are constants, so that a clip shows where it comes from."""
    levels = {"a": 0.1, "b": 0.2, "c": 0.4}
    real = [(name, np.full(5 * RATE, level, np.float32)) for name, level in levels.items()]
    write_recordings(real, tmp_path / "real")
    write_recordings([("tone/1", np.full(RATE, 0.5, np.float32))], tmp_path / "made")
    windows = [Window(name, 0, 5 * RATE) for name in levels]
    return Mixer(
        Recordings(tmp_path / "real"), windows, [1, 1, 2], Recordings(tmp_path / "made"), Chances()
    )


@pytest.mark.parametrize("n_samples", [9_600, 100_000, 160_000, 320_000])
def test_clips_are_functions_of_their_seed(mixer: Mixer, n_samples: int) -> None:
    clips = [
        mixer.clip(n_samples, (0, n_samples), np.random.default_rng((3, k))) for k in range(20)
    ]
    again = [
        mixer.clip(n_samples, (0, n_samples), np.random.default_rng((3, k))) for k in range(20)
    ]
    for one, other in zip(clips, again, strict=True):
        assert one.shape == (n_samples,)
        assert one.dtype == np.float32
        assert np.isfinite(one).all()
        assert np.abs(one).max() <= 1
        assert np.array_equal(one, other)
    assert len({clip.tobytes() for clip in clips}) > 5


def test_plain_clips_are_the_recording_itself(mixer: Mixer) -> None:
    mixer.chances = replace(Chances(), plain=1.0)
    found = {
        round(float(mixer.clip(5 * RATE, (0, 5 * RATE), np.random.default_rng(k)).max()), 3)
        for k in range(30)
    }
    assert found == {0.1, 0.2, 0.4}


def test_a_spliced_clip_is_another_sound_in_its_stretch(mixer: Mixer) -> None:
    mixer.chances = replace(Chances(), plain=1.0, splice=1.0)
    found = set()
    for seed in range(40):
        clip = mixer.clip(5 * RATE, (RATE, 2 * RATE), np.random.default_rng(seed))
        inside, outside = clip[RATE + 400 : 2 * RATE - 400], np.delete(clip, slice(RATE, 2 * RATE))
        assert np.ptp(inside) < 1e-4
        assert np.ptp(outside) < 1e-4
        found.add((round(float(inside[0]), 3), float(outside[0]) > 0.09))
    assert {level for level, _ in found} == {0.1, 0.2, 0.4}
    assert {loud for _, loud in found} == {False, True}


def test_batches_hold_what_the_teacher_says(
    mixer: Mixer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(1)
    teacher = Teacher().eval()
    batches = Batches(
        tmp_path,
        tmp_path / "unused.pt",
        mixer.windows.items,
        [1, 1, 2],
        Chances(),
        Lengths(seconds=4.0, whole=0.0, double=0.0),
        seed=1,
    )
    batches.teacher = teacher
    batch = batches(7)
    n_clips, _, n_frames, mel_bins = batch.decibels.shape
    assert mel_bins == 64
    assert n_clips == min(96, int(4.0 * 100 / (n_frames - 1 + 0.999)))
    assert batch.logits.shape == batch.stretch_logits.shape == (n_clips, 527)
    first, last = batch.stretch
    assert 0 <= first < last <= n_frames // 16
    draw = np.random.default_rng((1, 7))
    n_samples = batches.lengths.clip(draw)
    heard = first * 5120, last * 5120
    clip = mixer.clip(n_samples, heard, np.random.default_rng((1, 7, 0)))
    with torch.inference_mode():
        said = teacher(torch.from_numpy(clip)[None])
        stretch = teacher(torch.from_numpy(clip)[None, slice(*heard)])
        network = PannsMini(32000, 1024, 320, 64, 50, 14000, 1)
        spectrogram = network.spectrogram_extractor(torch.from_numpy(clip)[None])
        decibels = network.logmel_extractor(spectrogram)
    torch.testing.assert_close(batch.logits[0], said.logits[0], rtol=0, atol=1e-4)
    torch.testing.assert_close(batch.local[0], said.local[0], rtol=0, atol=1e-4)
    torch.testing.assert_close(batch.decibels[0], decibels[0], rtol=0, atol=1e-3)
    torch.testing.assert_close(batch.stretch_logits[0], stretch.logits[0], rtol=0, atol=1e-4)
    assert "teacher" not in batches.__getstate__()


def test_lengths_of_batches() -> None:
    lengths = Lengths()
    found = [lengths.clip(np.random.default_rng(k)) for k in range(2000)]
    assert 0.45 < np.mean(np.equal(found, 160_000)) < 0.55
    assert 0.07 < np.mean(np.equal(found, 320_000)) < 0.13
    assert min(found) >= RATE / 3 - 1
    assert np.mean(np.less(found, RATE)) > 0.1


def test_the_recipe_can_be_read() -> None:
    recipe = read_recipe(HERE / "recipe.toml", TABLES)
    assert recipe["run"].steps > recipe["run"].decay
    assert recipe["chances"].two + recipe["chances"].three < 1


def test_events_of_a_probability() -> None:
    probabilities = np.zeros(1000, np.float32)
    probabilities[100:200] = 0.6
    probabilities[210:300] = 0.5  # a gap of 0.1 s is closed
    probabilities[500:520] = 0.9  # too short
    probabilities[950:] = 0.4
    assert detected(probabilities, "x", 0.5) == [Sound(1.0, 3.0, "x")]
    assert detected(probabilities, "x", 0.4)[-1] == Sound(9.5, 10.0, "x")


def test_f1_by_hand() -> None:
    scene = Scene(np.zeros(0, np.float32), [Sound(1.0, 2.0, "a"), Sound(4.0, 9.0, "b")])
    assert f1_scores([scene], [scene.sounds]) == (1.0, 1.0)
    found = [Sound(1.19, 2.1, "a"), Sound(4.1, 8.1, "b"), Sound(4.1, 8.1, "a")]
    # Both are within their collars (an offset may be a fifth of 5 s off); seconds: a has 1, 2
    # for the 1 that is there, b 4 to 8 as it is there, the false a 4 to 8.
    event, segment = f1_scores([scene], [found])
    assert event == pytest.approx(2 * 2 / (3 + 2))
    assert segment == pytest.approx(2 * 6 / (12 + 6))
    assert f1_scores([scene], [[Sound(1.3, 2.0, "a")]])[0] == 0
    assert f1_scores([scene], [[]]) == (0.0, 0.0)


@pytest.mark.shared("ESC-10")
def test_duets_hold_two_sounds_at_their_times(shared: Path) -> None:
    scenes = duets(shared / "audio" / "esc10", 3, seed=1)
    for scene in scenes:
        assert scene.waveform.shape == (10 * RATE,)
        first, second = scene.sounds
        assert first.kind != second.kind
        for sound in scene.sounds:
            heard = scene.waveform[int(sound.onset * RATE) : int(sound.offset * RATE)]
            assert np.square(heard).mean() > 10 * np.square(scene.waveform[:8000]).mean()
