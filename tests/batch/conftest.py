"""A small network, and folders of short recordings."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from noise import noise

from panns_inference import AudioTagging


@pytest.fixture(scope="session")
def mini() -> AudioTagging:
    """The network in the box."""
    return AudioTagging("PannsMini", device="cpu")


@pytest.fixture
def folder(tmp_path: Path, clips: Path) -> Path:
    """Nine recordings of four lengths in two folders, one of them longer than a block."""
    place = tmp_path / "recordings"
    for number, seconds in enumerate((1, 2, 1, 0.5, 1, 2)):
        noise(place / f"clip{number + 5}.wav", seconds, number)
    for number, name in enumerate(("1-17367-A.ogg", "1-100032-A.ogg")):
        shutil.copy(clips / f"{number:02}.ogg", place / name)
    noise(place / "deeper" / "long.wav", 75)
    return place


@pytest.fixture
def made() -> Callable[[Path, float, int], Path]:
    return noise
