"""The package, `config`, `pytorch_utils` and the helpers of `inference` as in 0.1.1."""

from __future__ import annotations

import csv
import inspect
import shutil
import subprocess
import sys
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import torch

import panns_inference
from panns_inference import AudioTagging, SoundEventDetection, config, labels, pytorch_utils
from panns_inference.inference import create_folder, get_filename, move_data_to_device

# Package and imports -----------------------------------------------------------------------------


def test_the_submodules_can_be_reached() -> None:
    code = "import panns_inference as p; p.config, p.models, p.inference, p.pytorch_utils"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_version_is_the_installed_one() -> None:
    assert panns_inference.__version__ == version("panns-inference")


def test_the_labels_are_one_list(tagger: AudioTagging) -> None:
    assert labels is config.labels
    assert labels is tagger.labels
    assert tagger.labels.index("Music") == 137


def test_the_constructors_take_positions_in_the_old_order() -> None:
    def first(cls: type) -> list[str]:
        return list(inspect.signature(cls).parameters)

    old = ["model", "checkpoint_path", "device"]
    assert first(AudioTagging)[:3] == old
    assert first(SoundEventDetection)[:4] == [*old, "interpolate_mode"]
    tagging = inspect.signature(AudioTagging).parameters
    assert [tagging[name].default for name in old] == [None, None, "cuda"]
    defaults = inspect.signature(SoundEventDetection).parameters
    assert [defaults[name].default for name in (*old, "interpolate_mode")] == [
        None,
        None,
        "cuda",
        "nearest",
    ]


# config ------------------------------------------------------------------------------------------


def test_the_constants() -> None:
    table = files("panns_inference") / "data" / "class_labels_indices.csv"
    with table.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert config.sample_rate == 32000
    assert config.classes_num == 527
    assert config.labels == [row["display_name"] for row in rows]
    assert config.ids == [row["mid"] for row in rows]
    assert config.labels[0] == "Speech"
    assert config.labels[526] == "Field recording"
    for there, back in (
        (config.lb_to_ix, config.ix_to_lb),
        (config.id_to_ix, config.ix_to_id),
    ):
        assert len(there) == 527
        assert {value: key for key, value in there.items()} == back
        assert all(type(index) is int for index in back)
    assert config.lb_to_ix["Music"] == 137
    assert config.ix_to_id[0] == "/m/09x0r"


def read_table(path: str) -> list[list[str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_the_table_of_classes_is_packaged() -> None:
    rows = read_table(config.labels_csv_path)
    assert rows[0] == ["index", "mid", "display_name"]
    assert len(rows) == 528


def test_a_whole_table_in_the_old_folder_is_named(own_home: Path) -> None:
    packaged = Path(config.labels_csv_path)
    old = own_home / "panns_data" / packaged.name
    old.parent.mkdir()
    shutil.copy(packaged, old)
    assert config.labels_csv_path == str(old)
    assert old.read_bytes() == packaged.read_bytes()


@pytest.mark.parametrize("content", [b"", b"index,mid,display_name\n0,/m/09x0r,Speech\n", b"\xff"])
def test_a_broken_table_in_the_old_folder_does_no_harm(own_home: Path, content: bytes) -> None:
    old = own_home / "panns_data" / "class_labels_indices.csv"
    old.parent.mkdir()
    old.write_bytes(content)
    code = (
        "from panns_inference.config import *; from panns_inference.config import labels_csv_path;"
        "print(classes_num, len(open(labels_csv_path).readlines()))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["527", "528"]
    assert old.read_bytes() == content


def test_config_has_no_other_names() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        config.nothing  # noqa: B018


# pytorch_utils -----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4", "<f8"])
def test_floats_become_float32_tensors(dtype: str) -> None:
    moved = move_data_to_device(np.array([0.5, -1.0], dtype), "cpu")
    assert moved.dtype == torch.float32
    assert moved.tolist() == [0.5, -1.0]


@pytest.mark.parametrize("dtype", ["i2", "i4", "i8", "u1", ">i4"])
def test_integers_become_int64_tensors(dtype: str) -> None:
    moved = move_data_to_device(np.array([3, 7], dtype), "cpu")
    assert moved.dtype == torch.int64
    assert moved.tolist() == [3, 7]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (torch.float64, torch.float32),
        (torch.float16, torch.float32),
        (torch.bfloat16, torch.float32),
        (torch.int16, torch.int64),
        (torch.uint8, torch.int64),
        (torch.bool, torch.bool),
        (torch.complex64, torch.complex64),
    ],
)
def test_tensors_are_moved_too(given: torch.dtype, expected: torch.dtype) -> None:
    assert move_data_to_device(torch.ones(2, dtype=given), "cpu").dtype == expected


def test_other_arrays_come_back_as_they_are() -> None:
    flags = np.array([True, False])
    assert move_data_to_device(flags, "cpu") is flags


def test_interpolate_repeats() -> None:
    x = torch.arange(6.0).reshape(1, 3, 2)
    repeated = np.repeat(x.numpy(), 4, axis=1)
    assert np.array_equal(pytorch_utils.interpolate(x, 4).numpy(), repeated)
    assert np.array_equal(pytorch_utils.NearestInterpolator(4)(x).numpy(), repeated)


# inference: helpers ------------------------------------------------------------------------------


def test_create_folder(tmp_path: Path) -> None:
    for _ in range(2):
        create_folder(tmp_path / "a" / "b")
    create_folder("")
    assert (tmp_path / "a" / "b").is_dir()


@pytest.mark.parametrize(
    ("path", "name"),
    [("/a/b/c.d.wav", "c.d"), (r"C:\sounds\dog.wav", "dog"), ("cat", "cat"), ("/a.b/c", "c")],
)
def test_get_filename(path: str, name: str) -> None:
    assert get_filename(path) == name
