"""`AudioTagging('file.onnx')` and `panns`, in processes that have no torch, against torch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from panns_inference import AudioTagging, SoundEventDetection, UsageError
from panns_inference.cli import main
from panns_inference.export import to_onnx

WITHOUT_TORCH = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "onnx"):
            raise ImportError(f"{name} is not installed")

sys.meta_path.insert(0, Missing())
"""
"""In front of a program: neither torch nor onnx can be imported."""

REQUEST = """
import numpy as np
from panns_inference import AudioTagging

model = AudioTagging(sys.argv[1])
np.savez("found.npz", **answers(model, sys.argv[2:]))
"""

ANSWERS = """
def answers(model, paths):
    found = {}
    for number, path in enumerate(paths):
        detection = model.detect(path, framewise=True, threshold=0.1)
        events = [[each.onset, each.offset, each.index] for each in detection.events]
        stretches = model.tag(path, window=2.0).stretches
        found |= {
            f"tag {number}": model.tag(path).clipwise,
            f"embedding {number}": model.embed(path).vector,
            f"frames {number}": detection.framewise,
            f"events {number}": np.array(events),
            f"stretches {number}": np.stack([each.clipwise for each in stretches]),
            f"without silence {number}": model.tag(path, skip_silence=-50).clipwise,
            f"in silence {number}": model.tag(path, min_clip=9.0).clipwise,
        }
    rng = np.random.default_rng(0)
    for batch in (1, 5):
        waveforms = rng.standard_normal((batch, 40_000)).astype(np.float32) / 10
        found[f"clipwise of {batch}"], found[f"embedding of {batch}"] = model.inference(waveforms)
    return found
"""


@pytest.fixture(scope="module")
def paths(clip: Path, soundscape: Path) -> list[str]:
    """A recording of 7 s and one of 120 s, which is processed in blocks."""
    return [str(clip), str(soundscape)]


@pytest.fixture(scope="module")
def mini() -> AudioTagging:
    return AudioTagging("PannsMini", device="cpu")


@pytest.fixture(scope="module")
def file(mini: AudioTagging, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return to_onnx(mini, tmp_path_factory.mktemp("file") / "mini.onnx")


def run(code: str, folder: Path, *arguments: str | Path) -> str:
    """Output of a program that has no torch."""
    command = [sys.executable, "-W", "error", "-c", WITHOUT_TORCH + code, *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_file_says_without_torch_what_the_network_says(
    file: Path, mini: AudioTagging, paths: list[str], tmp_path: Path
) -> None:
    run(ANSWERS + REQUEST, tmp_path, file, *paths)
    made: dict[str, Any] = {"np": np}
    exec(ANSWERS, made)
    wanted = made["answers"](mini, paths)
    with np.load(tmp_path / "found.npz") as found:
        assert set(found) == set(wanted)
        for name, value in wanted.items():
            assert found[name].shape == value.shape
            limit = 1e-5 * max(1, np.abs(value).max()) if value.size else 0
            np.testing.assert_allclose(found[name], value, rtol=0, atol=limit, err_msg=name)
    assert wanted["events 1"].size > 0
    assert wanted["frames 1"].shape == (12_001, 527)
    assert wanted["stretches 1"].shape == (60, 527)


def test_the_program_runs_a_file_without_torch(
    file: Path, mini: AudioTagging, paths: list[str], tmp_path: Path
) -> None:
    code = "from panns_inference.cli import main\nsys.exit(main(sys.argv[1:]))"
    for verb in ("tag", "detect", "embed"):
        text = run(code, tmp_path, verb, "-q", "--json", "--model", file, paths[0])
        (result,) = json.loads(text)
        wanted = getattr(mini, verb)(paths[0])
        assert (result["model"], result["duration"]) == ("PannsMini", wanted.duration)
    (result,) = json.loads(run(code, tmp_path, "tag", "-q", "--json", "--model", file, paths[0]))
    found = {tag["label"]: tag["probability"] for tag in result["tags"]}
    best = {tag.label: tag.probability for tag in mini.tag(paths[0]).top(10)}
    assert found == pytest.approx(best, abs=1e-5)


def test_a_folder_of_recordings_is_run_by_several_workers(
    file: Path, mini: AudioTagging, clips: Path, tmp_path: Path
) -> None:
    code = "from panns_inference.cli import main\nsys.exit(main(sys.argv[1:]))"
    options = ("-q", "-f", "json", "--top", "3", "-o", tmp_path / "found.json")
    run(code, tmp_path, "tag", *options, "--model", file, clips)
    found = json.loads((tmp_path / "found.json").read_text())
    assert len(found) == 12
    for each in found[::4]:
        wanted = mini.tag(each["source"]).top(3)
        assert [tag["label"] for tag in each["tags"]] == [tag.label for tag in wanted]


def test_a_model_of_a_file_is_one_like_others(file: Path, mini: AudioTagging) -> None:
    model = AudioTagging(file, verbose=False)
    assert repr(model) == "AudioTagging(PannsMini, cpu, 527 classes)"
    assert (model.model, model.device, model.checkpoint) == (None, "cpu", None)
    assert model.labels == mini.labels
    assert (model.sample_rate, model.frames_per_second) == (32000, 100.0)
    detector = SoundEventDetection(str(file))
    waveforms = np.zeros((1, 32_000), np.float32)
    assert detector.inference(waveforms).shape == (1, 101, 527)


def test_what_a_file_holds_cannot_be_given(file: Path, tmp_path: Path) -> None:
    for settings, name in (
        ({"checkpoint_path": "weights.pth"}, "checkpoint_path"),
        ({"pretrained": False}, "pretrained"),
        ({"mel_bins": 32}, "mel_bins"),
    ):
        with pytest.raises(UsageError, match=f"has weights and settings: leave {name} out"):
            AudioTagging(file, **settings)
    with pytest.raises(UsageError, match="leave interpolate_mode out"):
        SoundEventDetection(file, interpolate_mode="linear")
    with pytest.raises(UsageError, match="only those can be written as ONNX"):
        to_onnx(AudioTagging(str(file)), tmp_path / "again.onnx")


def test_the_program_writes_a_file(
    leenet11: Path,
    clips: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["export", "pannsmini", "--to", "onnx"]) == 0
    assert capfd.readouterr() == ("PannsMini.onnx\n", "")
    assert main(["export", "PannsMini", "--to", "onnx"]) == 1
    assert "PannsMini.onnx is already there" in capfd.readouterr().err
    command = ["export", "PannsMini", "--to", "onnx", "-o", "small.onnx", "--int8"]
    assert main([*command, "--calibrate", str(clips)]) == 0
    assert capfd.readouterr() == ("small.onnx\n", "")
    assert os.path.getsize("small.onnx") < 0.95 * os.path.getsize("PannsMini.onnx")
    assert main([*command, "--overwrite"]) == 2
    assert "--int8 and --calibrate need each other" in capfd.readouterr().err
    command = ["export", "LeeNet11", "--checkpoint", str(leenet11), "--to", "onnx", "--overwrite"]
    assert main([*command, "-o", "small.onnx"]) == 0
    assert AudioTagging("small.onnx").name == "LeeNet11"
    os.symlink(leenet11, "mine.pth")
    assert main(["export", "mine.pth", "--to", "onnx"]) == 0
    assert capfd.readouterr().out == "small.onnx\nmine.onnx\n"
    command = ["tag", "--model", "small.onnx", "-f", "csv", "-o", "small.onnx", str(leenet11)]
    assert main(command) == 2
    assert "small.onnx is one of the files to read" in capfd.readouterr().err
