"""Files of ONNX that are no networks of this package, whatever their checksum says."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from broken_onnx import HARM, LIES, says, sealed

from panns_inference import AudioTagging, CheckpointError
from panns_inference.engine.onnx import sessions
from panns_inference.engine.onnx.file import MOST_BYTES
from panns_inference.engine.onnx.metadata import with_checksum
from panns_inference.engine.onnx.protobuf import field
from panns_inference.export import to_onnx
from panns_inference.models import build


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> onnx.ModelProto:
    network = AudioTagging(
        build("LeeNet11", 3), device="cpu", labels=["a", "b", "c"], pretrained=False, verbose=False
    )
    return onnx.load(to_onnx(network, tmp_path_factory.mktemp("file") / "small.onnx"))


@pytest.fixture
def unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """ONNX Runtime gets nothing."""

    def opened(*given: object) -> None:
        raise AssertionError("ONNX Runtime was given the file")

    monkeypatch.setattr(sessions.Sessions, "open", opened)


def refused(path: Path, match: str) -> None:
    with pytest.raises(CheckpointError, match=match) as caught:
        AudioTagging(path, verbose=False)
    assert str(path) in str(caught.value)


def test_the_file_itself_is_opened(model: onnx.ModelProto, tmp_path: Path) -> None:
    path = tmp_path / "same.onnx"
    path.write_bytes(sealed(model))
    found = AudioTagging(path, verbose=False).inference(np.zeros((2, 32_000), np.float32))[0]
    assert found.shape == (2, 3)


def without_window(model: onnx.ModelProto) -> None:
    """As files were written before there was this entry."""
    kept = [entry for entry in model.metadata_props if entry.key != "window"]
    assert len(kept) == len(model.metadata_props) - 1
    del model.metadata_props[:]
    model.metadata_props.extend(kept)


def test_a_file_from_before_there_were_windows_is_read(
    model: onnx.ModelProto, tmp_path: Path
) -> None:
    old, new = tmp_path / "old.onnx", tmp_path / "new.onnx"
    old.write_bytes(sealed(model, without_window))
    new.write_bytes(sealed(model))
    noise = np.random.default_rng(0).normal(0, 0.1, (2, 48_000)).astype(np.float32)
    tagger = AudioTagging(old, verbose=False)
    assert tagger.window is None
    expected = AudioTagging(new, verbose=False).inference(noise)
    for found, other in zip(tagger.inference(noise), expected, strict=True):
        np.testing.assert_array_equal(found, other)
    # Others may have needed one.
    for name in ("mn10_as", "MyNetwork"):
        old.write_bytes(sealed(model, without_window, says("name", name)))
        refused(old, "says too little of its network.*'window'")


@pytest.mark.usefixtures("unseen")
def test_what_would_do_harm_is_refused_before_the_runtime_sees_it(
    model: onnx.ModelProto, tmp_path: Path
) -> None:
    path = tmp_path / "other.onnx"
    for change, message in HARM.values():
        path.write_bytes(sealed(model, change))
        refused(path, message)


def test_metadata_that_are_untrue_are_refused(model: onnx.ModelProto, tmp_path: Path) -> None:
    path = tmp_path / "other.onnx"
    for change in LIES.values():
        path.write_bytes(sealed(model, change))
        with pytest.raises(CheckpointError) as caught:
            AudioTagging(path, verbose=False).inference(np.zeros((1, 32_000), np.float32))
        assert str(path) in str(caught.value)
        assert len(str(caught.value)) < 1000


def test_the_step_of_the_segments_is_that_of_the_graph(
    model: onnx.ModelProto, tmp_path: Path
) -> None:
    path = tmp_path / "other.onnx"
    for grid in ("[100, 1, 0]", "[1500000, 1, 0]", "[30000, 1, 0]"):
        path.write_bytes(sealed(model, lambda model, grid=grid: changed(model, grid)))
        with pytest.raises(CheckpointError, match="is not what it says of itself"):
            AudioTagging(path, verbose=False).tag(np.zeros(3_200_000, np.float32), 32_000)


def changed(model: onnx.ModelProto, grid: str) -> None:
    (entry,) = (each for each in model.metadata_props if each.key == "grid")
    entry.value = grid


@pytest.mark.usefixtures("unseen")
@pytest.mark.parametrize(
    ("behind", "match"),
    [
        (b"\x0a", "no message of Protocol Buffers"),
        (b"\xff" * 20, "no message of Protocol Buffers"),
        (b"\x0b\x0c", "field 1 of a model is of another kind|no message"),
        (field(7, b""), "2 graphs"),
        (field(99, b""), "field 99 of a model"),
        (field(7, 1), "field 7 of a model is of another kind"),
        (field(14, b"\x0a\x05ab"), "no message of Protocol Buffers"),
        (field(14, b"\x0a\x01\xff"), "can't decode byte"),
        (b"\x08\x01" * 1_000_001, "more than 1000000 fields"),
    ],
)
def test_what_is_behind_the_model_is_looked_at(
    behind: bytes, match: str, model: onnx.ModelProto, tmp_path: Path
) -> None:
    path = tmp_path / "other.onnx"
    path.write_bytes(with_checksum(model.SerializeToString() + behind))
    refused(path, match)


@pytest.mark.usefixtures("unseen")
def test_what_is_no_ordinary_file_is_refused_at_once(tmp_path: Path) -> None:
    pipe, folder, huge = (tmp_path / f"{name}.onnx" for name in ("pipe", "folder", "huge"))
    os.mkfifo(pipe)
    folder.mkdir()
    with huge.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    (tmp_path / "zero.onnx").symlink_to("/dev/zero")
    (tmp_path / "loop.onnx").symlink_to("loop.onnx")
    began = time.monotonic()
    refused(pipe, "is a device or a pipe, and no file")
    refused(folder, "cannot be read: Is a directory")
    refused(huge, "has 2147483648 bytes, and a file of ONNX at most 2147483647")
    refused(tmp_path / "zero.onnx", "is a device or a pipe, and no file")
    refused(tmp_path / "loop.onnx", "cannot be read: Too many levels of symbolic links")
    with pytest.raises(CheckpointError, match="cannot be read: embedded null byte"):
        AudioTagging("a\0.onnx")
    assert time.monotonic() - began < 5


CAMPAIGN = """
import sys
from pathlib import Path
import numpy as np
from panns_inference import AudioTagging, PannsError

for path in sorted(Path(sys.argv[1]).glob("*.onnx")):
    print(path.stem, end=" ", flush=True)
    try:
        tagger = AudioTagging(path, verbose=False, threads=1)
        tagger.inference(np.zeros((1, 20_000), np.float32))
        tagger.tag(np.zeros(1_000_000, np.float32), 32_000)
    except PannsError as error:
        print("refused", type(error).__name__, flush=True)
    else:
        print("heard", flush=True)
"""


@pytest.mark.slow
def test_a_hundred_and_fifty_files_end_well(model: onnx.ModelProto, tmp_path: Path) -> None:
    """Lies, harm, and bytes that were changed, cut or doubled, with the right checksum."""
    models = [sealed(model, change) for change in LIES.values()]
    models += [sealed(model, change) for change, _ in HARM.values()]
    whole = sealed(model)
    random = np.random.default_rng(0)
    head = whole[: len(whole) - 78]
    for number in range(80):
        damaged = bytearray(head)
        # Beside the weights, which are most of the file, at its end and its beginning.
        for place in random.integers(0, 20_000, 1 + number % 5):
            damaged[place * (1 if number % 2 else -1)] ^= 1 << random.integers(8)
        models.append(with_checksum(bytes(damaged)))
        models.append(with_checksum(head[: random.integers(len(head))]))
    for number, each in enumerate(models):
        (tmp_path / f"{number:04}.onnx").write_bytes(each)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", CAMPAIGN, tmp_path],
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (0, ""), lines[-1]
    assert len(lines) == len(models) >= 150
    assert sum(line[1] == "refused" for line in lines) >= len(LIES) + len(HARM) + 80
