"""A cache that is watched, and checkpoints of every network."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch
from filled import save_stream
from loopback import Server, guarded, serve
from torch import Tensor

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
def fill(shared: Path) -> ModuleType:
    """The script that computes weights from the schemas alone."""
    spec = importlib.util.spec_from_file_location("fill", shared / "golden" / "fill.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def weights(fill: ModuleType, shared: Path) -> Callable[[str], dict[str, Tensor]]:
    def state(name: str) -> dict[str, Tensor]:
        arrays = fill.state(shared / "golden" / f"{name}.schema.json")
        return {key: torch.from_numpy(array) for key, array in arrays.items()}

    return state


@pytest.fixture(scope="session")
def checkpoints(
    weights: Callable[[str], dict[str, Tensor]], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """Path of a checkpoint of a network, in the layout of the published files."""
    folder = tmp_path_factory.mktemp("checkpoints")

    def path(name: str) -> Path:
        file = folder / f"{name}.pth"
        if not file.exists():
            save_stream(weights(name), file)
        return file

    return path
