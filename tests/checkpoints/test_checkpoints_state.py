"""State dicts out of files: every layout that is understood, and what is no checkpoint."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import re
import zipfile
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from panns_inference import AudioTagging
from panns_inference.checkpoints import identify, read_state
from panns_inference.errors import CheckpointError

STATE = {
    "a.weight": torch.arange(12.0).reshape(3, 4) / 7,
    "a.bias": torch.tensor([1.0, -2.0, 3.5]),
    "bn.num_batches_tracked": torch.tensor(540_000),
}
FORMATS = pytest.mark.parametrize("zipped", [True, False], ids=["zip", "stream"])


def saved(content: Any, zipped: bool) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


def equal(found: dict[str, Tensor], expected: dict[str, Tensor]) -> bool:
    return list(found) == list(expected) and all(
        torch.equal(found[key], expected[key]) and found[key].dtype == expected[key].dtype
        for key in expected
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "weights.pth"


# What is understood ----------------------------------------------------------------------------


@FORMATS
@pytest.mark.parametrize("name", ["model", "state_dict", None])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_where_the_weights_lie(path: Path, zipped: bool, name: str | None, prefix: str) -> None:
    state = OrderedDict((prefix + key, value) for key, value in STATE.items())
    path.write_bytes(saved({name: state, "iteration": 7} if name else state, zipped))
    before = path.read_bytes()
    found = read_state(str(path))
    assert type(found) is dict
    assert equal(found, STATE)
    assert path.read_bytes() == before


def test_prefixes_are_taken_off_if_all_have_them(path: Path) -> None:
    twice = {f"module.module.{key}": value for key, value in STATE.items()}
    path.write_bytes(saved(twice, True))
    assert list(read_state(path)) == list(STATE)
    mixed = {"module.a": torch.zeros(1), "b": torch.zeros(1)}
    path.write_bytes(saved(mixed, True))
    assert list(read_state(path)) == ["module.a", "b"]


def test_an_entry_may_be_called_model(path: Path) -> None:
    path.write_bytes(saved({"model": torch.ones(2)}, True))
    assert equal(read_state(path), {"model": torch.ones(2)})


@FORMATS
def test_half_precision_stays(path: Path, zipped: bool) -> None:
    state = {"a": torch.ones(3, dtype=torch.float16)}
    path.write_bytes(saved({"model": state}, zipped))
    assert equal(read_state(path), state)


def test_a_published_file_against_torch(leenet11: Path) -> None:
    expected = torch.load(leenet11, weights_only=True, map_location="cpu")["model"]
    found = read_state(leenet11)
    assert len(found) == 58
    assert equal(found, expected)
    assert {value.device.type for value in found.values()} == {"cpu"}


def test_a_file_saved_on_a_gpu(path: Path) -> None:
    """The stream layout names the device of each storage: what 'cpu' stands for is patched."""
    content = saved({"model": STATE}, False)
    assert content.count(b"X\x03\x00\x00\x00cpu") == 1
    path.write_bytes(content.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0"))
    with pytest.raises(RuntimeError, match="CUDA"):
        torch.load(path, weights_only=True)
    assert equal(read_state(path), STATE)


def test_a_zip_is_mapped(path: Path) -> None:
    """What is written to the file afterwards shows in tensors that are mapped."""
    path.write_bytes(saved({"model": {"a": torch.ones(4096)}}, True))
    found = read_state(path)["a"]
    content = path.read_bytes()
    at = content.index(torch.ones(4096).numpy().tobytes())
    with path.open("r+b") as file:
        file.seek(at)
        file.write(np.float32(2.0).tobytes())
    assert found[0] == 2.0
    # The other way round nothing reaches the file.
    found[1] = 3.0
    assert path.read_bytes()[at : at + 8] == np.array([2.0, 1.0], np.float32).tobytes()


def sampler() -> dict[str, Any]:
    """What the training's balanced sampler keeps: the clips of each class, and where it stands."""
    generator = np.random.default_rng(0)
    return {
        "indexes_per_class": [generator.permutation(20 + i) for i in range(527)],
        "queue": list(range(500)),
        "pointers_of_classes": [3] * 527,
    }


@FORMATS
@pytest.mark.parametrize("home", ["numpy._core.multiarray", "numpy.core.multiarray"])
def test_the_state_of_a_sampler(path: Path, zipped: bool, home: str) -> None:
    content = {"iteration": 7, "model": STATE, "sampler": sampler()}
    path.write_bytes(_with_home(saved(content, zipped), home, zipped))
    with pytest.raises(pickle.UnpicklingError, match=re.escape(f"{home}._reconstruct")):
        torch.load(path, weights_only=True)
    # What others may unpickle is neither more nor less afterwards.
    with torch.serialization.safe_globals([np.ndarray]):
        allowed = set(torch.serialization.get_safe_globals())
        assert equal(read_state(path), STATE)
        assert set(torch.serialization.get_safe_globals()) == allowed


def _with_home(content: bytes, home: str, zipped: bool) -> bytes:
    """The file as a NumPy writes it that keeps its functions in another module."""
    ours = np.empty(0).__reduce__()[0].__module__.encode()
    if not zipped:
        assert ours in content
        return content.replace(ours, home.encode())
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(ours, home.encode()))
    return out.getvalue()


def test_threads_read_at_the_same_time(path: Path) -> None:
    path.write_bytes(saved({"model": STATE, "sampler": sampler()}, True))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(read_state, [path] * 16))
    assert all(equal(each, STATE) for each in found)


# What is not -----------------------------------------------------------------------------------


class Bomb:
    """An object that writes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.target),)


@FORMATS
def test_no_code_runs(path: Path, tmp_path: Path, zipped: bool) -> None:
    path.write_bytes(saved({"model": STATE, "more": Bomb(tmp_path / "ran")}, zipped))
    with pytest.raises(CheckpointError, match=r"holds \w+\.mkdir, an object that could run code"):
        read_state(path)
    assert not (tmp_path / "ran").exists()


@FORMATS
@pytest.mark.parametrize("place", ["panns", "ema", "hyper_parameters", "state_dict"])
def test_no_code_runs_wherever_it_lies(
    path: Path, tmp_path: Path, zipped: bool, place: str
) -> None:
    bomb = {"format": 1, "labels": [Bomb(tmp_path / "ran")]}
    path.write_bytes(saved({"model": STATE, place: bomb}, zipped))
    for ask in (read_state, identify, AudioTagging):
        with pytest.raises(CheckpointError, match="an object that could run code"):
            ask(path)
    assert not (tmp_path / "ran").exists()


def test_prefixes_without_end_and_dicts_that_hold_themselves(path: Path) -> None:
    path.write_bytes(saved({"module." * 5000 + "a": torch.zeros(1)}, True))
    (key,) = read_state(path)
    assert key.startswith("module.module.")
    endless: dict[str, Any] = {"epoch": 1}
    endless |= {"model": endless, "net": endless}
    path.write_bytes(saved(endless, True))
    with pytest.raises(CheckpointError, match="holds no state dict, but a dict with 'epoch', 'mod"):
        read_state(path)


@FORMATS
def test_a_pickled_network(path: Path, zipped: bool) -> None:
    path.write_bytes(saved(nn.Linear(2, 2), zipped))
    with pytest.raises(
        CheckpointError, match=r"holds torch\.nn\.modules\.linear\.Linear.*network\.state_dict\(\)"
    ):
        read_state(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html><body>404", "is a web page, not weights: the download was"),
        (b"\xef\xbb\xbf\n <HTML>", "is a web page"),
        (b"\n<?xml version='1.0'?>", "is a web page"),
        (b"version https://git-lfs.github.com", "begins with b'version http', as no weights do"),
        (pickle.dumps({"model": {}}), r"begins with b'\\x80"),
        (bytes(3_000), r"begins with b'\\x00"),
        (saved({"model": STATE}, True)[:-30], "is a zip archive that was cut off or damaged"),
        (saved({"model": STATE}, True)[:40], "is a zip archive that was cut off or damaged"),
        (saved({"model": STATE}, False)[:400], r"was cut off or damaged \(\w+Error"),
        (saved({"model": STATE}, False)[:-10], r"was cut off or damaged \(RuntimeError"),
        (saved([STATE], True), "holds no state dict, but a list;"),
        (saved({}, True), "holds no state dict, but a dict;"),
        (saved({"model": {}}, True), "holds no state dict, but a dict with 'model';"),
        (saved({"epoch": 1, "w": torch.ones(1)}, True), "but a dict with 'epoch', 'w';"),
        (saved({1: torch.ones(1)}, True), "holds no state dict, but a dict with 1;"),
    ],
)
def test_what_is_no_checkpoint(path: Path, content: bytes, message: str) -> None:
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=message) as error:
        read_state(path)
    assert str(error.value).startswith(f"{path} ")
    assert "expected weights written by torch.save" in str(error.value)
    assert path.read_bytes() == content


def archive(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        for name in names:
            zipped.writestr(name, b"content")
    return file.getvalue()


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "holds nothing|cut off"),
        (("a.txt", "b/c.txt"), "zip archive of something else: it holds a.txt, b/c.txt"),
        (("x/data.pkl", "x/constants.pkl"), "is a TorchScript program, not weights"),
        (("x/data.pkl",), r"was cut off or damaged \("),
    ],
)
def test_other_zip_archives(path: Path, names: tuple[str, ...], message: str) -> None:
    path.write_bytes(archive(*names))
    with pytest.raises(CheckpointError, match=message):
        read_state(path)


def test_a_folder_and_nothing_at_all(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="is a folder; give the path of a checkpoint in it"):
        read_state(tmp_path)
    with pytest.raises(CheckpointError, match=r"cannot read \S*nothing\.pth: No such file"):
        read_state(tmp_path / "nothing.pth")


def test_a_published_file_that_was_cut(leenet11: Path, tmp_path: Path) -> None:
    path = tmp_path / leenet11.name
    path.write_bytes(leenet11.read_bytes()[:1_500_000])
    with pytest.raises(
        CheckpointError,
        match=r"cut off or damaged .*\(1,500,000 of 3,012,373 bytes\).*`panns models download "
        "LeeNet11` fetches it again",
    ):
        read_state(path)


@pytest.mark.parametrize("file", ["DaiNet19_mAP=0.295.pth", "LeeNet11_mAP=0.266.pth"])
def test_a_damaged_file_whose_size_says_nothing(tmp_path: Path, file: str) -> None:
    path = tmp_path / file
    path.write_bytes(bytes(3_012_373))
    with pytest.raises(CheckpointError, match="as no weights do; expected"):
        read_state(path)


WHOLE = {zipped: saved({"iteration": 7, "model": STATE}, zipped) for zipped in (True, False)}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    zipped=st.booleans(),
    cut=st.one_of(st.none(), st.integers(0, 2_000)),
    changes=st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 255)), max_size=4),
)
def test_damage_ends_in_weights_or_one_error(
    path: Path, zipped: bool, cut: int | None, changes: list[tuple[int, int]]
) -> None:
    content = bytearray(WHOLE[zipped][:cut])
    for at, value in changes:
        if content:
            content[at % len(content)] = value
    path.write_bytes(content)
    with contextlib.suppress(CheckpointError):
        assert all(isinstance(value, Tensor) for value in read_state(path).values())
