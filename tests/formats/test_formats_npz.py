"""Archives of framewise probabilities, read back by NumPy and by zipfile."""

from __future__ import annotations

import dataclasses
import io
import os
import subprocess
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from some_results import content_of, detection, framewise_detection, written

from panns_inference import UsageError
from panns_inference.audioset import labels as audioset_labels
from panns_inference.files import atomic_write
from panns_inference.formats import FORMATS, npz

CLASSES = 527


def test_numpy_reads_it_without_pickles(tmp_path: Path) -> None:
    result = framewise_detection()
    assert result.framewise is not None
    with np.load(written("npz", tmp_path, result), allow_pickle=False) as found:
        assert set(found) == {
            "framewise", "fps", "valid_frames", "original_num_samples", "audio_filepath",
            "labels", "model", "schema",
        }  # fmt: skip
        assert found["framewise"].dtype == np.float32
        assert np.array_equal(found["framewise"], result.framewise)
        assert found["fps"] == 100.0
        assert found["valid_frames"] == 701
        assert found["original_num_samples"] == 224_000
        assert str(found["audio_filepath"]) == "street/first day.flac"
        assert found["labels"].tolist() == audioset_labels
        assert str(found["model"]) == "Cnn14"
        assert found["schema"] == 1


def test_it_is_a_sound_archive(tmp_path: Path) -> None:
    path = written("npz", tmp_path, framewise_detection())
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        infos = archive.infolist()
    assert {info.compress_type for info in infos} == {zipfile.ZIP_DEFLATED}
    # Sizes stand before each array too, for readers that go through a file from its beginning.
    assert {info.flag_bits for info in infos} == {0}


def test_samples_in_memory_have_no_name(tmp_path: Path) -> None:
    with np.load(written("npz", tmp_path, framewise_detection(None))) as found:
        assert str(found["audio_filepath"]) == ""


def test_what_is_not_unicode_is_escaped(tmp_path: Path) -> None:
    with np.load(written("npz", tmp_path, framewise_detection("Stra\udcdfe ♪"))) as found:
        assert str(found["audio_filepath"]) == "Stra\\udcdfe ♪"


def test_probabilities_must_have_been_asked_for() -> None:
    message = r"result of a\.wav holds no framewise .* with detect\(framewise=True\)"
    with pytest.raises(UsageError, match=message):
        content_of("npz", detection(source="a.wav"))


def test_the_same_result_is_the_same_bytes() -> None:
    assert content_of("npz", framewise_detection()) == content_of("npz", framewise_detection())


def pieces(rows: NDArray[np.float32], size: int) -> Iterator[NDArray[np.float32]]:
    yield from (rows[start : start + size] for start in range(0, len(rows), size))


@pytest.mark.parametrize("size", [1, 32, 700, 701, 5000])
def test_rows_may_come_in_any_pieces(size: int) -> None:
    result = framewise_detection()
    assert result.framewise is not None
    file = io.BytesIO()
    npz.write_rows(file, detection(), pieces(result.framewise, size))
    assert file.getvalue() == content_of("npz", result)


def test_rows_of_other_types_and_orders() -> None:
    result = framewise_detection()
    assert result.framewise is not None
    file = io.BytesIO()
    rows = np.asfortranarray(result.framewise, dtype=np.float64)
    npz.write_rows(file, detection(), [rows])
    file.seek(0)
    assert np.array_equal(np.load(file)["framewise"], result.framewise)


@pytest.mark.parametrize("n_rows", [0, 700, 702])
def test_rows_must_be_as_many_as_the_frames(n_rows: int, tmp_path: Path) -> None:
    rows = np.zeros((n_rows, CLASSES), np.float32)
    message = rf"{n_rows} rows .* of street/first day\.flac, which has 701 frames"
    with (
        pytest.raises(UsageError, match=message),
        atomic_write(tmp_path / "out.npz", binary=True) as file,
    ):
        npz.write_rows(file, detection(), [rows])
    assert os.listdir(tmp_path) == []


def test_memory_does_not_grow_with_the_recording(tmp_path: Path) -> None:
    n_frames = 60_000
    result = dataclasses.replace(detection(), n_frames=n_frames)
    block = np.random.default_rng(0).random((1000, 1), np.float32).repeat(CLASSES, axis=1)
    tracemalloc.start()
    try:
        with atomic_write(tmp_path / "out.npz", binary=True) as file:
            npz.write_rows(file, result, (block for _ in range(60)))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 20_000_000
    with np.load(tmp_path / "out.npz") as found:
        framewise = found["framewise"]
    assert framewise.nbytes == 126_480_000
    assert np.array_equal(framewise[-1000:], block)


def test_it_can_be_written_to_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "out.npz"
    with (
        path.open("wb") as file,
        subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=file) as cat,
    ):
        assert cat.stdin is not None
        FORMATS["npz"].write([framewise_detection()], cat.stdin)
        cat.stdin.close()
    assert np.array_equal(np.load(path)["framewise"], framewise_detection().framewise)
