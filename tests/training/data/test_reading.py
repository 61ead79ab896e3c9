"""What a path is taken for, and what is said where it is nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from panns_inference import AudioError, UsageError
from panns_inference.training.data import read_dataset
from panns_inference.training.data.reading import form_of


@pytest.mark.parametrize(
    ("name", "text", "form"),
    [
        ("a.csv", "path,labels\n", "manifest"),
        ("a.tsv", "filename\tfold\ttarget\n", "manifest"),
        ("a.csv", "filename,onset,offset,event_label\n", "annotations"),
        ("a.txt", "1.0\t2.0\tDog\n", "annotations"),
        ("a.csv", "onset,offset,class\n", "annotations"),
        ("a.csv", "# a\n# b\n# YTID, start_seconds, end_seconds, positive_labels\n", "segments"),
        ("a.eaf", "", "annotations"),
    ],
)
def test_a_file_says_what_it_is(tmp_path: Path, name: str, text: str, form: str) -> None:
    (tmp_path / name).write_text(text)
    assert form_of(tmp_path / name) == form


@pytest.mark.parametrize(
    ("names", "form"),
    [
        (["wren/1.flac", "robin/2.flac"], "folders"),
        (["wren/1.flac", "wren/about.txt", "robin/2.flac"], "folders"),
        (["1.flac", "1.txt"], "annotations"),
        (["2021/1.flac", "2021/1.Table.1.selections.txt"], "annotations"),
        (["1.flac", "2.flac", "events.csv"], "annotations"),
        (["sound/1.flac", "sound/2.flac", "text/1.eaf"], "annotations"),
        (["1.flac", "2.flac"], "folders"),
    ],
)
def test_a_folder_is_what_is_in_it(
    street: Path, tmp_path: Path, names: list[str], form: str
) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(street.read_bytes() if name.endswith("flac") else b"text")
    assert form_of(tmp_path) == form


def test_the_form_can_be_said(
    street: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("wren/1.flac", "robin/2.flac"):
        (tmp_path / name).parent.mkdir()
        shutil.copy(street, tmp_path / name)
    (tmp_path / "wren" / "1.txt").write_text("A wren in a hedge.")
    with pytest.raises(UsageError, match=r"1\.txt.? cannot be used"):
        read_dataset(tmp_path)
    monkeypatch.chdir(tmp_path)
    found = read_dataset(".", form="folders", labels=["wren", "robin"])
    assert found.labels == ("wren", "robin")
    assert [clip.labels for clip in found.clips] == [("robin",), ("wren",)]
    with pytest.raises(UsageError, match="form must be 'folders' or"):
        read_dataset(tmp_path, form="folder")


def test_annotations_may_be_elsewhere(
    street: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "street.txt").write_text("1\t2\tDog\n4\t5\tdog\n")
    (tmp_path / "sound").mkdir()
    shutil.copy(street, tmp_path / "sound")
    with caplog.at_level("INFO"):
        found = read_dataset(tmp_path / "text", root=tmp_path / "sound")
    assert found.labels == ("Dog", "dog")
    assert found.clips == read_dataset(tmp_path).clips
    assert "'Dog' and 'dog' are two classes: write them in one way if they are one" in caplog.text
    assert "left out" not in caplog.text
    with pytest.raises(AudioError, match=r"no recording in .*text.*; root names the folder of the"):
        read_dataset(tmp_path / "text")


def test_what_was_meant_is_guessed_from_what_is_there(street: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a recording: give a folder with a subfolder for each"):
        read_dataset(street)
    (tmp_path / "empty").mkdir()
    with pytest.raises(AudioError, match=r"no recording in .*: give a folder with a subfolder for"):
        read_dataset(tmp_path / "empty")
    (tmp_path / "a.csv").write_text("path,species\n1.wav,Wren\n")
    message = "'path,species', has none .* expected a table with onset.* or a table of clips, with"
    with pytest.raises(UsageError, match=message):
        read_dataset(tmp_path / "a.csv")


def test_nothing_is_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not there: give a folder with a subfolder for each"):
        read_dataset(tmp_path / "gone")
