"""Disks that are full, folders that cannot be written: a clear error, and nothing half-written."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from processes import content, run

from panns_inference import AudioTagging, OutputError, batch
from panns_inference.pipeline import TaggingTask

Made = Callable[..., Path]

NETWORK = ("--model", "PannsMini", "--device", "cpu")


def mounted(place: Path, *options: str) -> bool:
    place.mkdir(exist_ok=True)
    done = subprocess.run(["mount", *options, str(place)], capture_output=True, check=False)
    return done.returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 128 kB."""
    place = tmp_path / "disk"
    if not mounted(place, "-t", "tmpfs", "-o", "size=128k", "tmpfs"):
        pytest.skip("mounting a file system is not permitted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        ("tag", "-f", "csv"),
        pytest.param(("tag", "-f", "json", "--split"), marks=pytest.mark.slow),
        pytest.param(("detect", "-f", "npz", "--split"), marks=pytest.mark.slow),
    ],
)
def test_a_disk_that_is_full(
    folder: Path, made: Made, small_disk: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    for number in range(20):
        made(folder / "more" / f"{number}.wav", 1, number)
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 90_000)
    place = small_disk / "results"
    status, out, err = run(*options, folder, *NETWORK, "-o", place)
    assert (status, out) == (1, "")
    assert "cannot be written: No space left on device" in err
    assert "Traceback" not in err
    held = content(place) if place.is_dir() else {}
    assert not place.is_file()
    filler.unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    status, _, err = run(*options, folder, *NETWORK, "-o", place)
    assert status == 0, err
    anew = tmp_path / "anew"
    assert run(*options, folder, *NETWORK, "-o", anew)[0] == 0
    assert content(place) == content(anew)
    assert all(content(anew)[name] == bytes_ for name, bytes_ in held.items())
    assert list(small_disk.rglob(".panns-*.tmp")) == []


def test_a_limit_on_the_size_of_files(folder: Path, tmp_path: Path) -> None:
    # As a quota: works where nothing can be mounted.
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))

    place = tmp_path / "out"
    place.mkdir()
    command = ("tag", "-f", "csv", folder, *NETWORK, "-o", place / "t.csv")
    status, _, err = run(*command, preexec_fn=limit)
    assert status == 1
    assert "t.csv cannot be written: File too large" in err
    assert list(place.iterdir()) == []
    status, _, err = run(*command)
    assert status == 0, err
    assert (place / "t.csv").is_file()


@pytest.mark.slow
def test_a_folder_that_may_not_be_written(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "results"
    if not mounted(place, "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs"):
        pytest.skip("mounting a file system is not permitted here")
    try:
        for options in (("-o", place / "t.csv"), ("--split", "-o", place)):
            status, _, err = run("tag", "-f", "csv", folder, *NETWORK, *options)
            assert status == 1
            assert "cannot be written: Read-only file system" in err
        assert list(place.iterdir()) == []
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_file_in_the_place_of_a_folder(mini: AudioTagging, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="cannot be written: Not a directory"):
        batch.run(TaggingTask(mini), [folder], tmp_path / "file" / "t.csv")
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "deeper").write_text("mine")
    report = batch.run(TaggingTask(mini), [folder], tree, split=True)
    assert report.n_processed == 8
    (failure,) = report.failures
    assert failure.cause.endswith("deeper/long.csv cannot be written: Not a directory")
    assert (tree / "deeper").read_text() == (tmp_path / "file").read_text() == "mine"
    (tree / "deeper").unlink()
    assert batch.run(TaggingTask(mini), [folder], tree, split=True).n_processed == 1
