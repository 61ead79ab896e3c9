"""The recipe of PannsMini: its teacher, its sounds, its mixtures and its batches."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from panns_inference.audioset import labels
from panns_inference.models import build
from panns_inference.training.distillation.recordings import Recordings, write_recordings
from panns_inference.training.recipe import read_recipe
from recipes.mini.batches import MOST_SOUNDS, Batches, Kinds
from recipes.mini.collection import Sounds, Window
from recipes.mini.mixtures import Chances, Mixer
from recipes.mini.scenes import Placing
from recipes.mini.sounds import bells
from recipes.mini.sounds.instruments import SOUND_FONT, instruments
from recipes.mini.sounds.speech import speech
from recipes.mini.sounds.tones import KINDS, tones
from recipes.mini.teacher import Teacher, read_teacher
from recipes.mini.train import HERE, TABLES

RATE = 32000


@pytest.mark.shared("the teacher of PannsMini")
def test_the_teacher_says_what_was_stored(shared: Path) -> None:
    folder = shared / "distill" / "teacher"
    stored = np.load(folder / "golden.npz")
    samples, _ = soundfile.read(shared / "audio" / "R9_ZSCveAHg_7s.wav", dtype="float32")
    waveform = torch.from_numpy(samples)[None]
    teacher = read_teacher(folder / "mn04_as_mAP_432.pt")
    np.testing.assert_allclose(teacher.logmel_extractor.mel.T, stored["mel_matrix"], atol=1e-6)
    with torch.inference_mode():
        image = teacher.logmel(waveform)[0, 0, :, :200]
        np.testing.assert_allclose(image, stored["r9_mel"], atol=1e-4)
        for network in (teacher, read_teacher(folder / "mn04_as_mAP_432.pt").fused()):
            logits = network(waveform).logits[0]
            np.testing.assert_allclose(logits, stored["r9_logits"], atol=1e-3)
            part = network(waveform[:, 64_000:224_000]).logits[0]
            np.testing.assert_allclose(part, stored["r9_2s_7s_logits"], atol=1e-3)


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


LEVELS = {"a": 0.1, "b": 0.2, "c": 0.4}


@pytest.fixture
def mixer(tmp_path: Path) -> Mixer:
    """Recordings that are constants, so that a clip shows where it comes from."""
    real = [(name, np.full(5 * RATE, level, np.float32)) for name, level in LEVELS.items()]
    write_recordings(real, tmp_path / "real")
    write_recordings([("tone/1", np.full(RATE, 0.5, np.float32))], tmp_path / "made")
    windows = [Window(name, 0, 5 * RATE, "somewhere") for name in LEVELS]
    made = Recordings(tmp_path / "made")
    return Mixer(Recordings(tmp_path / "real"), windows, [1, 1, 2], made, Chances())


@pytest.mark.parametrize("n_samples", [9_600, 160_000, 320_000])
def test_clips_are_functions_of_their_seed(mixer: Mixer, n_samples: int) -> None:
    clips, again = (
        [mixer.clip(n_samples, np.random.default_rng((3, k))) for k in range(20)] for _ in range(2)
    )
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
        round(float(mixer.clip(5 * RATE, np.random.default_rng(k)).max()), 3) for k in range(30)
    }
    assert found == {0.1, 0.2, 0.4}


@pytest.fixture
def batches(tmp_path: Path) -> Batches:
    """Of four short tones in silence; the first has a name."""
    time = np.arange(RATE) / RATE
    pitches = (300, 700, 1500, 3000)
    sounds = [(f"{k}", (0.3 * np.sin(2 * np.pi * k * time)).astype(np.float32)) for k in pitches]
    write_recordings(sounds, tmp_path / "real")
    write_recordings([("tone/1", np.full(RATE, 0.5, np.float32))], tmp_path / "made")
    draw = np.random.default_rng(1)
    logits, in_silence = draw.normal(-6, 2, (2, 4, 527)).astype(np.float16)
    windows = [Window(name, 0, RATE, "somewhere") for name, _ in sounds]
    collection = Sounds(windows, logits, in_silence, [(7, 3), (), (), ()])
    found = Batches(
        tmp_path, tmp_path / "unused.pt", collection, Chances(), Placing(), Kinds(seconds=10.0), 1
    )
    torch.manual_seed(1)
    found.teacher = Teacher().eval()
    return found


def of_kind(batches: Batches, **chances: float) -> Batches:
    teacher = batches.teacher
    found = replace(batches, kinds=replace(batches.kinds, **chances))
    found.teacher = teacher
    return found


def test_a_batch_of_sounds_alone_has_their_labels_in_silence(batches: Batches) -> None:
    batch = of_kind(batches, alone=1.0)(7)
    n_clips, _, n_frames, mel_bins = batch.image.shape
    seconds = round(n_frames / 100)
    assert (seconds, mel_bins) in {(2, 128), (5, 128)}
    assert n_clips == 10 // seconds
    targets = 1 / (1 + np.exp(-batches.sounds.in_silence.astype(float)))
    targets[0, [7, 3]] = np.maximum(targets[0, [7, 3]], 0.85)
    for k in range(n_clips):
        assert np.abs(targets - batch.clipwise[k].numpy()).max(axis=1).min() < 1e-5
        assert torch.equal(batch.sounds[k, 0], batch.clipwise[k])
        # A second of sound is six segments and a quarter, wherever it is put.
        assert 5 < float(batch.active[k, 0].sum()) < 7.5
    assert batch.placed.tolist() == [1.0] * n_clips


def test_a_batch_of_scenes_says_when_its_sounds_sound(batches: Batches) -> None:
    batch = of_kind(batches, alone=0.0, scene=1.0)(3)
    assert batch.image.shape == (1, 1, 1000, 128)
    assert batch.sounds.shape == (1, MOST_SOUNDS, 527)
    assert batch.active.shape == (1, MOST_SOUNDS, 63)
    # The background sounds throughout, up to the end of the clip in the last segment.
    assert (batch.active[0, 0, :62] == 1).all()
    assert float(batch.active[0, 0, 62]) == pytest.approx(0.5)
    assert batch.placed.tolist() == [1.0]


def test_a_batch_of_whole_clips_has_the_labels_of_the_teacher(batches: Batches) -> None:
    kind = of_kind(batches, alone=0.0, scene=0.0)
    batch = kind(5)
    assert batch.placed.tolist() == [0.0, 0.0]
    draw = np.random.default_rng((1, 5))
    draw.random()
    clip = torch.from_numpy(kind.mixer.clip(5 * RATE, draw))[None]
    network = build("PannsMini", 5)
    with torch.inference_mode():
        labels = kind.teacher(clip).logits.sigmoid()
        image = network.logmel_extractor(clip)
    torch.testing.assert_close(batch.clipwise[:1], labels, rtol=0, atol=1e-5)
    torch.testing.assert_close(batch.image[:1], image, rtol=0, atol=1e-4)


def test_a_worker_is_sent_no_recordings(batches: Batches) -> None:
    batches(1)
    assert not {"teacher", "real", "mixer", "up_to"} & batches.__getstate__().keys()


def test_the_recipe_can_be_read() -> None:
    recipe = read_recipe(HERE / "recipe.toml", TABLES)
    assert recipe["run"].steps > recipe["run"].decay
    assert recipe["chances"].two + recipe["chances"].three < 1
