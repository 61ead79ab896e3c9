"""Processes that learn one network: torchrun starts them for real."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tiny_run import STEPS, learn, tiny_run

from panns_inference.errors import UsageError
from panns_inference.training import Processes, read_scalars
from panns_inference.training.distributed import ALONE

SCRIPT = Path(__file__).parent / "tiny_run.py"
STOPPED = SCRIPT.with_name("stopped_run.py")
ROOT = SCRIPT.parents[2]
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def launch(folder: Path, accumulate: int = 1, killed_in: int = 0) -> str:
    """Two processes; what they and torchrun say."""
    command = [*TORCHRUN, str(SCRIPT), str(folder), str(killed_in), str(accumulate)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)
    assert bool(done.returncode) == bool(killed_in), done.stderr
    return done.stderr


@pytest.mark.parametrize("accumulate", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_two_processes_equal_one_that_accumulates_their_halves(
    tmp_path: Path, accumulate: int
) -> None:
    assert "Warning" not in launch(tmp_path / "two", accumulate)
    one = tiny_run(tmp_path / "one", accumulate=2 * accumulate)
    learn(one)
    both = torch.load(tmp_path / "two" / "checkpoint.pth", weights_only=True)
    assert both["iteration"] == STEPS
    begun = tiny_run(tmp_path / "begun").network.state_dict()
    names = {name for name, _ in one.network.named_parameters()}
    assert both["model"].keys() == one.network.state_dict().keys() > names
    for name in names:
        found, expected = both["model"][name], one.network.state_dict()[name]
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)
        # It learnt: 8 steps of .01, but for the layer that is not used.
        change = float((found - begun[name]).abs().max())
        assert change == 0 if name.startswith("unused") else change > 0.01
    # Written once, by the first, and of both.
    rows = read_scalars(tmp_path / "two" / "scalars.csv")
    wanted = read_scalars(tmp_path / "one" / "scalars.csv")
    assert [row["step"] for row in rows] == [2, 4, 6, 8]
    for row, other in zip(rows, wanted, strict=True):
        assert row == pytest.approx(other, abs=1e-4)
    events = EventAccumulator(str(tmp_path / "two" / "tensorboard")).Reload()
    assert [each.step for each in events.Scalars("loss")] == [2, 4, 6, 8]


@pytest.mark.slow
def test_two_processes_that_were_killed_go_on_bit_for_bit(tmp_path: Path) -> None:
    launch(tmp_path / "undisturbed")
    assert "SIGKILL" in launch(tmp_path / "killed", killed_in=7)
    launch(tmp_path / "killed")
    folders = tmp_path / "undisturbed", tmp_path / "killed"
    one, other = (torch.load(each / "checkpoint.pth", weights_only=True) for each in folders)
    assert one["iteration"] == other["iteration"] == STEPS
    for name, value in one["model"].items():
        assert torch.equal(value, other["model"][name]), name
    rows, others = (read_scalars(each / "scalars.csv") for each in folders)
    assert rows == others


def stopped(folder: Path) -> str:
    """Two processes that torchrun is told to end, while they wait for a batch; what they say."""
    folder.mkdir()
    process = subprocess.Popen(
        [*TORCHRUN, str(STOPPED), str(folder)], env=ENVIRONMENT, stderr=subprocess.PIPE, text=True
    )
    wait_for(folder / "waiting 0", folder / "waiting 1")
    process.send_signal(signal.SIGTERM)
    wait_for(folder / "told 0", folder / "told 1")
    (folder / "go").touch()
    _, said = process.communicate(timeout=60)
    assert process.returncode
    return said


def wait_for(*paths: Path) -> None:
    deadline = time.monotonic() + 60
    while not all(path.exists() for path in paths) and time.monotonic() < deadline:
        time.sleep(0.01)


def test_a_signal_to_torchrun_stops_all_processes_at_one_step(tmp_path: Path) -> None:
    said = stopped(tmp_path / "two")
    # The one for whose batch they waited, however long it is to the first row of scalars.
    assert re.findall(r"stopped after step (\d+)", said) == ["1", "1"]
    assert "SIGKILL" not in said
    checkpoint = torch.load(tmp_path / "two" / "checkpoint.pth", weights_only=True)
    assert checkpoint["iteration"] == 1


@pytest.mark.slow
def test_two_processes_that_were_stopped_go_on_bit_for_bit(tmp_path: Path) -> None:
    stopped(tmp_path / "stopped")
    (tmp_path / "undisturbed").mkdir()
    (tmp_path / "undisturbed" / "go").touch()
    states, tables = [], []
    for name in ("stopped", "undisturbed"):
        command = [*TORCHRUN, str(STOPPED), str(tmp_path / name)]
        subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=True)
        states.append(torch.load(tmp_path / name / "checkpoint.pth", weights_only=True))
        tables.append(read_scalars(tmp_path / name / "scalars.csv"))
    one, other = states
    assert one["iteration"] == other["iteration"] == STEPS
    for name, value in one["model"].items():
        assert torch.equal(value, other["model"][name]), name
    assert tables[0] == tables[1]


def test_each_process_has_its_share_of_a_batch() -> None:
    clips = list(range(12))
    shares = [clips[Processes(rank=rank, count=3).share(12)] for rank in range(3)]
    assert shares == [clips[:4], clips[4:8], clips[8:]]
    assert clips[ALONE.share(12)] == clips
    with pytest.raises(UsageError, match="a batch of 13 clips has no 3 equal shares"):
        Processes(count=3).share(13)


def test_one_process_agrees_with_itself() -> None:
    assert ALONE.agree(7)
    assert ALONE.any(True)
    assert not ALONE.any(False)
    values = {"loss": torch.tensor(2.0)}
    assert ALONE.mean(values) == values
