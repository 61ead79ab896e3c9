"""Files that are written: what is in them, and what is refused."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

import panns_inference
from panns_inference import AudioTagging, OutputError, UsageError, cores
from panns_inference.audio import read
from panns_inference.audioset import labels, mids
from panns_inference.checkpoints import CHECKPOINTS
from panns_inference.engine.onnx import OnnxEngine
from panns_inference.engine.onnx.metadata import ZERO_POINT
from panns_inference.errors import AudioError
from panns_inference.export import int8, to_onnx
from panns_inference.models import PannsMini, build


@pytest.fixture(scope="module")
def mini() -> AudioTagging:
    return AudioTagging("PannsMini", device="cpu")


@pytest.fixture(scope="module")
def written(mini: AudioTagging, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return to_onnx(mini, tmp_path_factory.mktemp("written") / "mini.onnx")


@pytest.fixture(scope="module")
def recordings(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    for path in sorted(clips.iterdir())[:8]:
        shutil.copy(path, folder)
    return folder


@pytest.fixture(scope="module")
def in_int8(mini: AudioTagging, recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return to_onnx(mini, tmp_path_factory.mktemp("int8") / "mini.onnx", calibrate=recordings)


def entries(path: Path) -> dict[str, str]:
    return {entry.key: entry.value for entry in onnx.load(path).metadata_props}


def test_a_file_says_what_is_in_it(written: Path) -> None:
    found = entries(written)
    assert found["panns_inference"] == panns_inference.__version__
    assert found["name"] == "PannsMini"
    assert json.loads(found["labels"]) == labels
    assert json.loads(found["mids"]) == mids
    assert (found["sample_rate"], found["hop_size"]) == ("32000", "320")
    assert json.loads(found["sizes"]) == {
        "clipwise_output": 527,
        "framewise_output": 527,
        "embedding": 512,
    }
    assert found["source"] == f"PannsMini.pth, sha256:{CHECKPOINTS['PannsMini'].sha256}"
    assert found["licence"] == "MIT"
    assert found["precision"] == "float32"
    assert len(found["sha256"]) == 64


def test_published_weights_have_their_licence_and_others_none(
    as_published: Path, tmp_path: Path
) -> None:
    own = shutil.copy(files("panns_inference") / "data" / "PannsMini.pth", tmp_path / "own.pth")
    torch.save(torch.load(own, weights_only=True), tmp_path / "again.pth")
    licences = {}
    for name, path in (("LeeNet11", as_published), ("PannsMini", own), ("PannsMini", "again.pth")):
        model = AudioTagging(name, tmp_path / path, "cpu")
        file = to_onnx(model, tmp_path / f"{Path(path).stem}.onnx")
        licences[Path(path).name] = entries(file)["licence"]
    assert licences.pop(as_published.name).startswith("CC BY 4.0; cite Q. Kong")
    assert licences == {"own.pth": "MIT", "again.pth": "not known"}
    assert entries(tmp_path / "again.onnx")["source"].startswith("again.pth, sha256:")


def test_own_labels_are_kept_and_have_no_mids(tmp_path: Path) -> None:
    network = build("PannsMini", 2).eval()
    model = AudioTagging(network, device="cpu", labels=["wind", "übrig"], pretrained=False)
    found = entries(to_onnx(model, tmp_path / "own.onnx"))
    assert json.loads(found["labels"]) == ["wind", "übrig"]
    assert (found["mids"], found["source"], found["licence"]) == ("[]", "", "not known")


def test_other_programs_give_a_waveform_and_no_more(written: Path, mini: AudioTagging) -> None:
    onnx.checker.check_model(written, full_check=True)
    session = onnxruntime.InferenceSession(written)
    assert [each.name for each in session.get_inputs()] == ["waveform"]
    assert session.get_overridable_initializers() == []  # which would not be folded
    waveforms = np.random.default_rng(0).standard_normal((2, 20_000)).astype(np.float32) / 10
    (clipwise,) = session.run(["clipwise_output"], {"waveform": waveforms})
    wanted = mini.engine.outputs(waveforms)["clipwise_output"]
    np.testing.assert_allclose(clipwise, wanted, rtol=0, atol=1e-5)


def test_other_programs_are_not_warned_of_anything(written: Path, in_int8: Path) -> None:
    code = "import sys, onnxruntime\nfor path in sys.argv[1:]: onnxruntime.InferenceSession(path)"
    command = [sys.executable, "-c", code, written, in_int8]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_a_file_that_is_there_is_kept_unless_it_may_go(mini: AudioTagging, tmp_path: Path) -> None:
    path = tmp_path / "here.onnx"
    path.write_text("mine")
    with pytest.raises(OutputError, match=r"here\.onnx is already there: give another name"):
        to_onnx(mini, path)
    assert path.read_text() == "mine"
    to_onnx(mini, path, overwrite=True)
    assert entries(path)["name"] == "PannsMini"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_appears_meanwhile_is_kept(
    mini: AudioTagging, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "here.onnx"
    described = to_onnx.__globals__["_metadata"]

    def late(*given: object) -> object:
        path.write_text("mine")
        return described(*given)

    monkeypatch.setitem(to_onnx.__globals__, "_metadata", late)
    with pytest.raises(OutputError, match=r"here\.onnx"):
        to_onnx(mini, path)
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_left_where_writing_fails(mini: AudioTagging, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"nowhere/mini\.onnx cannot be written: No such file"):
        to_onnx(mini, tmp_path / "nowhere" / "mini.onnx")
    with pytest.raises(UsageError, match=r"ends in \.onnx, not as .*mini\.ort"):
        to_onnx(mini, tmp_path / "mini.ort")
    with pytest.raises(AudioError, match="no recording"):
        to_onnx(mini, tmp_path / "mini.onnx", calibrate=tmp_path)
    assert list(tmp_path.iterdir()) == []


class Turned(PannsMini):
    """Somebody's own forward pass."""

    def forward(self, input: torch.Tensor, mixup_lambda: torch.Tensor | None = None) -> dict:
        return super().forward(-input)


class Branching(PannsMini):
    """Somebody's own layers, which look at values."""

    def trunk(self, x: torch.Tensor) -> torch.Tensor:
        return super().trunk(x if x.sum() > 0 else -x)


class Squared(PannsMini):
    """Somebody's own layers, of an operation that the networks do not have."""

    def trunk(self, x: torch.Tensor) -> torch.Tensor:
        return super().trunk(torch.erf(x))


def refused(network: torch.nn.Module, path: Path, match: str) -> None:
    model = AudioTagging(network, device="cpu", pretrained=False, verbose=False)
    with pytest.raises(UsageError, match=match):
        to_onnx(model, path / "own.onnx")
    assert list(path.iterdir()) == []


def test_what_is_no_network_of_models_is_refused(tmp_path: Path) -> None:
    settings = (32000, 1024, 320, 64, 50, 14000, 527)
    refused(torch.nn.Linear(1, 1), tmp_path, "Linear is a Linear, and no network of models")
    refused(Turned(*settings), tmp_path, "Turned is a Turned, and no network of models")
    refused(Branching(*settings), tmp_path, "Branching cannot be written as ONNX: .*control flow")
    refused(Squared(*settings), tmp_path, "Squared cannot be written as ONNX: .*erf")


def test_a_file_is_not_written_once_more(written: Path) -> None:
    content = written.read_bytes()
    with pytest.raises(UsageError, match="PannsMini was opened from a file of ONNX, and"):
        to_onnx(AudioTagging(written, verbose=False), written, overwrite=True)
    assert written.read_bytes() == content


def test_what_a_hook_changes_is_noticed(tmp_path: Path) -> None:
    network = build("PannsMini")
    network.fc1.register_forward_hook(lambda layer, given, found: found + 1)
    refused(network, tmp_path, "PannsMini computes its clipwise_output in another way")


def test_int8_is_smaller_and_says_nearly_the_same(
    in_int8: Path, written: Path, mini: AudioTagging, clips: Path
) -> None:
    assert in_int8.stat().st_size < 0.95 * written.stat().st_size
    found = entries(in_int8)
    assert (found["precision"], found["calibration"]) == ("int8", "8 clips, 40 s in all")
    session = onnxruntime.InferenceSession(in_int8)
    for path in sorted(clips.iterdir())[8:]:
        waveform = read(path, 32000)[None]
        (clipwise,) = session.run(["clipwise_output"], {"waveform": waveform})
        wanted = mini.engine.outputs(waveform)["clipwise_output"]
        assert 1e-5 < np.abs(clipwise - wanted).max() < 0.2
        assert np.abs(clipwise - wanted).mean() < 2e-3


def test_int8_leaves_the_front_end_and_the_head_alone(in_int8: Path, written: Path) -> None:
    quantised, plain = onnx.load(in_int8).graph, onnx.load(written).graph
    givers = {output: node for node in quantised.node for output in node.output}
    convolutions = [node for node in quantised.node if node.op_type == "Conv"]
    inputs = {node.name: givers[node.input[0]].op_type for node in convolutions}
    # Of 15 blocks the last nine, whose 1 x 1 convolutions are two each, and the last layer.
    rounded = [name for name, kind in inputs.items() if kind == "DequantizeLinear"]
    assert len(rounded) == 9 * 2 + 1
    weights = {each.name: each.dims for each in plain.initializer}
    kernels = {
        node.name: weights[node.input[1]][2:] for node in plain.node if node.op_type == "Conv"
    }
    assert all(kernels[name] == [1, 1] for name in rounded)
    for part in ("trunk/logmel", "head", "decision"):
        names = [
            sorted((n.op_type, n.name) for n in g.node if n.name.startswith(part))
            for g in (plain, quantised)
        ]
        assert names[0] == names[1] != []


def test_squeezes_stay_in_float32(in_int8: Path, written: Path) -> None:
    """Their means, dense layers and gates; of 15 blocks, 8 have them."""
    kinds = ("ReduceMean", "AveragePool", "MatMul", "Sigmoid", "Mul")
    found = [
        sorted(
            n.name
            for n in onnx.load(path).graph.node
            if n.op_type in kinds and n.name.startswith(("trunk/features", "trunk/deep"))
        )
        for path in (in_int8, written)
    ]
    assert found[0] == found[1]
    assert len([name for name in found[0] if "Sigmoid" in name]) == 8


def test_averages_in_int8_are_convolutions_by_a_quarter(recordings: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = AudioTagging(build("Cnn6", 3), device="cpu", labels=["a", "b", "c"], pretrained=False)
    graph = onnx.load(to_onnx(model, tmp_path / "cnn6.onnx", calibrate=recordings)).graph
    kinds = {n.op_type for n in graph.node if n.name.startswith("trunk")}
    assert "AveragePool" not in kinds
    arrays = {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}
    givers = {output: node for node in graph.node for output in node.output}
    averages = [
        node for node in graph.node if "AveragePool" in node.name and node.op_type == "Conv"
    ]
    assert len(averages) == 4
    for node in averages:
        weight, scale, zero = (arrays[name] for name in givers[node.input[1]].input)
        exact = (weight - zero[:, None, None, None].astype(float)) * scale[:, None, None, None]
        np.testing.assert_allclose(exact, 0.25, rtol=1e-6)


@pytest.mark.slow
def test_deep_convolutions_in_int8_are_products_and_say_the_same(
    recordings: Path, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    network = build("Cnn10")
    with torch.no_grad():  # norms that have heard something
        network.train()(torch.randn(2, 64_000) / 10)
    model = AudioTagging(network, device="cpu", pretrained=False, verbose=False)
    found, named = [], []
    waveforms = read(clip, 32000)[None]
    for channels, has_amx in ((512, True), (512, False), (513, True)):
        monkeypatch.setattr(int8, "PRODUCTS_FROM", channels)
        monkeypatch.setattr(cores, "has_amx", lambda has_amx=has_amx: has_amx)
        path = tmp_path / f"{channels}.onnx"
        if not path.exists():
            to_onnx(model, path, calibrate=recordings)
        named.append([n.name for n in onnx.load(path).graph.node if ZERO_POINT in n.input])
        found.append(OnnxEngine(path).outputs(waveforms))
        plain = onnxruntime.InferenceSession(path)
        assert [each.name for each in plain.get_inputs()] == ["waveform"]
        assert plain.get_overridable_initializers() == []
    assert [len(names) for names in named] == [1, 1, 0]
    for outputs in found[1:]:
        for name, values in outputs.items():
            np.testing.assert_array_equal(values, found[0][name], err_msg=name)


def test_int8_hears_no_more_than_some_hundred_clips(
    recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from panns_inference.export import int8

    monkeypatch.setattr(int8, "MOST_CLIPS", 3)
    monkeypatch.setattr(int8, "CLIP_SECONDS", 2)
    heard = list(int8.clips(recordings, 16000))
    paths = sorted(recordings.iterdir())
    whole = [read(paths[place], 16000) for place in (0, 4, 7)]
    assert [len(clip) for clip in heard] == [32000] * 3
    for clip, wanted in zip(heard, whole, strict=True):
        np.testing.assert_allclose(clip, wanted[:32000], rtol=0, atol=1e-6)
