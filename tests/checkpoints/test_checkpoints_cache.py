"""Where checkpoints are looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from panns_inference.checkpoints import CHECKPOINTS, cached
from panns_inference.checkpoints.cache import destination

CNN14 = CHECKPOINTS["Cnn14"]
DETECTION = CHECKPOINTS["Cnn14_DecisionLevelMax"]


def put(path: Path, content: bytes = b"weights") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_nothing_is_here(own_home: Path) -> None:
    assert cached(CNN14) is None
    assert destination(CNN14) == own_home / ".cache" / "panns_inference" / "Cnn14_mAP=0.431.pth"
    assert not list(own_home.iterdir())


def test_the_folder_of_the_platform(own_home: Path) -> None:
    path = put(destination(CNN14))
    assert cached(CNN14) == path
    assert cached(DETECTION) is None


@pytest.mark.parametrize(
    "file", ["Cnn14_DecisionLevelMax.pth", "Cnn14_DecisionLevelMax_mAP=0.385.pth"]
)
def test_both_names_of_the_detection_file(own_home: Path, file: str) -> None:
    assert cached(DETECTION) is None
    path = put(own_home / "panns_data" / file)
    assert cached(DETECTION) == path
    assert destination(DETECTION).parent == path.parent


def test_the_published_name_comes_first(own_home: Path) -> None:
    put(own_home / "panns_data" / "Cnn14_DecisionLevelMax.pth")
    path = put(own_home / "panns_data" / "Cnn14_DecisionLevelMax_mAP=0.385.pth")
    assert cached(DETECTION) == path


def test_the_chosen_folder_comes_before_the_old_one(
    own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANNS_HOME", str(tmp_path))
    old = put(own_home / "panns_data" / CNN14.file)
    assert cached(CNN14) == old
    assert destination(CNN14) == tmp_path / CNN14.file
    assert cached(CNN14) == old
    chosen = put(tmp_path / CNN14.file)
    assert cached(CNN14) == chosen


def test_an_empty_file_and_a_folder_count_for_nothing(own_home: Path) -> None:
    put(own_home / "panns_data" / CNN14.file, b"")
    (own_home / "panns_data" / "Cnn14_DecisionLevelMax.pth").mkdir()
    assert cached(CNN14) is None
    assert cached(DETECTION) is None
