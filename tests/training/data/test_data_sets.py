"""Clips with classes, and folders whose subfolders are the classes."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from panns_inference import AudioError, UsageError
from panns_inference.training.data import Clip, dataset, read_folders

DOG = Clip(Path("a.wav"), ("Dog",), fold="1")
BOTH = Clip(Path("b.wav"), ("Dog", "Cat"), fold="2")
NEITHER = Clip(Path("c.wav"), ())


def test_targets_are_ones_where_a_class_sounds() -> None:
    found = dataset([DOG, BOTH, NEITHER])
    assert found.labels == ("Cat", "Dog")
    np.testing.assert_array_equal(found.targets, [[0, 1], [1, 1], [0, 0]])
    assert not found.is_single_label
    assert dataset([DOG], ["Dog", "Cat"]).is_single_label


def test_a_condition_keeps_the_classes() -> None:
    found = dataset([DOG, BOTH]).where(lambda clip: clip.fold == "1")
    assert found.clips == (DOG,)
    assert found.labels == ("Cat", "Dog")


@pytest.mark.parametrize(
    ("clips", "labels", "message"),
    [
        ([], ["Dog"], "0 clips with 1 classes"),
        ([NEITHER], [], "1 clips with 0 classes"),
        ([DOG], ["Cat"], "a.wav: Dog is no class of these: Cat"),
        ([DOG], ["Dog", "Dog"], "classes must differ: Dog"),
    ],
)
def test_what_cannot_be_learnt_is_refused(
    clips: list[Clip], labels: list[str], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        dataset(clips, labels)


def test_subfolders_are_classes(street: Path, tmp_path: Path) -> None:
    for name in ("wren/2021/10.flac", "wren/2021/9.flac", "robin/a.flac"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(street, tmp_path / name)
    (tmp_path / "robin" / "notes.md").write_text("no recording")
    found = read_folders(tmp_path)
    assert found.labels == ("robin", "wren")
    assert [(str(clip.path.relative_to(tmp_path)), clip.labels) for clip in found.clips] == [
        ("robin/a.flac", ("robin",)),
        ("wren/2021/9.flac", ("wren",)),
        ("wren/2021/10.flac", ("wren",)),
    ]


def test_folders_of_another_kind_are_refused(street: Path, tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="no recording"):
        read_folders(tmp_path)
    (tmp_path / "wren").mkdir()
    shutil.copy(street, tmp_path / "wren")
    with pytest.raises(UsageError, match="one subfolder with recordings, 'wren'"):
        read_folders(tmp_path)
    shutil.copy(street, tmp_path)
    with pytest.raises(UsageError, match=r"lies in no subfolder of .* or give annotations"):
        read_folders(tmp_path)
