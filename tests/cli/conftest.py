"""The program in processes of its own, and recordings for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

RATE = 8_000


@pytest.fixture
def recordings(tmp_path: Path) -> list[Path]:
    """Three seconds of noise, each in a file."""
    paths = [tmp_path / f"{name}.wav" for name in "abc"]
    for seed, path in enumerate(paths):
        soundfile.write(path, np.random.default_rng(seed).uniform(-0.3, 0.3, RATE), RATE)
    return paths
