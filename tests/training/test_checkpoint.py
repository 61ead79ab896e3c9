"""Checkpoints: they go both ways between the reference and this package, and a run goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tiny_run import STEPS, Tiny, learn, tiny_run
from torch import Tensor
from torch.nn import functional

from panns_inference import AudioTagging
from panns_inference.checkpoints import load
from panns_inference.errors import CheckpointError, UsageError
from panns_inference.models import Network, build
from panns_inference.training import Run, Settings, read_scalars

SCRIPT = Path(__file__).parent / "tiny_run.py"
ROOT = SCRIPT.parents[2]


def same(one: Any, other: Any) -> bool:
    """Whether two states are equal, bit for bit."""
    if isinstance(one, Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def test_a_process_that_was_killed_goes_on_bit_for_bit(tmp_path: Path) -> None:
    one, other = tmp_path / "undisturbed", tmp_path / "killed"
    learn(tiny_run(one))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    # In the eighth step: the last checkpoint is of the sixth.
    killed = subprocess.run([sys.executable, str(SCRIPT), str(other), "8", "1"], env=environment)
    assert killed.returncode == -signal.SIGKILL
    run = tiny_run(other)
    assert run.step == 6
    torch.manual_seed(999)  # what happened in between does not matter
    learn(run)
    states = [torch.load(each / "checkpoint.pth", weights_only=True) for each in (one, other)]
    assert states[0]["iteration"] == STEPS
    assert same(*states)
    assert (one / "scalars.csv").read_text() == (other / "scalars.csv").read_text()


def test_rows_behind_the_checkpoint_are_written_once(tmp_path: Path) -> None:
    apart = {"scalar_interval": 1, "checkpoint_interval": 4}
    first = tiny_run(tmp_path, **apart)
    first.learn(first.sampler.batches(7, slice(None)))
    learn(tiny_run(tmp_path, **apart))
    rows = read_scalars(tmp_path / "scalars.csv")
    assert [row["step"] for row in rows] == list(range(1, STEPS + 1))
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert set(events.Tags()["scalars"]) == {"learning_rate", "loss", "size", "bias"}
    for name in ("learning_rate", "loss", "size", "bias"):
        found = [(each.step, each.value) for each in events.Scalars(name)]
        assert found == [
            (row["step"], pytest.approx(row[name], rel=1e-6)) for row in rows if name in row
        ]


class Clips(NamedTuple):
    waveforms: Tensor
    labels: Tensor


def loss(network: Network, batch: Clips) -> dict[str, Tensor]:
    found = network(batch.waveforms)["clipwise_output"]
    return {"loss": functional.binary_cross_entropy(found, batch.labels)}


def labelled_run(folder: Path, network: Network, **given: Any) -> Run[Network, Clips]:
    settings = Settings(seed=1, steps=2, **given)
    names = {"labels": ("wren", "robin"), "mids": ("/m/1", "/m/2")}
    return Run(network, loss, lambda _: {}, ("loss",), settings, folder, **names)


def clips() -> Clips:
    draw = torch.Generator().manual_seed(1)
    return Clips(torch.randn(2, 32_000, generator=draw) / 10, torch.eye(2))


@pytest.mark.parametrize("decay", [0, 0.9])
def test_a_checkpoint_loads_in_the_way_of_the_reference_and_by_itself(
    tmp_path: Path, decay: float
) -> None:
    run = labelled_run(tmp_path, build("LeeNet11", 2), average_decay=decay)
    run.learn([clips(), clips()])
    f, model = tmp_path / "checkpoint.pth", build("LeeNet11", 2)
    model.load_state_dict(torch.load(f)["model"])
    assert same(model.state_dict(), run.network.state_dict())
    assert ("average" in torch.load(f)) == bool(decay)
    tagger = AudioTagging(f, device="cpu")
    assert list(tagger.labels) == ["wren", "robin"]
    with torch.no_grad():
        wanted = model.eval()(clips().waveforms)["clipwise_output"].numpy()
    found, _ = tagger.inference(clips().waveforms.numpy())
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)
    if decay:
        assert not same(run.evaluated.state_dict(), run.network.state_dict())


def test_a_checkpoint_of_the_reference_begins_a_run(tmp_path: Path) -> None:
    torch.manual_seed(7)
    model = build("LeeNet11", 2)
    # As the reference's main.py writes it, and its samplers give their states.
    sampler = {"indexes": np.random.default_rng(1).permutation(100), "pointer": 32}
    checkpoint = {"iteration": 10000, "model": model.state_dict(), "sampler": sampler}
    torch.save(checkpoint, tmp_path / "10000_iterations.pth")
    network = load(build("LeeNet11", 2), tmp_path / "10000_iterations.pth")
    run = labelled_run(tmp_path / "run", network)
    assert same(run.network.state_dict(), model.state_dict())
    run.learn([clips(), clips()])
    assert not same(run.network.state_dict(), model.state_dict())
    model.load_state_dict(torch.load(tmp_path / "run" / "checkpoint.pth")["model"])
    assert same(run.network.state_dict(), model.state_dict())


@pytest.mark.shared("the published weights of LeeNet11")
def test_the_published_checkpoint_begins_a_run(shared: Path, tmp_path: Path) -> None:
    file = next(shared.rglob("LeeNet11*.pth"))
    network = load(build("LeeNet11"), file)
    settings = Settings(seed=1, steps=1)
    run = Run(network, loss, lambda _: {}, ("loss",), settings, tmp_path)
    run.learn([Clips(clips().waveforms, torch.eye(527)[:2])])
    model = build("LeeNet11")
    model.load_state_dict(torch.load(tmp_path / "checkpoint.pth")["model"])
    assert same(run.network.state_dict(), model.state_dict())


def test_a_file_that_is_none_of_the_run_is_named(tmp_path: Path) -> None:
    run = tiny_run(tmp_path)
    run.save()
    saved = torch.load(run.checkpoint)
    model = {"model": run.network.state_dict()}
    torch.save({"iteration": 3, "sampler": {}, **model}, run.checkpoint)
    with pytest.raises(
        CheckpointError, match="it has no 'optimizer', 'scaler', 'sums'; move it away, and begin"
    ):
        tiny_run(tmp_path)
    torch.save(saved, run.checkpoint)
    with pytest.raises(
        CheckpointError, match=r"is not of this run \(its optimizer had amsgrad True, not False\)"
    ):
        tiny_run(tmp_path, optimizer="adamw")
    with pytest.raises(CheckpointError, match=r"is not of this run \('average'\): move it away"):
        tiny_run(tmp_path, average_decay=0.9)
    del saved["model"]["last.bias"]
    torch.save(saved, run.checkpoint)
    with pytest.raises(CheckpointError, match=r"is not of this run .*last\.bias"):
        tiny_run(tmp_path)


def test_labels_that_do_not_fit_are_refused_before_anything_is_learnt(tmp_path: Path) -> None:
    settings = Settings(seed=1, steps=2)
    for network, message in (
        (build("LeeNet11", 3), "2 labels do not fit a network of 3 classes"),
        (Tiny(), "a Tiny is no network of panns_inference.models"),
    ):
        with pytest.raises(UsageError, match=message):
            Run(network, loss, lambda _: {}, ("loss",), settings, tmp_path, labels=("a", "b"))
    assert not list(tmp_path.iterdir())
