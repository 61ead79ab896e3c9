"""The recipe itself, run for a while: the stored log, and a run that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from panns_inference.training import read_scalars

ROOT = Path(__file__).resolve().parents[2]
LOG = ROOT / "recipes" / "mini" / "first_200_steps.csv"
STEPS = 200


def command(shared: Path, folder: Path, cache: Path) -> list[str]:
    options = ("--shared", shared, "--folder", folder, "--cache", cache, "--first", STEPS)
    return [sys.executable, "-m", "recipes.mini.train", *map(str, options)]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of sounds and batches: the runs below share it, as stages of one run would."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def undisturbed(shared: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    subprocess.run(command(shared, folder, cache), cwd=ROOT, env=environment(), check=True)
    return folder


@pytest.mark.shared("the recordings that PannsMini was trained on")
@pytest.mark.slow
def test_the_first_steps_are_those_of_the_stored_log(undisturbed: Path) -> None:
    stored, found = read_scalars(LOG), read_scalars(undisturbed / "scalars.csv")
    assert [row["step"] for row in stored] == list(range(1, STEPS + 1))
    assert len(found) == STEPS
    for before, now in zip(stored, found, strict=True):
        assert now == pytest.approx(before, rel=1e-4, abs=1e-4)


@pytest.mark.shared("the recordings that PannsMini was trained on")
@pytest.mark.slow
def test_killed_at_step_100_it_ends_bit_for_bit_the_same(
    shared: Path, cache: Path, undisturbed: Path, tmp_path: Path
) -> None:
    process = subprocess.Popen(command(shared, tmp_path, cache), cwd=ROOT, env=environment())
    deadline = time.monotonic() + 1800
    while not (tmp_path / "checkpoint.pth").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert torch.load(tmp_path / "checkpoint.pth", weights_only=True)["iteration"] == STEPS // 2
    subprocess.run(command(shared, tmp_path, cache), cwd=ROOT, env=environment(), check=True)
    assert (tmp_path / "scalars.csv").read_text() == (undisturbed / "scalars.csv").read_text()
    one, other = (
        torch.load(folder / "checkpoint.pth", weights_only=True)
        for folder in (undisturbed, tmp_path)
    )
    for part in ("model", "average"):
        for name, value in one[part].items():
            assert torch.equal(value, other[part][name]), f"{part} {name}"
