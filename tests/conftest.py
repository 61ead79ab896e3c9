"""What all tests share: the folder of test data, and a home of their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of recordings, weights and reference outputs (`PANNS_TEST_DATA`)."""
    folder = Path(os.environ.get("PANNS_TEST_DATA", ROOT.parent / "shared"))
    if not (folder / "golden").is_dir():
        pytest.skip(f"no test data in {folder}: set PANNS_TEST_DATA")
    return folder


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty HOME, and no setting of the person who runs the tests."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for name in ("PANNS_HOME", "PANNS_OFFLINE", "PANNS_MIRROR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    return home
