"""Networks whose weights follow from a formula, and what the reference gave with them."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from panns_inference.models import Network, build


@pytest.fixture(scope="session")
def golden(shared: Path) -> Path:
    return shared / "golden"


@pytest.fixture(scope="session")
def fill(golden: Path) -> ModuleType:
    """The script that made the reference's weights and signals."""
    spec = importlib.util.spec_from_file_location("fill", golden / "fill.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def schema(golden: Path) -> Callable[[str], dict[str, Any]]:
    """What the reference's class of a name looks like."""
    return lambda name: json.loads((golden / f"{name}.schema.json").read_text())


@pytest.fixture(scope="session")
def filled(golden: Path, fill: ModuleType) -> Callable[[str], Network]:
    """A network in evaluation mode with the weights that the reference had."""

    def make(name: str) -> Network:
        with torch.device("meta"):
            network = build(name)
        state = fill.state(golden / f"{name}.schema.json")
        weights = {key: torch.from_numpy(value) for key, value in state.items()}
        network.load_state_dict(weights, assign=True)
        return network.eval()

    return make


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)
