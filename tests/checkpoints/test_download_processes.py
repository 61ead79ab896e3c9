"""Downloads by processes that run at the same time, are interrupted, or are killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from loopback import CONTENT, CUT, FINAL, MINE, PARTIAL, TOTAL, Answer, Server, kept, serve

from panns_inference import lock
from panns_inference.checkpoints import fetch, response, stream
from panns_inference.errors import DownloadError
from panns_inference.lock import locked

CHILD = """
import logging, signal, sys
from panns_inference.checkpoints import Checkpoint, fetch, stream
from panns_inference.registry import Source
# A shell may have left SIGINT ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
logging.basicConfig(level=logging.INFO, format="%(message)s")
size, md5, address, grace = sys.argv[1:]
stream.GRACE_SECONDS = float(grace)
source = Source(address + "/{file}", "none")
print(fetch(Checkpoint("Tiny", "Tiny_mAP=0.500.pth", source, 0.5, int(size), md5)))
"""


@pytest.fixture
def halfway() -> Iterator[Server]:
    """A server that holds its first answer at 40 % of the file."""
    with serve(Answer(pause=CUT), Answer()) as server:
        yield server


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Begins a download in a process of its own."""
    running = []

    def begin(server: Server, grace: float = 60.0) -> subprocess.Popen[str]:
        row = server.row()
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(row.size), str(row.md5), server.url, str(grace)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(child)
        return child

    yield begin
    for child in running:
        child.kill()
        child.communicate()


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_halfway(cache: Path) -> bool:
    return kept(cache) > CUT - response.CHUNK_BYTES


Start = Callable[..., "subprocess.Popen[str]"]


def test_two_processes_fetch_once(halfway: Server, cache: Path, start: Start) -> None:
    first = start(halfway)
    wait_until(lambda: len(halfway.seen) == 1)
    second = start(halfway)
    assert second.stderr is not None
    assert second.stderr.readline() == "another process downloads the same file: waiting for it\n"
    halfway.go_on.set()
    for child in (first, second):
        assert child.communicate(timeout=30)[0] == f"{cache / FINAL}\n"
        assert child.returncode == 0
    assert [seen.sent for seen in halfway.seen] == [TOTAL]
    assert (cache / FINAL).read_bytes() == CONTENT
    assert {path.name for path in cache.iterdir()} == {MINE, FINAL}


def test_while_nothing_comes_another_process_goes_on(
    halfway: Server, cache: Path, start: Start
) -> None:
    first = start(halfway, 0.2)
    wait_until(lambda: is_halfway(cache))
    second = start(halfway, 0.2)
    assert second.communicate(timeout=60)[0] == f"{cache / FINAL}\n"
    assert 0 < halfway.seen[1].sent < TOTAL
    halfway.go_on.set()
    assert first.communicate(timeout=60)[0] == f"{cache / FINAL}\n"
    assert len(halfway.seen) == 2
    assert (cache / FINAL).read_bytes() == CONTENT
    assert {path.name for path in cache.iterdir()} == {MINE, FINAL}


def test_a_file_that_was_put_there_meanwhile_is_not_replaced(
    halfway: Server, cache: Path, start: Start
) -> None:
    child = start(halfway)
    wait_until(lambda: is_halfway(cache))
    (cache / FINAL).write_bytes(b"copied here by hand")
    halfway.go_on.set()
    assert "a file of this name appeared meanwhile" in child.communicate(timeout=60)[1]
    assert child.returncode != 0
    assert (cache / FINAL).read_bytes() == b"copied here by hand"
    (cache / FINAL).unlink()


def test_a_process_that_was_stopped_is_not_waited_for(
    halfway: Server, cache: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = start(halfway)
    wait_until(lambda: is_halfway(cache))
    first.send_signal(signal.SIGSTOP)
    monkeypatch.setattr(stream, "GRACE_SECONDS", 0.2)
    with pytest.raises(DownloadError, match="the process that holds this lock does nothing: end"):
        fetch(halfway.row(), timeout=0.5)
    first.send_signal(signal.SIGCONT)
    halfway.go_on.set()
    assert first.communicate(timeout=60)[0] == f"{cache / FINAL}\n"


def test_many_processes_at_once(cache: Path, start: Start) -> None:
    with serve() as server:
        children = [start(server) for _ in range(5)]
        outputs = {child.communicate(timeout=60)[0] for child in children}
        assert [seen.sent for seen in server.seen] == [TOTAL]
    assert outputs == {f"{cache / FINAL}\n"}
    assert {path.name for path in cache.iterdir()} == {MINE, FINAL}


def test_an_interrupted_download_goes_on(halfway: Server, cache: Path, start: Start) -> None:
    child = start(halfway)
    wait_until(lambda: is_halfway(cache))
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=30)
    assert child.returncode == -signal.SIGINT
    assert "KeyboardInterrupt" in err
    assert {path.name for path in cache.iterdir()} == {MINE, PARTIAL}
    got = (cache / PARTIAL).read_bytes()
    assert got == CONTENT[: len(got)]
    fetch(halfway.row())
    assert halfway.seen[1].headers["Range"] == f"bytes={len(got)}-"
    assert halfway.seen[1].sent == TOTAL - len(got)
    assert (cache / FINAL).read_bytes() == CONTENT


def test_the_lock_of_a_killed_process_is_free(halfway: Server, cache: Path, start: Start) -> None:
    first = start(halfway)
    wait_until(lambda: is_halfway(cache))
    second = start(halfway)
    assert second.stderr is not None
    second.stderr.readline()
    assert not (cache / FINAL).exists()
    first.kill()
    assert second.communicate(timeout=30)[0] == f"{cache / FINAL}\n"
    assert 0 < halfway.seen[1].sent < TOTAL
    assert (cache / FINAL).read_bytes() == CONTENT
    assert {path.name for path in cache.iterdir()} == {MINE, FINAL}


def test_a_lock_lets_in_one_at_a_time(tmp_path: Path) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        for _ in range(5):
            with locked(tmp_path / "lock"):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.002)
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 30
    assert not list(tmp_path.iterdir())


def test_a_lock_that_lost_its_name_is_taken_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The holder before us removed the file between our opening and our locking it."""
    path = tmp_path / "lock"
    plain, calls = lock._lock, []

    def lose(file: object) -> None:
        calls.append(file)
        if len(calls) < 3:
            path.unlink()
        if len(calls) == 2:
            path.touch()
        plain(file)  # type: ignore[arg-type]

    monkeypatch.setattr(lock, "_lock", lose)
    with locked(path):
        assert len(calls) == 3
        assert path.exists()
    assert not path.exists()
