"""`panns pack` through the program, and the options that say what is learnt from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from panns_inference import UsageError, audioset
from panns_inference.cli import main
from panns_inference.cli.data_set import FORMS
from panns_inference.training.data import Packed, read_labels, reading


def packed(*arguments: object) -> int:
    return main(["pack", *map(str, arguments), "--workers", "1"])


@pytest.fixture
def birds(street: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "birds"
    for name in ("wren", "robin"):
        (folder / name).mkdir(parents=True)
        shutil.copy(street, folder / name)
    return folder


def test_folders_are_packed(birds: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("wren\nrobin\nowl\n")
    rest = ("--labels", labels, "--sample-rate", 8000, "--seconds", 0.5)
    assert packed(birds, "-o", tmp_path / "packed", *rest) == 0
    found = Packed(tmp_path / "packed")
    assert found.dataset.labels == ("wren", "robin", "owl")
    assert found.waveforms([0]).shape == (1, 4000)
    assert "2 clips of 3 classes in" in caplog.text


def test_broken_clips_are_named(
    birds: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (birds / "wren" / "1.flac").write_bytes(b"fLaC")
    assert packed(birds, "-o", tmp_path / "packed", "--seconds", 1) == 1
    assert "1.flac" in caplog.text
    assert len(Packed(tmp_path / "packed")) == 2
    (birds / "wren" / "2.flac").write_bytes(b"fLaC")
    assert packed(birds, "-o", tmp_path / "two", "--seconds", 1) == 1
    assert "2 clips could not be decoded, such as" in caplog.text


def test_events_and_what_lies_between(street: Path, tmp_path: Path) -> None:
    folder = tmp_path / "annotated"
    folder.mkdir()
    shutil.copy(street, folder)
    (folder / "street.txt").write_text("4.0\t5.0\tDog\n")
    assert packed(folder, "-o", tmp_path / "all", "--seconds", 3) == 0
    assert len(Packed(tmp_path / "all")) == 3
    assert packed(folder, "-o", tmp_path / "events", "--seconds", 3, "--only-events") == 0
    (clip,) = Packed(tmp_path / "events").dataset.clips
    assert (clip.onset, clip.offset, clip.labels) == (3.0, 6.0, ("Dog",))


def test_a_table_and_a_black_list(street: Path, tmp_path: Path) -> None:
    for name in ("1.flac", "2.flac"):
        shutil.copy(street, tmp_path / name)
    (tmp_path / "black.txt").write_text("2\n")
    table = tmp_path / "tables" / "clips.csv"
    table.parent.mkdir()
    table.write_text("path,mids\n1.flac,/m/0bt9lr\n2.flac,/m/09x0r\n")
    rest = ("--root", tmp_path, "--labels", "audioset", "--black-list", tmp_path / "black.txt")
    assert packed(table, "-o", tmp_path / "packed", *rest) == 0
    found = Packed(tmp_path / "packed").dataset
    assert found.labels == tuple(audioset.labels)
    assert [(clip.path.name, clip.labels) for clip in found.clips] == [("1.flac", ("Dog",))]


def test_what_is_no_data_set_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert packed(tmp_path / "gone", "-o", tmp_path / "packed") == 2
    assert "gone is not there: give a folder" in capsys.readouterr().err
    assert not (tmp_path / "packed").exists()


def test_the_forms_are_those_of_the_reader() -> None:
    assert tuple(reading.FORMS) == FORMS


def test_labels_are_lines_or_a_column(tmp_path: Path) -> None:
    file = tmp_path / "labels"
    file.write_text("Dog\n\n Fox, red \r\n")
    assert read_labels(file) == ["Dog", "Fox, red"]
    assert read_labels("audioset") == audioset.labels
    assert read_labels(audioset.CSV_PATH) == audioset.labels
    file.write_text("\n")
    with pytest.raises(UsageError, match="holds no label"):
        read_labels(file)


def test_a_class_of_a_data_set_that_is_not_among_the_labels_is_refused(
    birds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "labels").write_text("wren\n")
    assert packed(birds, "-o", tmp_path / "packed", "--labels", tmp_path / "labels") == 2
    assert "robin is no class of these" in capsys.readouterr().err
