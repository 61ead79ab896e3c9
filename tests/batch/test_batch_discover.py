"""Which files are found, in which order, and under which names."""

from __future__ import annotations

import io
import logging
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panns_inference import AudioError
from panns_inference.batch import find
from panns_inference.batch.discover import natural, shared_folder


def touch(folder: Path, *names: str, content: bytes = b"x") -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def found(*inputs: str | Path, below: Path | None = None) -> list[str]:
    names = [recording.name for recording in find(inputs)]
    return [os.path.relpath(name, below) for name in names] if below else names


def test_a_folder_in_the_order_in_which_people_count(tmp_path: Path) -> None:
    touch(tmp_path, "10.wav", "2.wav", "B.flac", "a.MP3", "c/1.ogg", "c/d/0.m4a", "c2.wav")
    assert found(tmp_path, below=tmp_path) == [
        "2.wav", "10.wav", "a.MP3", "B.flac", "c/1.ogg", "c/d/0.m4a", "c2.wav",
    ]  # fmt: skip


def test_what_is_hidden_or_a_journal_is_left_out(tmp_path: Path) -> None:
    touch(tmp_path, "a.wav", ".b.wav", ".c/d.wav", "t.csv.panns/e.wav", ".panns/f.wav")
    assert found(tmp_path, below=tmp_path) == ["a.wav"]
    assert found(tmp_path / ".c", tmp_path / ".b.wav", below=tmp_path) == [".c/d.wav", ".b.wav"]


def test_names_that_say_nothing_and_first_bytes_that_do(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    touch(tmp_path, "wav", "wav.txt", content=b"RIFF\x00\x00\x00\x00WAVEfmt ")
    touch(tmp_path, "ts.ts", content=b"G" + b"\n" * 187 + b"G")
    touch(tmp_path, "program.ts", "picture.webp", content=b"RIFF\x00\x00\x00\x00WEBP")
    touch(tmp_path, "notes.txt", "README", "empty.csv")
    with caplog.at_level(logging.INFO, "panns_inference"):
        assert found(tmp_path, below=tmp_path) == ["ts.ts", "wav", "wav.txt"]
    (line,) = caplog.messages
    assert line.startswith("left out ")
    assert line.endswith(": no recordings by their names and first bytes")
    for kind in ("1 .ts", "1 .webp", "1 .txt", "1 without an extension", "1 .csv"):
        assert kind in line


def test_what_is_named_is_taken(tmp_path: Path) -> None:
    touch(tmp_path, "notes.txt")
    names = [str(tmp_path / "notes.txt"), str(tmp_path / "missing.wav")]
    recordings = find(names)
    assert [(each.name, each.size) for each in recordings] == [(names[0], 1), (names[1], None)]
    assert recordings[0].mtime_ns == (tmp_path / "notes.txt").stat().st_mtime_ns


def test_an_open_file(tmp_path: Path) -> None:
    touch(tmp_path, "a.wav")
    stream = io.BytesIO(b"x")
    first, second = find([stream, tmp_path / "a.wav"])
    assert first.source is stream
    assert first.name is None
    assert second.name == str(tmp_path / "a.wav")


def test_each_name_comes(tmp_path: Path) -> None:
    touch(tmp_path, "a.wav", "sub/b.wav")
    (tmp_path / "link.wav").symlink_to(tmp_path / "a.wav")
    (tmp_path / "hard.wav").hardlink_to(tmp_path / "a.wav")
    a, again, link = str(tmp_path / "a.wav"), f"{tmp_path}/sub/../a.wav", f"{tmp_path}/link.wav"
    assert found(a, again, link, a) == [a, again, link, a]
    assert found(tmp_path / "sub", tmp_path, below=tmp_path) == [
        "sub/b.wav", "a.wav", "hard.wav", "link.wav",
    ]  # fmt: skip
    # What a folder holds is there already; named once more, it is named twice.
    assert found(tmp_path, a, below=tmp_path) == ["a.wav", "hard.wav", "link.wav", "sub/b.wav"]
    assert found(tmp_path, a, a, below=tmp_path)[4:] == ["a.wav"]
    assert found(a, tmp_path, tmp_path, below=tmp_path) == [
        "a.wav", "hard.wav", "link.wav", "sub/b.wav",
    ]  # fmt: skip
    assert len(found(tmp_path / "**" / "*")) == 4
    same = {recording.identity for recording in find([a, again, link, f"{tmp_path}/hard.wav"])}
    assert len(same) == 1
    assert {recording.identity for recording in find([tmp_path / "sub"])} != same


def test_a_folder_under_two_names(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.wav")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert found(tmp_path / "a", tmp_path / "b", below=tmp_path) == ["a/1.wav", "b/1.wav"]


def test_links_in_circles(tmp_path: Path) -> None:
    touch(tmp_path, "a/b/c.wav")
    (tmp_path / "a" / "b" / "up").symlink_to(tmp_path / "a")
    (tmp_path / "a" / "same").symlink_to(tmp_path / "a" / "b")
    (tmp_path / "loop.wav").symlink_to(tmp_path / "loop.wav")
    (tmp_path / "lost.wav").symlink_to(tmp_path / "nothing")
    # What is wrong with the last two shows when they are read.
    assert found(tmp_path, below=tmp_path) == ["a/b/c.wav", "loop.wav", "lost.wav"]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / "pipe.wav")
    assert found(tmp_path, below=tmp_path) == ["pipe.wav"]


def test_patterns(tmp_path: Path) -> None:
    touch(tmp_path, "10.wav", "9.wav", "notes.txt", "sub/a.wav", "sub/deep/b.wav", "x[1].wav")
    assert found(tmp_path / "*.wav", below=tmp_path) == ["9.wav", "10.wav", "x[1].wav"]
    assert found(tmp_path / "**" / "?.wav", below=tmp_path) == [
        "9.wav",
        "sub/a.wav",
        "sub/deep/b.wav",
    ]
    # As if a shell had put the names there: folders are gone through, files are taken.
    assert found(tmp_path / "[sn]*", below=tmp_path) == ["notes.txt", "sub/a.wav", "sub/deep/b.wav"]
    # A name that is there is no pattern; a pattern for nothing is a name.
    assert found(tmp_path / "x[1].wav", below=tmp_path) == ["x[1].wav"]
    assert found(tmp_path / "y*", below=tmp_path) == ["y*"]


def test_nothing_to_hear(tmp_path: Path) -> None:
    touch(tmp_path, "notes.txt")
    with pytest.raises(AudioError, match=f"there is no recording in '{tmp_path}'"):
        find([tmp_path])
    with pytest.raises(AudioError, match="no recording is named"):
        find([])


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "a.wav", "closed", content=b"fLaC")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)  # root may read everything
    assert found(tmp_path, below=tmp_path) == ["a.wav"]


def test_a_folder_that_cannot_be_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    touch(tmp_path, "a.wav", "closed/b.wav")
    closed, listdir = str(tmp_path / "closed"), os.listdir

    def refuse(path: str) -> list[str]:
        if path == closed:
            raise PermissionError(13, "Permission denied")
        return listdir(path)

    monkeypatch.setattr(os, "listdir", refuse)  # root may list everything
    assert found(tmp_path, below=tmp_path) == ["a.wav", "closed"]
    assert f"folder {str(closed)!r} cannot be read: Permission denied" in caplog.text


def test_the_folder_that_is_shared(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.wav", "a/b/2.wav", "c/3.wav")
    below = str(tmp_path)
    assert shared_folder([f"{below}/a"]) == tmp_path / "a"
    assert shared_folder([f"{below}/a/1.wav"]) == tmp_path / "a"
    assert shared_folder([f"{below}/a/1.wav", f"{below}/a/b/2.wav"]) == tmp_path / "a"
    assert shared_folder([f"{below}/a", f"{below}/c/3.wav"]) == tmp_path
    assert shared_folder([f"{below}/a/*/2.wav"]) == tmp_path / "a"
    assert shared_folder([f"{below}/*/b/2.wav"]) == tmp_path


NAMES = st.text(st.sampled_from("aB10.é-"), min_size=1, max_size=8)


@given(st.lists(NAMES, unique=True, max_size=12), st.randoms(use_true_random=False))
def test_an_order_that_hangs_on_nothing_but_the_names(names: list[str], random: object) -> None:
    shuffled = list(names)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert sorted(shuffled, key=natural) == sorted(names, key=natural)


@given(st.integers(0, 10**30), st.integers(0, 10**30))
def test_numbers_count(first: int, second: int) -> None:
    in_order = natural(f"take {first}.wav") < natural(f"take {second}.wav")
    assert in_order == (first < second)
