"""The default files of 0.1.1, written with deterministic weights, and networks from them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from callers import Tiny

from panns_inference import AudioTagging, SoundEventDetection


@pytest.fixture(scope="session")
def tiny() -> Tiny:
    torch.manual_seed(0)
    return Tiny()


@pytest.fixture
def tiny_file(tiny: Tiny, tmp_path: Path) -> Path:
    path = tmp_path / "tiny.pth"
    torch.save({"model": tiny.state_dict()}, path)
    return path


@pytest.fixture
def tagger(tiny_file: Path) -> AudioTagging:
    return AudioTagging(Tiny(), tiny_file, "cpu")


@pytest.fixture(scope="session")
def small(leenet11: Path) -> AudioTagging:
    """A real network that is quick to load."""
    return AudioTagging("LeeNet11", leenet11, "cpu")


@pytest.fixture(scope="session")
def both(published: Path) -> tuple[AudioTagging, SoundEventDetection]:
    """Both classes from files given by path, as old scripts write it."""
    return (
        AudioTagging(None, published / "Cnn14_mAP=0.431.pth", "cpu"),
        SoundEventDetection(None, str(published / "Cnn14_DecisionLevelMax.pth"), "cpu"),
    )


@pytest.fixture
def old_folder(published: Path, own_home: Path) -> Path:
    folder = own_home / "panns_data"
    folder.symlink_to(published)
    return folder
