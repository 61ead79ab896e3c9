"""`AudioTagging(model, checkpoint_path, device)` as in 0.1.1, less what harmed its users."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from callers import NOISE, SETTINGS, Tiny
from torch import nn
from vouched import vouch_for

from panns_inference import AudioTagging, SoundEventDetection
from panns_inference.errors import CheckpointError
from panns_inference.models import Cnn14

# Constructors ------------------------------------------------------------------------------------


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_path_is_the_default_file(
    old_folder: Path, both: tuple[AudioTagging, SoundEventDetection], nothing: str | None
) -> None:
    x = np.random.default_rng(0).normal(0, 0.1, (1, 32000))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PANNS_OFFLINE", "1")
        tagged = AudioTagging(None, nothing, "cpu").inference(x)
        detected = SoundEventDetection(checkpoint_path=nothing, device="cpu").inference(x)
    assert np.array_equal(tagged[0], both[0].inference(x)[0])
    assert np.array_equal(detected, both[1].inference(x))


def test_relative_paths(tiny_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tiny_file.parent)
    for path in ("tiny.pth", Path("tiny.pth"), tiny_file, str(tiny_file)):
        AudioTagging(Tiny(), path, "cpu").inference(np.zeros((1, 100)))


def test_a_module_of_ones_own(tiny: Tiny, tiny_file: Path) -> None:
    module = Tiny()
    tagger = AudioTagging(model=module, checkpoint_path=tiny_file, device="cpu")
    assert tagger.model is module
    assert torch.equal(module.layer.weight, tiny.layer.weight)
    clipwise, embedding = tagger.inference(np.full((3, 100), 0.5, np.float32))
    assert clipwise.shape == (3, 527)
    assert embedding.tolist() == [[0.5, 0.5]] * 3


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("half", [True, False])
@pytest.mark.parametrize("wrap", ["model", "bare", "parallel"])
def test_layouts_of_checkpoints(
    tiny: Tiny, tmp_path: Path, zipped: bool, half: bool, wrap: str
) -> None:
    state = {key: value.half() if half else value for key, value in tiny.state_dict().items()}
    if wrap == "parallel":
        state = {f"module.{key}": value for key, value in state.items()}
    path = tmp_path / "file.pth"
    content = state if wrap == "bare" else {"model": state, "iteration": 3}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    before = path.read_bytes()
    module = AudioTagging(Tiny(), path, "cpu").model
    assert module.layer.weight.dtype == torch.float32
    assert torch.allclose(module.layer.weight, tiny.layer.weight, atol=1e-3 if half else 0)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "message"),
    [({"layer.bias": None}, "layer.bias"), ({"layer.extra": torch.zeros(2)}, "layer.extra")],
)
def test_wrong_keys_are_named(
    tiny: Tiny, tmp_path: Path, change: dict[str, torch.Tensor | None], message: str
) -> None:
    state = {**tiny.state_dict(), **change}
    path = tmp_path / "wrong.pth"
    torch.save({"model": {k: v for k, v in state.items() if v is not None}}, path)
    before = path.read_bytes()
    with pytest.raises(RuntimeError, match=message):
        AudioTagging(Tiny(), path, "cpu")
    assert path.read_bytes() == before


def test_a_module_without_a_path_takes_the_default_file(old_folder: Path, tiny: Tiny) -> None:
    module = Cnn14(*SETTINGS)
    tagger = AudioTagging(module, device="cpu")
    assert tagger.model is module
    given = torch.load(old_folder / "Cnn14_mAP=0.431.pth", weights_only=True)["model"]
    assert torch.equal(module.fc1.weight, given["fc1.weight"])
    with pytest.raises(CheckpointError):
        AudioTagging(Tiny(), device="cpu")


def test_a_module_may_keep_its_own_weights() -> None:
    module = Tiny()
    before = module.layer.weight.clone()
    assert torch.equal(
        AudioTagging(module, device="cpu", pretrained=False).model.layer.weight, before
    )


def test_other_front_ends(tmp_path: Path) -> None:
    own = AudioTagging(Cnn14(16000, 512, 160, 64, 50, 8000, 527), device="cpu", pretrained=False)
    path = tmp_path / "16k.pth"
    torch.save({"model": own.model.state_dict()}, path)
    named = AudioTagging("Cnn14_16k", path, "cpu")
    assert np.allclose(own.inference(NOISE)[0], named.inference(NOISE)[0], atol=1e-6)
    with torch.device("meta"):
        Cnn14(32000, 1024, 320, 64, fmin=0, fmax=16000, classes_num=527)


# Attributes and device ---------------------------------------------------------------------------


def test_the_attributes(tagger: AudioTagging) -> None:
    assert tagger.classes_num == 527
    assert tagger.device == "cpu"
    assert isinstance(tagger.model, nn.Module)


def test_model_and_device_may_be_set(tagger: AudioTagging) -> None:
    tagger.model.to("meta")
    tagger.device = "meta"
    with pytest.raises(NotImplementedError, match="meta"):
        tagger.inference(np.zeros((1, 100)))


needs_no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")


@needs_no_gpu
def test_cuda_without_a_gpu_is_the_cpu(tiny_file: Path) -> None:
    assert AudioTagging(Tiny(), tiny_file, device="cuda").device == "cpu"


def test_a_torch_device(tiny_file: Path) -> None:
    assert AudioTagging(Tiny(), tiny_file, torch.device("cpu")).device == "cpu"


@needs_no_gpu
@pytest.mark.parametrize("device", ["cuda:0", "cuda:7", "mps", "xpu"])
def test_a_named_device_is_missed_with_a_warning(tiny_file: Path, device: str) -> None:
    with pytest.warns(UserWarning, match=f"device '{device}' is not there: using the CPU") as seen:
        assert AudioTagging(Tiny(), tiny_file, device).device == "cpu"
    assert seen[0].filename == __file__


@pytest.mark.parametrize("device", ["gpu", "", "cuda:x", None])
def test_nonsense_is_no_device(tiny_file: Path, device: str | None) -> None:
    with pytest.raises(ValueError, match="device must be 'cpu', 'cuda'"):
        AudioTagging(Tiny(), tiny_file, device)


@pytest.mark.cuda
def test_on_cuda(tiny_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tagger = AudioTagging(Tiny(), tiny_file, "cuda")
    assert capsys.readouterr().out.endswith(f"\nGPU number: {torch.cuda.device_count()}\n")
    assert tagger.device == "cuda"
    assert isinstance(tagger.model.module, Tiny)
    assert next(iter(tagger.model.state_dict())).startswith("module.")
    assert tagger.inference(np.zeros((2, 100)))[0].shape == (2, 527)
    assert AudioTagging(Tiny(), tiny_file, "cuda:0").device == "cuda:0"


# Cache and download ------------------------------------------------------------------------------


def test_a_small_file_of_a_user_stays_as_it_is(tiny_file: Path, own_home: Path) -> None:
    before = tiny_file.read_bytes()
    AudioTagging(Tiny(), tiny_file, "cpu")
    assert tiny_file.read_bytes() == before
    assert not list(own_home.iterdir())


def test_a_missing_file_of_a_user_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "no" / "such.pth"
    with pytest.raises(CheckpointError, match=r"such\.pth"):
        AudioTagging(None, path, "cpu")
    assert not path.parent.exists()


def test_offline_says_what_to_put_where(monkeypatch: pytest.MonkeyPatch, own_home: Path) -> None:
    monkeypatch.setenv("PANNS_OFFLINE", "1")
    with pytest.raises(OSError, match=r"Cnn14_mAP=0\.431\.pth") as raised:
        AudioTagging(device="cpu")
    message = str(raised.value)
    for part in (
        "https://zenodo.org/record/3987831",
        "327428481",
        "541141fa2ee191a88f24a3219fff024e",
    ):
        assert part in message.replace(",", "")
    assert not list(own_home.rglob("*.pth"))


def test_no_shell_sees_a_path(tmp_path: Path, tiny: Tiny) -> None:
    folder = tmp_path / "$(touch hacked); `touch hacked` \"'"
    folder.mkdir()
    torch.save({"model": tiny.state_dict()}, folder / "a b.pth")
    AudioTagging(Tiny(), folder / "a b.pth", "cpu")
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


@pytest.mark.parametrize(
    "name", ["Cnn14_DecisionLevelMax.pth", "Cnn14_DecisionLevelMax_mAP=0.385.pth"]
)
def test_both_names_of_the_detection_file(
    published: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("PANNS_OFFLINE", "1")
    folder = own_home / "panns_data"
    folder.mkdir()
    vouch_for(Path(shutil.copy(published / "Cnn14_DecisionLevelMax.pth", folder / name)))
    found = SoundEventDetection(device="cpu").inference(NOISE[:1])
    assert found.shape == (1, 94, 527)


# Printed lines -----------------------------------------------------------------------------------


def test_the_printed_lines(
    tiny_file: Path, capsys: pytest.CaptureFixture[str], leenet11: Path
) -> None:
    old = f"Checkpoint path: {tiny_file}\nUsing CPU.\n"
    tagger = AudioTagging(Tiny(), tiny_file, "cpu")
    assert capsys.readouterr().out == old
    tagger.inference(np.zeros((1, 100)))
    assert capsys.readouterr().out == ""
    AudioTagging(Tiny(), tiny_file, "cpu", verbose=False)
    assert capsys.readouterr().out == ""
    AudioTagging("LeeNet11", leenet11, "cpu")
    assert capsys.readouterr().out == ""
    AudioTagging("LeeNet11", leenet11, "cpu", verbose=True)
    assert capsys.readouterr().out == f"Checkpoint path: {leenet11}\nUsing CPU.\n"
