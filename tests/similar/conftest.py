"""A library of short recordings, and a network that embeds them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from panns_inference import AudioTagging
from panns_inference.pipeline import EmbeddingTask

RATE = 16_000


def write(path: Path, frequency: float, seconds: float = 1.0) -> Path:
    """A tone in noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(round(frequency))
    time = np.arange(round(seconds * RATE)) / RATE
    tone = 0.3 * np.sin(2 * np.pi * frequency * time)
    soundfile.write(path, tone + 0.02 * random.normal(size=len(time)), RATE)
    return path


def spoil(path: Path) -> None:
    """Put other bytes into a file, which looks as before: what reads it fails."""
    state = path.stat()
    path.write_bytes(b"x" * state.st_size)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


@pytest.fixture(scope="session")
def model() -> AudioTagging:
    return AudioTagging("PannsMini", device="cpu")


@pytest.fixture(scope="session")
def task(model: AudioTagging) -> EmbeddingTask:
    """Windows of a second, half a second apart."""
    return EmbeddingTask(model, window=1.0, hop=0.5)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Four recordings in two folders."""
    folder = tmp_path / "library"
    for number, name in enumerate(("a/1.wav", "a/2.wav", "b/3.wav", "b/10.wav")):
        write(folder / name, 300 * 2**number, 1.0 + 0.5 * number)
    return folder
