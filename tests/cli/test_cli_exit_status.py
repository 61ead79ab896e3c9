"""How the program ends: by signals, by closed streams and pipes, and by its own faults."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from program import NETWORK, in_bash, is_ready, reporting, start, wait_until

from panns_inference.cli import labels, main

ENDS = [
    (signal.SIGINT, 130, "panns: interrupted\n"),
    (signal.SIGTERM, 143, "panns: terminated\n"),
    (signal.SIGHUP, 129, "panns: hung up\n"),
]

QUICK = ["labels", "models --json", "--version", "tag --help"]


@pytest.mark.parametrize("command", QUICK)
def test_stdout_that_is_closed(command: str) -> None:
    done = in_bash(f"panns {command} >&-")
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("command", QUICK)
def test_a_disk_that_is_full(command: str) -> None:
    done = in_bash(f"panns {command} >/dev/full")
    assert done.returncode == 1
    assert done.stderr == "panns: error: [Errno 28] No space left on device\n"


@pytest.mark.parametrize("command", ["labels", "--help"])
def test_a_reader_that_has_gone(command: str) -> None:
    done = in_bash(f"panns {command} | sleep 0")
    assert done.returncode in (0, 1)  # it may have written before
    assert done.stderr == ""
    done = in_bash(f"(sleep 0.5; panns {command}) | :")
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.slow
def test_results_for_nobody(recordings: list[Path]) -> None:
    given = f"panns tag {' '.join(NETWORK)} {recordings[0]}"
    for command in (f"{given} -f json >&-", f"(sleep 0.5; {given} -f parquet) | :"):
        done = in_bash(command)
        assert (done.returncode, done.stderr) == (1, ""), command


@pytest.mark.slow
def test_all_streams_are_closed(recordings: list[Path], tmp_path: Path) -> None:
    """A file gets none of their numbers: what is written to them is not written to it."""
    given = f"panns tag {' '.join(NETWORK)} {recordings[0]}"
    assert in_bash(f"{given} <&- >&- 2>&-").returncode == 1
    table = tmp_path / "tags.csv"
    assert in_bash(f"{given} -v -f csv -o {table} <&- >&- 2>&-").returncode == 0
    assert table.read_text().startswith("filename,onset")
    assert table.read_text().count("\n") == 11


@pytest.mark.parametrize("stderr", ["2>&-", "2>/dev/full"])
def test_errors_that_nobody_hears(stderr: str, tmp_path: Path) -> None:
    assert in_bash(f"panns tag {tmp_path}/none.wav {stderr}").returncode == 1
    assert in_bash(f"panns tag --nonsense {stderr}").returncode == 2
    assert in_bash(f"panns labels --search dog {stderr}").returncode == 0


@pytest.mark.sample(1)
@pytest.mark.parametrize(("number", "status", "line"), ENDS)
def test_a_signal_while_it_waits_for_stdin(number: signal.Signals, status: int, line: str) -> None:
    with start("tag", "-v", "-", *NETWORK, stdin=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "panns: PannsMini on cpu\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (status, "", line)


@pytest.mark.sample(1)
@pytest.mark.parametrize(("number", "status", "line"), ENDS)
def test_a_signal_while_modules_are_imported(
    number: signal.Signals, status: int, line: str
) -> None:
    for delay in (0.0, 0.05, 0.2):
        with start("labels") as process:
            wait_until(lambda process=process: is_ready(process), process)
            time.sleep(delay)
            process.send_signal(number)
            _, err = process.communicate(timeout=60)
        assert (process.returncode, err) in ((status, line), (0, "")), delay
        assert delay or process.returncode == status


@pytest.mark.sample(3)
@pytest.mark.parametrize(("number", "status", "line"), ENDS)
@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_what_was_begun_is_ended(
    recordings: list[Path], form: str, number: signal.Signals, status: int, line: str
) -> None:
    given = ("embed", "-f", form, *recordings, *NETWORK)
    with start(*given, program=reporting(60)) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "two are done\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (status, f"ending\n{line}")
    assert out.endswith("\n")
    found = json.loads(out) if form == "json" else out.splitlines()[form == "csv" :]
    assert len(found) == 2


def test_who_asks_twice_does_not_wait(recordings: list[Path]) -> None:
    given = ("tag", *recordings, *NETWORK)
    with start(*given, program=reporting(60, ends=60)) as process:
        assert process.stderr is not None
        for said in ("two are done\n", "ending\n"):
            assert process.stderr.readline() == said
            process.send_signal(signal.SIGINT)
        began = time.monotonic()
        _, err = process.communicate(timeout=60)
    assert time.monotonic() - began < 20
    assert (process.returncode, err) == (130, "panns: interrupted\n")


@pytest.mark.slow
def test_a_full_pipe(tmp_path: Path, recordings: list[Path]) -> None:
    """Interrupted while nobody reads: what is read later is whole; asked twice, it ends."""
    links = [tmp_path / f"{number}.wav" for number in range(40)]
    for link in links:
        link.write_bytes(recordings[0].read_bytes())
    given = ("embed", "-f", "json", *links, *NETWORK)
    for is_twice in (False, True):
        with start(*given) as process:
            assert process.stdout is not None
            os.read(process.stdout.fileno(), 1)  # a buffered read takes what `communicate` misses
            time.sleep(3)  # until the pipe is full: 64 KB are seven of them
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            if is_twice:
                process.send_signal(signal.SIGTERM)
                assert process.wait(30) == 143
            out, err = process.communicate(timeout=120)
        assert (process.returncode, err) == (143, "panns: terminated\n")
        if not is_twice:
            assert 0 < len(json.loads(f"[{out}")) < 40


@pytest.mark.slow
def test_a_signal_that_is_to_be_ignored(recordings: list[Path]) -> None:
    """As `nohup` and shells that run something in the background ask for."""

    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with start("tag", "-v", "-", *NETWORK, stdin=subprocess.PIPE, preexec_fn=ignore) as process:
        assert process.stderr is not None
        process.stderr.readline()
        process.send_signal(signal.SIGHUP)
        time.sleep(0.2)
        assert process.poll() is None
        assert process.stdin is not None
        process.stdin.buffer.write(recordings[0].read_bytes())
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.startswith("stdin (1.00 s, PannsMini)")


def test_a_signal_in_a_callback_from_c() -> None:
    """An error that is raised there is lost: the program ends none the less."""
    code = """
import ctypes, sys, time
from panns_inference.cli import signals
signals.install()
with signals.raised():
    ctypes.CFUNCTYPE(None)(lambda: print("here", flush=True) or time.sleep(60))()
print("went on")
"""
    with start(program=[sys.executable, "-c", code]) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (143, "", "panns: terminated\n")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("odd"), "RuntimeError: odd; this is a fault of panns, -v shows where"),
        (MemoryError("9 GiB"), "there is not enough memory: 9 GiB"),
        (PermissionError(13, "Permission denied", "x"), "[Errno 13] Permission denied: 'x'"),
    ],
)
def test_faults_are_one_line(
    error: Exception,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def run(_: object) -> int:
        raise error

    monkeypatch.setattr(labels, "run", run)
    monkeypatch.setattr("panns_inference.cli.streams.give_up_stdout", lambda: None)
    assert main(["labels"]) == 1
    assert capfd.readouterr().err == f"panns: error: {said}\n"
    assert main(["labels", "-v"]) == 1
    shown = capfd.readouterr().err
    assert ("Traceback" in shown) == isinstance(error, RuntimeError)


def test_a_deleted_folder_is_said(tmp_path: Path, recordings: list[Path]) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    shell = in_bash(f"cd {gone} && rmdir {gone} && panns tag {recordings[0]} --model PannsMini")
    assert shell.returncode == 2
    assert shell.stdout == ""
    assert shell.stderr == ("panns: error: the current folder was deleted: change to another one\n")
