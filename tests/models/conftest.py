"""Networks whose weights follow from a formula, and what the reference gave with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch


@pytest.fixture(scope="session")
def schema(golden: Path) -> Callable[[str], dict[str, Any]]:
    """What the reference's class of a name looks like."""
    return lambda name: json.loads((golden / f"{name}.schema.json").read_text())


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)
