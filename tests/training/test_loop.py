"""The loop: it learns, it goes on where it was killed, and it ends as if nothing had happened."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from small_run import STEPS, small_batch, small_network, small_run
from torch.nn import functional

from panns_inference.errors import CheckpointError, PannsError, UsageError
from panns_inference.training import LabelledBatch, Replay, Settings, prefetch, read_scalars
from panns_inference.training.prefetch import prefetched

SCRIPT = Path(__file__).parent / "small_run.py"
ROOT = SCRIPT.parents[2]


def state_of(folder: Path) -> dict[str, torch.Tensor]:
    """All tensors of a state by their path in it."""
    found: dict[str, torch.Tensor] = {}

    def collect(name: str, value: object) -> None:
        if isinstance(value, torch.Tensor):
            found[name] = value
        elif isinstance(value, dict):
            for key, part in value.items():
                collect(f"{name}.{key}", part)

    collect("", torch.load(folder / "checkpoint.pth", weights_only=True))
    return found


def assert_same_run(one: Path, other: Path) -> None:
    assert (one / "scalars.csv").read_text() == (other / "scalars.csv").read_text()
    first, second = state_of(one), state_of(other)
    assert first.keys() == second.keys()
    assert len(first) > 100
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        small_run(folder).learn(
            map(
                Replay(partial(small_batch, 1), LabelledBatch, folder / "batches", 1, 3, 2),
                range(STEPS),
            )
        )
    finally:
        torch.set_num_threads(threads)
    return folder


def test_a_run_writes_its_scalars(undisturbed: Path) -> None:
    rows = read_scalars(undisturbed / "scalars.csv")
    assert [row["step"] for row in rows] == list(range(1, STEPS + 1))
    assert [row["learning_rate"] for row in rows] == pytest.approx(
        [1e-3 * x for x in (1 / 3, 2 / 3, 1, 1, 2 / 3, 1 / 3)]
    )
    assert [row["step"] for row in rows if "weight" in row] == [2, 4, 6]
    for row in rows:
        assert row["loss"] == pytest.approx(row["clipwise"] + row["framewise"], rel=1e-5)


@pytest.mark.parametrize("stopped_after", [1, 3])
def test_a_stopped_run_goes_on_bit_for_bit(
    tmp_path: Path, undisturbed: Path, stopped_after: int
) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        replay = Replay(partial(small_batch, 1), LabelledBatch, tmp_path / "batches", 1, 3, 2)
        small_run(tmp_path).learn(map(replay, range(stopped_after)))
        again = small_run(tmp_path)
        assert again.step == stopped_after // 2 * 2
        torch.manual_seed(999)  # what happened in between does not matter
        again.learn(map(replay, range(again.step, STEPS)))
    finally:
        torch.set_num_threads(threads)
    assert_same_run(tmp_path, undisturbed)


@pytest.mark.slow
def test_a_killed_process_goes_on_bit_for_bit(tmp_path: Path, undisturbed: Path) -> None:
    command = [sys.executable, "-Wignore", str(SCRIPT), str(tmp_path), str(STEPS), "1"]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"}
    first = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not (tmp_path / "checkpoint.pth").exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    first.send_signal(signal.SIGKILL)
    first.wait()
    subprocess.run(command, env=environment, check=True, stderr=subprocess.DEVNULL)
    assert_same_run(tmp_path, undisturbed)


@pytest.mark.slow
def test_learning_lowers_the_loss(tmp_path: Path) -> None:
    run, batch = small_run(tmp_path, steps=20), small_batch(1, 0)
    run.learn([batch] * 20)
    losses = [row["loss"] for row in read_scalars(tmp_path / "scalars.csv")]
    # No loss of soft labels is below their entropy; of the second clip, segments count nothing.
    segments = (batch.sounds[0, :, None] * batch.active[0, :, :, None]).amax(dim=0)
    least = sum(
        float(functional.binary_cross_entropy(p, p, reduction="sum")) / len(p)
        for p in (batch.clipwise, segments)
    )
    assert losses[-1] - least < 0.2 * (losses[0] - least)


def test_a_row_holds_the_mean_of_its_steps(tmp_path: Path, undisturbed: Path) -> None:
    run = small_run(tmp_path)
    object.__setattr__(run.settings, "scalar_interval", 2)
    torch.set_num_threads(1)
    run.learn(
        map(Replay(partial(small_batch, 1), LabelledBatch, tmp_path / "b", 1, 3, 2), range(STEPS))
    )
    single = [row["loss"] for row in read_scalars(undisturbed / "scalars.csv")]
    pairs = [row["loss"] for row in read_scalars(tmp_path / "scalars.csv")]
    assert pairs == pytest.approx(np.reshape(single, (3, 2)).mean(axis=1), rel=1e-5)


def test_a_run_that_was_stopped_between_its_checkpoints_equals_one_that_was_not(
    tmp_path: Path, undisturbed: Path
) -> None:
    batches = Replay(partial(small_batch, 1), LabelledBatch, tmp_path / "batches", 1, 3, 2)
    run = small_run(tmp_path)

    def stopping() -> Iterator[LabelledBatch]:
        for step in range(STEPS):
            if step == 2:
                run.stop()  # as the handler of a signal does, while a batch is waited for
            yield batches(step)

    run.learn(stopping())
    assert run.step == 3
    resumed = small_run(tmp_path)
    assert resumed.step == 3
    resumed.learn(map(batches, range(3, STEPS)))
    assert_same_run(tmp_path, undisturbed)


def test_a_run_can_start_from_other_weights(tmp_path: Path, undisturbed: Path) -> None:
    run, other = small_run(tmp_path), small_network()
    held = torch.load(undisturbed / "checkpoint.pth", weights_only=True)["average"]
    other.load_state_dict(held)
    run.start_from(other)
    assert run.step == 0
    for network in (run.network, run.average.network):
        assert all(torch.equal(value, held[name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize("wrong", [{"steps": 5}, {"checkpoint_interval": 3}])
def test_intervals_must_fit(wrong: dict[str, int]) -> None:
    given = {"steps": 4, "checkpoint_interval": 4, "scalar_interval": 2, **wrong}
    with pytest.raises(UsageError, match=r"must be a multiple of scalar_interval \(2\)"):
        Settings(seed=1, learning_rate=1.0, **given)


def test_a_damaged_state_is_named(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.pth").write_bytes(b"half a state")
    with pytest.raises(CheckpointError, match=r"\.pth is no state of a run .* move it away"):
        small_run(tmp_path)


def test_the_average_is_what_is_evaluated(undisturbed: Path) -> None:
    state = torch.load(undisturbed / "checkpoint.pth", weights_only=True)
    last = read_scalars(undisturbed / "scalars.csv")[-1]
    assert last["weight"] == pytest.approx(float(state["average"]["fc1.weight"][0, 0]), rel=1e-6)
    assert state["iteration"] == STEPS
    begun = small_network().state_dict()["fc1.weight"]
    assert not torch.equal(state["model"]["fc1.weight"], begun)


def square(number: int) -> int:
    return number**2


def refuse(number: int) -> int:
    if number == 2:
        raise UsageError("two is not allowed")
    return number


@pytest.mark.parametrize("n_workers", [0, 1, 3])
def test_batches_come_in_their_order(n_workers: int) -> None:
    assert list(prefetched(square, 3, 20, n_workers)) == [k**2 for k in range(3, 20)]


def test_an_error_of_a_worker_is_raised_here() -> None:
    batches = prefetched(refuse, 0, 5, 1)
    assert [next(batches), next(batches)] == [0, 1]
    with pytest.raises(UsageError, match="two is not allowed"):
        next(batches)


def vanish(number: int) -> int:
    if number == 2:
        os._exit(1)  # as a process that is killed for want of memory
    return number


def test_a_worker_that_is_gone_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefetch, "POLL_SECONDS", 0.1)
    batches = prefetched(vanish, 2, 5, 1)
    with pytest.raises(PannsError, match="a worker was ended, perhaps because memory was short"):
        next(batches)


def test_a_script_is_told_what_workers_need(tmp_path: Path) -> None:
    script = tmp_path / "unguarded.py"
    script.write_text(
        "from panns_inference.training import prefetch\n"
        "prefetch.POLL_SECONDS = 0.1\n"
        "next(prefetch.prefetched(abs, 0, 5, 1))\n"
    )
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    ended = subprocess.run([sys.executable, script], env=environment, stderr=subprocess.PIPE)
    assert ended.returncode == 1
    last = ended.stderr.decode().splitlines()[-1]
    assert 'a script that starts workers needs `if __name__ == "__main__":`' in last


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Whether the training process is alive, at each check of a worker in this process."""
    answers: list[bool] = []
    monkeypatch.setattr(prefetch, "_parent_is_alive", lambda: answers.pop(0))
    monkeypatch.setattr(prefetch, "POLL_SECONDS", 0.001)
    threads = torch.get_num_threads()
    yield answers
    torch.set_num_threads(threads)
    torch.set_flush_denormal(False)


def test_a_worker_puts_its_batches_and_waits_until_it_is_ended(worker: list[bool]) -> None:
    offered: queue.Queue[object] = queue.Queue()
    worker += [True, True, True, False]
    prefetch._work(square, range(3, 5), offered)
    assert list(offered.queue) == [9, 16]
    worker += [True] * 3 + [False]
    prefetch._work(refuse, range(1, 5), offered)
    assert isinstance(offered.queue[-1], UsageError)


def test_a_worker_whose_batches_are_not_taken_ends(worker: list[bool]) -> None:
    worker += [True] * 4 + [False]
    full: queue.Queue[object] = queue.Queue(1)
    with pytest.raises(SystemExit):
        prefetch._work(square, range(9), full)
    assert list(full.queue) == [0]


def test_the_first_process_has_no_parent() -> None:
    assert not prefetch._parent_is_alive()


def test_a_worker_ends_when_training_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "endless.py"
    script.write_text(
        "import os, time\n"
        "from panns_inference.training.prefetch import prefetched\n"
        "def make(number):\n"
        "    return os.getpid()\n"
        "if __name__ == '__main__':\n"
        "    print(next(prefetched(make, 0, 10**6, 1)), flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    ended = subprocess.run([sys.executable, script], env=environment, stdout=subprocess.PIPE)
    assert ended.returncode == -signal.SIGKILL
    worker = Path(f"/proc/{int(ended.stdout)}")
    deadline = time.monotonic() + 60
    while worker.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not worker.exists()
