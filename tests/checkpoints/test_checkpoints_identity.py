"""Whose weights a file holds, and networks that they only seem to fit."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
import torch
from filled import on_meta, save_stream, zeros
from reference.stored import REFERENCE
from torch import nn

from panns_inference.checkpoints import CHECKPOINTS, identify, load
from panns_inference.checkpoints.matching import matching_networks
from panns_inference.errors import CheckpointError, CheckpointWarning
from panns_inference.models import Cnn14

# What only seems to ----------------------------------------------------------------------------


def load_in_silence(network: nn.Module, path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load(network, path) is network


@pytest.mark.parametrize("name", ["Cnn14_DecisionLevelMax", "Cnn14_DecisionLevelAvg"])
def test_tagging_weights_on_a_detection_network(tmp_path: Path, name: str) -> None:
    path = save_stream(zeros("Cnn14"), tmp_path / "Cnn14_mAP=0.431.pth")
    network = on_meta(name)
    with pytest.warns(CheckpointWarning, match=f"holds the weights of Cnn14: {name} has") as seen:
        load(network, path)
    assert seen[0].filename == __file__
    assert not network.fc1.weight.is_meta


@pytest.mark.parametrize(
    "file", ["Cnn14_DecisionLevelMax.pth", "Cnn14_DecisionLevelMax_mAP=0.385.pth"]
)
def test_detection_weights_on_other_networks(tmp_path: Path, file: str) -> None:
    path = save_stream(zeros("Cnn14_DecisionLevelMax"), tmp_path / file)
    for network in (on_meta("Cnn14"), on_meta("Cnn14_DecisionLevelAvg")):
        with pytest.warns(CheckpointWarning, match="the weights of Cnn14_DecisionLevelMax"):
            load(network, path)
    load_in_silence(on_meta("Cnn14_DecisionLevelMax"), path)


def test_networks_that_differ_in_training_alone(tmp_path: Path) -> None:
    path = save_stream(zeros("Cnn14"), tmp_path / "Cnn14_mAP=0.431.pth")

    class Mine(Cnn14):
        """A subclass, as users write them."""

    for name in ("Cnn14", "Cnn14_no_specaug", "Cnn14_no_dropout", "Cnn14_mixup_time_domain"):
        load_in_silence(on_meta(name), path)
    with torch.device("meta"):
        load_in_silence(Mine(32000, 1024, 320, 64, 50, 14000, 527), path)


def test_a_renamed_file_is_known_by_its_checksum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the file were the published one: the genuine pair is not at hand."""
    path = save_stream(zeros("Cnn14"), tmp_path / "renamed.pth")
    content = path.read_bytes()
    published = replace(
        CHECKPOINTS["Cnn14_DecisionLevelMax"],
        size=len(content),
        md5=hashlib.md5(content).hexdigest(),
    )
    monkeypatch.setitem(CHECKPOINTS, published.name, published)
    assert identify(path) == "Cnn14_DecisionLevelMax"
    load_in_silence(on_meta("Cnn14_DecisionLevelMax"), path)
    with pytest.warns(CheckpointWarning, match="holds the weights of Cnn14_DecisionLevelMax"):
        load(on_meta("Cnn14"), path)


# Which network it is ---------------------------------------------------------------------------


def test_identify_by_name_by_checksum_and_by_shape(
    as_published: Path, tmp_path: Path, checkpoints: Callable[[str], Path]
) -> None:
    assert identify(str(as_published)) == "LeeNet11"
    assert identify(shutil.copyfile(as_published, tmp_path / "renamed.pth")) == "LeeNet11"
    assert identify(checkpoints("MobileNetV1")) == "MobileNetV1"
    state = zeros("Cnn14_DecisionLevelMax")
    named = save_stream(state, tmp_path / "Cnn14_DecisionLevelMax.pth")
    assert identify(named) == "Cnn14_DecisionLevelMax"
    # By its shapes alone it is the plainest that they fit, and the others are named.
    mine = save_stream(state, tmp_path / "mine.pth")
    others = "Cnn14_DecisionLevelMax, Cnn14_DecisionLevelAvg"
    message = rf"mine.pth fits {others} as well as Cnn14, for which it is taken: .*name that: model"
    with pytest.warns(CheckpointWarning, match=message) as seen:
        assert identify(mine) == "Cnn14"
    assert seen[0].filename == __file__
    with pytest.warns(CheckpointWarning, match="fits Cnn14_DecisionLevelAvg as well as Cnn14_Dec"):
        assert identify(mine, "framewise_output") == "Cnn14_DecisionLevelMax"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("tuned_mn10_as_hop_15.pt", "mn10_as_hop_15"),
        ("Hop-15 of mine.pt", "mn10_as_hop_15"),
        ("mine_hop15_mAP_463.pt", "mn10_as_hop_15"),
        ("hop_5.pt", "mn10_as_hop_5"),
        ("mels64_v2.pt", "mn10_as_mels_64"),
        ("tuned_mn10_as.pt", "mn10_as"),
        ("mn10_as_hop_50.pt", "mn10_as"),
        ("birds_hop_150.pt", None),
        ("birds.pt", None),
        ("hops.pt", None),
    ],
)
def test_the_name_of_a_file_decides_between_networks_of_its_shapes(
    file: str, name: str | None, tmp_path: Path
) -> None:
    path = save_stream(zeros("mn10_as_mels_40"), tmp_path / file)
    if name:
        assert identify(path) == name
        return
    others = "mn10_as_hop_5, mn10_as_hop_15, .*, mn10_as_mels_256"
    with pytest.warns(CheckpointWarning, match=f"{file} fits {others} as well as mn10_as, for"):
        assert identify(path) == "mn10_as"


def test_networks_that_compute_the_same_are_not_told_apart_aloud(tmp_path: Path) -> None:
    state = zeros("mn40_as_ext")
    assert identify(save_stream(state, tmp_path / "mine.pt")) == "mn40_as"
    assert identify(save_stream(state, tmp_path / "no_im_pre.pt")) == "mn40_as_no_im_pre"


def test_weights_for_another_front_end(tmp_path: Path) -> None:
    path = save_stream(zeros("mn10_as"), tmp_path / "mn10_as_hop_15_mAP_463.pt")
    with pytest.warns(CheckpointWarning, match="holds the weights of mn10_as_hop_15: mn10_as has"):
        load(on_meta("mn10_as"), path)
    load_in_silence(on_meta("mn10_as_hop_15"), path)


def test_efficientat_for_other_classes_fits_its_like() -> None:
    for classes_num in (527, 10):
        found = list(matching_networks(on_meta("mn10_as_hop_5", classes_num).state_dict()))
        assert found[0] == "mn10_as"
        assert len(found) == 8


def test_names_and_checksums_do_not_need_torch(tmp_path: Path) -> None:
    renamed = tmp_path / "renamed.pth"
    shutil.copyfile(files("panns_inference") / "data" / "PannsMini.pth", renamed)
    code = (
        "import sys; from panns_inference.checkpoints import identify;"
        "print(identify(sys.argv[1]), 'torch' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, renamed], capture_output=True, text=True, check=True
    )
    assert run.stdout == "PannsMini False\n"


@pytest.mark.parametrize("name", list(REFERENCE))
def test_each_network_fits_itself_and_its_like(name: str) -> None:
    like = {
        "Cnn14",
        "Cnn14_no_specaug",
        "Cnn14_no_dropout",
        "Cnn14_mixup_time_domain",
        "Cnn14_DecisionLevelMax",
        "Cnn14_DecisionLevelAvg",
    }
    for classes_num in (527, 10):
        found = list(matching_networks(on_meta(name, classes_num).state_dict()))
        assert set(found) == (like if name in like else {name})
    if name in like:
        assert found[0] == "Cnn14"


def test_what_fits_nothing(tmp_path: Path) -> None:
    path = tmp_path / "linear.pth"
    torch.save({"fc_audioset.bias": torch.tensor(3.0), "b": torch.ones(2)}, path)
    with pytest.raises(CheckpointError, match=r"fits no network: it holds 2 tensors \(fc_audio"):
        identify(path)
    with pytest.raises(CheckpointError, match="cannot read"):
        identify(tmp_path / "nothing.pth")


def test_a_published_name_is_not_looked_into(tmp_path: Path) -> None:
    assert identify(tmp_path / "Wavegram_Logmel_Cnn14_mAP=0.439.pth") == "Wavegram_Logmel_Cnn14"
