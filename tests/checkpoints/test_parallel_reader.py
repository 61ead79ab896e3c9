"""A file that several threads read at once."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from panns_inference.checkpoints import read_state, state
from panns_inference.checkpoints.state import PART_BYTES as PART
from panns_inference.checkpoints.state import ParallelReader
from panns_inference.errors import CheckpointError


@pytest.fixture
def content(tmp_path: Path) -> bytes:
    content = np.random.default_rng(0).bytes(3 * PART + 12_345)
    (tmp_path / "file").write_bytes(content)
    return content


@pytest.mark.parametrize(
    "length",
    [1, PART, PART + 1, 2 * PART, 3 * PART + 12_000, 5 * PART],
)
def test_buffers_of_any_size_are_filled_from_where_the_file_stands(
    length: int, content: bytes, tmp_path: Path
) -> None:
    with ParallelReader(tmp_path / "file") as file:
        assert file.read(7) == content[:7]
        buffer = bytearray(length)
        n_bytes = min(length, len(content) - 7)
        assert file.readinto(buffer) == n_bytes
        assert buffer[:n_bytes] == content[7 : 7 + n_bytes]
        assert file.tell() == 7 + n_bytes
        assert file.read() == content[7 + n_bytes :]
        assert file.readinto(buffer) == 0


def test_what_is_behind_a_gap_is_asked_for_again(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = os.preadv

    def short(file: int, buffers: list[memoryview], start: int) -> int:
        return whole(file, [buffers[0][:1000]] if start == PART else buffers, start)

    monkeypatch.setattr(os, "preadv", short)
    with ParallelReader(tmp_path / "file") as file:
        assert file.readinto(bytearray(3 * PART)) == PART + 1000
        assert file.tell() == PART + 1000


def test_a_system_that_cannot_reads_as_usual(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "preadv")
    buffer = bytearray(2 * PART)
    with ParallelReader(tmp_path / "file") as file:
        assert file.readinto(buffer) == len(buffer)
    assert buffer == content[: len(buffer)]


def test_torch_reads_through_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    class Counted(ParallelReader):
        def readinto(self, buffer: memoryview) -> int:
            sizes.append(len(buffer))
            return super().readinto(buffer)

    monkeypatch.setattr(state, "PART_BYTES", 1 << 16)
    monkeypatch.setattr(state, "ParallelReader", Counted)
    written = {"a": torch.rand(300, 1000), "b": torch.arange(5)}
    path = tmp_path / "weights.pth"
    torch.save(written, path, _use_new_zipfile_serialization=False)
    found = read_state(path)
    assert 1_200_000 in sizes
    assert all(torch.equal(found[key], written[key]) for key in written)
    path.write_bytes(path.read_bytes()[:700_000])
    with pytest.raises(CheckpointError, match="was cut off or damaged"):
        read_state(path)


def test_its_number_is_not_told(content: bytes, tmp_path: Path) -> None:
    with (
        ParallelReader(tmp_path / "file") as file,
        pytest.raises(io.UnsupportedOperation, match="fileno"),
    ):
        file.fileno()
