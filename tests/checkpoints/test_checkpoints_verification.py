"""Whether a file is the published one, by its bytes."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from panns_inference.checkpoints import CHECKPOINTS, Checkpoint, verification, verify
from panns_inference.checkpoints.verification import recognise
from panns_inference.registry import Source

LEENET = CHECKPOINTS["LeeNet11"]
STREAM = bytes.fromhex("80028a0a6cfc9c46f9206aa850192e") + b"weights"


@pytest.fixture
def genuine(as_published: Path) -> Path:
    return as_published


def test_the_genuine_file(genuine: Path) -> None:
    found = verify(genuine, LEENET)
    assert found.verdict == "verified"
    assert found.reason == "size, md5, sha256 as published"
    assert found.path == genuine
    assert found.size == 3_012_373
    for kind in ("md5", "sha256"):
        run = subprocess.run([f"{kind}sum", genuine], capture_output=True, text=True, check=True)
        assert getattr(found, kind) == run.stdout.split()[0]


def test_one_checksum_is_enough(genuine: Path) -> None:
    found = verify(str(genuine), replace(LEENET, size=None, sha256=None))
    assert (found.verdict, found.reason) == ("verified", "md5 as published")


def test_one_flipped_bit(genuine: Path, tmp_path: Path) -> None:
    content = bytearray(genuine.read_bytes())
    content[1_500_000] ^= 1
    path = tmp_path / genuine.name
    path.write_bytes(content)
    found = verify(path, LEENET)
    assert found.verdict == "wrong"
    assert found.reason == (
        f"md5 is {hashlib.md5(content).hexdigest()}, expected {LEENET.md5}; "
        f"sha256 is {hashlib.sha256(content).hexdigest()}, expected {LEENET.sha256}"
    )


def test_a_file_that_was_cut(genuine: Path, tmp_path: Path) -> None:
    path = tmp_path / genuine.name
    path.write_bytes(genuine.read_bytes()[:1000])
    found = verify(path, LEENET)
    assert found.verdict == "wrong"
    assert found.reason.startswith("size is 1000, expected 3012373; md5 is ")


def test_the_file_of_another_network(genuine: Path) -> None:
    found = verify(genuine, CHECKPOINTS["Cnn6"])
    assert found.verdict == "wrong"
    assert found.reason.endswith("; it is LeeNet11_mAP=0.266.pth")


@pytest.mark.parametrize(
    ("content", "verdict", "reason"),
    [
        (STREAM, "unverifiable", "no checksum of it is known"),
        (b"", "wrong", "is empty"),
        (b"<html>", "wrong", "is a web page"),
        (b"PK\x03\x04", "wrong", "cut off or damaged"),
    ],
)
def test_without_a_checksum(tmp_path: Path, content: bytes, verdict: str, reason: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    found = verify(path, CHECKPOINTS["DaiNet19"])
    assert found.verdict == verdict
    assert reason in found.reason


def test_a_size_alone_does_not_verify(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(STREAM)
    source = Source("", "none")
    checkpoint = Checkpoint("A", "A.pth", source, size=len(STREAM))
    assert verify(path, checkpoint).verdict == "unverifiable"
    checkpoint = Checkpoint("A", "A.pth", source, size=5)
    assert verify(path, checkpoint).reason == "size is 22, expected 5"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nothing"):
        verify(tmp_path / "nothing.pth", LEENET)


def test_a_published_file_is_recognised(genuine: Path, tmp_path: Path) -> None:
    renamed = tmp_path / "weights.pth"
    shutil.copy(genuine, renamed)
    assert recognise(genuine) is LEENET
    assert recognise(renamed) is LEENET
    assert (
        recognise(tmp_path / "Cnn14_DecisionLevelMax.pth") is CHECKPOINTS["Cnn14_DecisionLevelMax"]
    )
    assert recognise(tmp_path / "nothing.pth") is None
    assert recognise(tmp_path) is None


def test_only_files_of_a_published_size_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(bytes(3_012_372))
    monkeypatch.setattr(verification, "_checksums", None)
    assert recognise(path) is None
    assert 3_012_373 in {row.size for row in CHECKPOINTS.values()}
    path.write_bytes(bytes(3_012_373))
    with pytest.raises(TypeError, match="not callable"):
        recognise(path)
