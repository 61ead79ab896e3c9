"""The first signal lets a run end at a checkpoint; behind it, and the second time, it is raised."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest
import torch
from tiny_run import STEPS, learn, tiny_run

from panns_inference.errors import PannsError
from panns_inference.training import Processes
from panns_inference.training.interruption import SIGNALS, stopped_by_signals


@pytest.fixture(autouse=True)
def raised_as_errors():
    """SIGTERM is raised as Ctrl-C is, so that a test can see it."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:
        signal.signal(number, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_run_writes_a_checkpoint(tmp_path: Path, number: int) -> None:
    run = tiny_run(tmp_path)

    def batches():
        for step, batch in enumerate(run.sampler.batches(STEPS, slice(None))):
            if step == 2:
                signal.raise_signal(number)
            yield batch

    with pytest.raises(KeyboardInterrupt), stopped_by_signals(run.stop):
        run.learn(batches())
    assert torch.load(tmp_path / "checkpoint.pth", weights_only=True)["iteration"] == 3
    assert all(signal.getsignal(each) is signal.default_int_handler for each in SIGNALS)


class WithAnother(Processes):
    """A process beside one that was stopped."""

    def any(self, value: bool) -> bool:
        return True

    def agree(self, number: int) -> bool:
        return True


def test_a_process_is_not_done_where_another_one_was_stopped(tmp_path: Path) -> None:
    run = tiny_run(tmp_path, WithAnother())
    with pytest.raises(PannsError, match="another process was stopped after step 1, and this one"):
        learn(run)
    assert torch.load(tmp_path / "checkpoint.pth", weights_only=True)["iteration"] == 1


def test_of_several_processes_the_second_signal_changes_nothing() -> None:
    done = []

    def interrupted_twice() -> None:
        with stopped_by_signals(lambda: done.append("stopped"), several=True):
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGTERM)
            done.append("went on")

    with pytest.raises(KeyboardInterrupt):
        interrupted_twice()
    assert done == ["stopped", "stopped", "went on"]


def test_the_second_signal_is_raised_at_once() -> None:
    done = []

    def interrupted_twice() -> None:
        with stopped_by_signals(lambda: done.append("stopped")):
            signal.raise_signal(signal.SIGINT)
            done.append("went on")
            signal.raise_signal(signal.SIGINT)
            done.append("went on again")

    with pytest.raises(KeyboardInterrupt):
        interrupted_twice()
    assert done == ["stopped", "went on"]


def test_what_is_ignored_stays_so() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with stopped_by_signals(lambda: pytest.fail("it is ignored")):
        signal.raise_signal(signal.SIGTERM)


def test_another_thread_receives_no_signals() -> None:
    found = []

    def work() -> None:
        with stopped_by_signals(lambda: None):
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [signal.default_int_handler]
