"""A cache that is watched, and checkpoints of every network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from loopback import Server, guarded, serve
from reference import weights

from panns_inference.checkpoints import download


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The cache folder, with a file of the user's in it."""
    monkeypatch.setenv("PANNS_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "BACK_OFF", 0.01)
    with guarded(tmp_path / "cache") as folder:
        yield folder


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that gives the file to everybody."""
    with serve() as server:
        yield server


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Path of a checkpoint of a network, in the layout of the published files."""
    folder = tmp_path_factory.mktemp("checkpoints")

    def path(name: str) -> Path:
        file = folder / f"{name}.pth"
        if not file.exists():
            weights.write(name, file)
        return file

    return path
