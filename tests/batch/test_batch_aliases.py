"""Files with several names: each name has its row, and the file goes through the network once."""

from __future__ import annotations

import csv
import json
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from panns_inference import AudioTagging
from panns_inference.batch import results, run
from panns_inference.pipeline import DetectionTask, TaggingTask

Made = Callable[..., Path]


def rows(table: Path) -> list[str]:
    with table.open(newline="") as file:
        return [row["filename"] for row in csv.DictReader(file)]


@pytest.fixture
def names(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Eight names of three files, one of which is longer than a block."""
    monkeypatch.chdir(folder)
    Path("soft.wav").symlink_to("clip5.wav")
    Path("hard.wav").hardlink_to("clip5.wav")
    Path("long.wav").symlink_to("deeper/long.wav")
    return [
        "clip5.wav", "soft.wav", "./clip5.wav", "deeper/long.wav", "hard.wav",
        str(folder / "clip5.wav"), "long.wav", "clip6.wav", "clip5.wav",
    ]  # fmt: skip


def test_each_name_has_its_row(mini: AudioTagging, names: list[str], tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    report = run(TaggingTask(mini), names, table, top=1)
    assert rows(table) == names
    assert (report.n_recordings, report.n_processed) == (9, 9)
    assert report.seconds == pytest.approx(1 + 75 + 2)  # each file once
    before = table.read_bytes()
    assert str(run(TaggingTask(mini), names, table, top=1)) == (
        "nothing new to process, 9 were done before"
    )
    assert table.read_bytes() == before
    given = list(results(TaggingTask(mini), names))
    assert [each.source for each in given] == names
    assert np.array_equal(given[0].clipwise, given[4].clipwise)


def test_a_name_that_is_new_is_heard(mini: AudioTagging, folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    run(TaggingTask(mini), [folder], table, top=1)
    (folder / "clip5b.wav").hardlink_to(folder / "clip5.wav")
    report = run(TaggingTask(mini), [folder], table, top=1)
    assert (report.n_processed, report.n_done_before) == (1, 9)
    assert str(folder / "clip5b.wav") in rows(table)


def test_stretches_bear_the_name(mini: AudioTagging, names: list[str], tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    run(TaggingTask(mini, window=1.0), names, table, top=1)
    assert list(dict.fromkeys(rows(table))) == list(dict.fromkeys(names))


def test_a_tree_has_a_file_for_each(mini: AudioTagging, names: list[str], tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    frames = DetectionTask(mini, framewise=True)
    assert run(frames, names, tree, format="npz", split=True).failures == ()
    stems = ["clip5", "clip6", "deeper/long", "hard", "long", "soft"]
    files = sorted(str(path.relative_to(tree)) for path in tree.rglob("*.npz"))
    assert files == [f"{stem}.npz" for stem in stems]
    for stem in stems:
        with np.load(tree / f"{stem}.npz") as file:
            assert Path(str(file["audio_filepath"])).stem == Path(stem).stem
            assert len(file["framewise"]) == file["valid_frames"]
    assert not list((tree / ".panns").rglob("*.frames"))
    report = run(frames, names, tree, format="npz", split=True)
    assert (report.n_processed, report.n_done_before) == (0, 9)


def test_a_file_that_cannot_be_read_fails_under_each_name(
    mini: AudioTagging, names: list[str], tmp_path: Path
) -> None:
    Path("clip5.wav").write_bytes(b"no sound")
    report = run(TaggingTask(mini), names, tmp_path / "t.csv", top=1)
    assert [failure.source for failure in report.failures] == [
        name for name in names if "long" not in name and "clip6" not in name
    ]
    assert "soft.wav is the same file as clip5.wav: " in report.failures[1].cause
    assert rows(tmp_path / "t.csv") == ["deeper/long.wav", "long.wav", "clip6.wav"]


def test_names_that_differ_in_case_alone(mini: AudioTagging, folder: Path, tmp_path: Path) -> None:
    two = tmp_path / "two"
    two.mkdir()
    for name in ("a.wav", "A.wav", "b.wav", "\u00e9.wav", "e\u0301.wav"):
        shutil.copy(folder / "clip5.wav", two / name)
    tree = tmp_path / "tree"
    report = run(TaggingTask(mini), [two], tree, format="json", split=True)
    assert (report.n_processed, report.failures) == (5, ())
    files = [path for path in tree.iterdir() if path.suffix == ".json"]
    assert len({path.name.casefold() for path in files}) == 5
    assert {Path(json.loads(path.read_text())[0]["source"]).name for path in files} == set(
        os.listdir(two)
    )
    assert (tree / "b.json").is_file()


def test_names_that_are_not_utf_8(mini: AudioTagging, folder: Path, tmp_path: Path) -> None:
    odd = folder / os.fsdecode(b"caf\xe9.wav")
    shutil.copy(folder / "clip5.wav", odd)
    for place, more in ((tmp_path / "t.csv", {}), (tmp_path / "tree", {"split": True})):
        for n_new in (10, 0):
            report = run(TaggingTask(mini), [folder], place, top=1, **more)
            assert (report.n_processed, report.failures) == (n_new, ())
    assert (tmp_path / "tree" / os.fsdecode(b"caf\xe9.csv")).is_file()


@pytest.mark.parametrize("kind", ["unreadable", "swapped"])
def test_a_recording_that_is_done_stops_nothing(
    mini: AudioTagging, folder: Path, tmp_path: Path, made: Made, caplog: Any, kind: str
) -> None:
    # What is new has the length of what is done, so that they are in one batch.
    one, two, anew = folder / "clip5.wav", folder / "clip7.wav", tmp_path / "anew.jsonl"
    kept, table = two.read_bytes(), tmp_path / "t.jsonl"
    run(TaggingTask(mini), [one, two], anew, format="jsonl")
    two.unlink()
    run(TaggingTask(mini), [one, folder / "clip6.wav"], table, format="jsonl")
    two.write_bytes(kept)
    state = one.stat()
    if kind == "unreadable":
        one.write_bytes(b"x" * state.st_size)
    else:  # the same bytes in half the frames
        content = bytearray(one.read_bytes())
        content[22:24], content[32:34] = (2).to_bytes(2, "little"), (4).to_bytes(2, "little")
        one.write_bytes(content)
    os.utime(one, ns=(state.st_atime_ns, state.st_mtime_ns))
    with caplog.at_level(logging.WARNING):
        report = run(TaggingTask(mini), [one, folder / "clip6.wav", two], table, format="jsonl")
    assert (report.n_processed, report.n_done_before, report.failures) == (1, 2, ())
    assert caplog.text.count("clip5.wav") == 1
    assert "it was done before, and its result is kept" in caplog.text
    found = [json.loads(line) for line in table.read_text().splitlines()]
    expected = [json.loads(line) for line in anew.read_text().splitlines()]
    assert found[2] == expected[1]
    assert found[0]["tags"][0]["label"] == expected[0]["tags"][0]["label"]
