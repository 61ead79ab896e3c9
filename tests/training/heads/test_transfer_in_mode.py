"""More than the last layer learns by one command: resumed, begun anew, and written as ONNX."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from killed_transfer import TINY

from panns_inference import AudioTagging, SoundEventDetection
from panns_inference.checkpoints import save
from panns_inference.cli import main
from panns_inference.models import build
from panns_inference.training.data import Clip, dataset, read_dataset
from panns_inference.training.heads import transfer_in_mode
from panns_inference.training.heads.unlearnt import warn_of_long_clips
from panns_inference.training.modes import MODES, Mode

FROZEN = Mode("freeze-l1", TINY.stages[:1])
RATE = 32_000
GIVEN = ("--fine-tune", "--model", "PannsMini", "--device", "cpu", "--threads", "1")


def write(path: Path, pitch: float | None, seed: int) -> None:
    """Half a second of a tone, or of noise."""
    time = np.arange(RATE // 2) / RATE
    noise = np.random.default_rng(seed).normal(0, 0.1, len(time))
    path.parent.mkdir(exist_ok=True)
    soundfile.write(path, noise if pitch is None else np.sin(2 * np.pi * pitch * time), RATE)


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """A folder of two classes, with two recordings each."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    for k in range(2):
        write(folder / "noise" / f"{k}.wav", None, k)
        write(folder / "tone" / f"{k}.wav", 500 + 100 * k, k)
    return folder


def weights_of(path: Path) -> dict[str, torch.Tensor]:
    return AudioTagging(str(path), device="cpu", verbose=False).network.state_dict()


def differing(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> list[str]:
    return [name for name in one if not torch.equal(one[name], other[name])]


@pytest.mark.slow  # a process of its own, and eighty steps of a whole network
def test_a_killed_command_goes_on_as_if_it_was_not(
    sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    script = [sys.executable, str(Path(__file__).with_name("killed_transfer.py"))]
    words = ["transfer", str(sounds), *GIVEN, "--seconds", "0.5", "-o"]
    killed = subprocess.run([*script, "25", *words, str(tmp_path / "killed.pth")], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "killed.pth").exists()
    monkeypatch.setitem(MODES, "fine-tune", TINY)
    with caplog.at_level("INFO"):
        assert main([*words, str(tmp_path / "killed.pth")]) == 0
    assert "stage 1/checkpoint.pth: resumed after step 10" in caplog.text
    assert "stage 2/checkpoint.pth: resumed after step 20" in caplog.text
    assert main([*words, str(tmp_path / "whole.pth")]) == 0
    one, other = (weights_of(tmp_path / f"{name}.pth") for name in ("killed", "whole"))
    assert not differing(one, other)


def test_nothing_is_taken_over_from_other_sounds_or_weights(sounds: Path, tmp_path: Path) -> None:
    """In the folder of an earlier call, a call finds what it would find in a new one."""

    def learnt(folder: str, model: AudioTagging) -> dict[str, torch.Tensor]:
        path = tmp_path / folder
        made = transfer_in_mode(sounds, model, FROZEN, path, seconds=0.5)
        return made.network.state_dict()

    mini = AudioTagging("PannsMini", device="cpu", verbose=False, threads=1)
    first = learnt("one", mini)
    assert not differing(first, learnt("one", mini))
    for k in range(2):  # one of them is held out
        write(sounds / "tone" / f"{k}.wav", 3000.0, k)
    second = learnt("one", mini)
    assert differing(first, second)
    assert not differing(second, learnt("new", mini))
    with torch.no_grad():
        mini.network.fc1.weight.mul_(0.5)
    third = learnt("one", mini)
    assert differing(second, third)


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_hidden_layers_go_through_onnx(
    activation: str,
    sounds: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Three dense layers, as the paper's Freeze_L3, from the command to the probabilities."""
    monkeypatch.setitem(MODES, "freeze-l3", replace(MODES["freeze-l3"], stages=TINY.stages[:1]))
    torch.manual_seed(0)
    other, mine, exported = (tmp_path / name for name in ("other.pth", "mine.pth", "mine.onnx"))
    save(build("LeeNet11", 2), other, labels=("a", "b"))
    data = tmp_path / "clips.csv"
    # A `;` between labels separates them, one within does not.
    rows = [f'{path},"""a; {path.parent.name}"""' for path in sorted(sounds.rglob("*.wav"))]
    # A clip of no class, and each class stands by itself.
    rows += [f"{sounds / 'noise' / '0.wav'},"] * (activation == "sigmoid")
    data.write_text("\n".join(["path,label", *rows]))
    given = ["--model", str(other), "--device", "cpu", "--threads", "1", "--seconds", "0.5"]
    assert main(["transfer", str(data), "--mode", "freeze-l3", "-o", str(mine), *given]) == 0
    assert main(["export", str(mine), "--to", "onnx", "-o", str(exported)]) == 0
    capsys.readouterr()
    tags = []
    for path in (mine, exported):
        recording = str(sounds / "tone" / "1.wav")
        assert main(["tag", recording, "--model", str(path), "--top", "2", "-f", "json"]) == 0
        (found,) = json.loads(capsys.readouterr().out)
        tags.append({tag["label"]: tag["probability"] for tag in found["tags"]})
    assert tags[0].keys() == tags[1].keys() == {"a; noise", "a; tone"}
    assert tags[1] == pytest.approx(tags[0], abs=1e-5)
    torched, onnxed = (AudioTagging(path, device="cpu", verbose=False) for path in (mine, exported))
    assert torched.network.activation == activation
    assert torched.network.hidden == (512, 512)
    assert onnxed.labels == torched.labels
    assert onnxed.thresholds == torched.thresholds != (0.5, 0.5)


def test_long_clips_are_said_to_be_cut(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    lengths = {"a": 1.9, "b": 2.0, "c": 4.0}
    for name, length in lengths.items():
        soundfile.write(tmp_path / f"{name}.wav", np.zeros(round(8000 * length)), 8000)
    paths = [tmp_path / f"{name}.wav" for name in (*lengths, "gone")]
    clips = [Clip(path, ("x",)) for path in paths]
    warn_of_long_clips(dataset([*clips, Clip(paths[2], ("x",), 2.5, 4.0)]), 1.0)
    assert "only the first 1 s of 2 long clips are learnt from, such as of" in caplog.text
    assert "c.wav, which lasts 4 s: give more seconds, or annotations" in caplog.text
    caplog.clear()
    warn_of_long_clips(dataset(clips), 3.0)
    assert not caplog.text


def test_times_are_learnt_in_every_mode(tmp_path: Path) -> None:
    """A pack does not hold them; they come from the data set."""
    folder = tmp_path / "known"
    folder.mkdir()
    for k in range(4):
        time = np.arange(4 * RATE) / RATE
        tone = np.sin(2 * np.pi * (500 + 50 * k) * time) * (time > 1) * (time < 2.5)
        noise = np.random.default_rng(k).normal(0, 1e-3, len(time))
        soundfile.write(folder / f"{k}.wav", 0.5 * tone + noise, RATE)
        (folder / f"{k}.txt").write_text("1.0\t2.5\ttone\n")
    model = AudioTagging("PannsMini", device="cpu", verbose=False, threads=1)
    data = read_dataset(folder, seconds=1.0)
    found = transfer_in_mode(data, model, FROZEN, tmp_path / "run", seconds=1.0)
    assert found.results is not None
    assert found.results.events is not None
    assert found.results.events.n_recordings == 1
    found.save(tmp_path / "mine.pth")
    detector = SoundEventDetection(str(tmp_path / "mine.pth"), device="cpu", verbose=False)
    (event,) = detector.detect(folder / "0.wav").events
    assert event.onset == pytest.approx(1, abs=0.2)
    assert event.offset == pytest.approx(2.5, abs=0.2)
