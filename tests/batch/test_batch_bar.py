"""The line that shows how far a run is, on screens of any width."""

from __future__ import annotations

import contextlib
import logging
import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
from noise import noise
from processes import content, run, start
from terminal import Terminal

from panns_inference.batch import find
from panns_inference.batch.progress import progress_of

LOG = logging.getLogger("panns_inference")


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with contextlib.closing(Terminal(40)) as terminal:
        yield terminal


NETWORK = ("--model", "PannsMini", "--device", "cpu")


@pytest.fixture
def long(soundscape: Path, tmp_path: Path) -> Path:
    """Four minutes."""
    samples, rate = soundfile.read(soundscape, dtype="int16")
    path = tmp_path / "long.flac"
    soundfile.write(path, [*samples, *samples], rate)
    return path


@pytest.mark.parametrize("count", [1, 3])
def test_it_never_takes_two_lines(
    tmp_path: Path, terminal: Terminal, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the window becomes wider or narrower, and where something is logged."""
    recordings = find([noise(tmp_path / f"{number}.wav", 600) for number in range(count)])
    monkeypatch.setattr(sys, "stderr", terminal.file)
    handler = logging.StreamHandler(terminal.file)
    monkeypatch.setattr(LOG, "handlers", [handler])
    with progress_of(recordings, shown=True) as counted:
        for number, columns in enumerate((100, 40, 200, 39, 12, 3, 40, 80)):
            terminal.resize(columns)
            counted.add_seconds(60.0)
            time.sleep(0.11)
            counted.add_seconds(0.0)
            *logged, line = terminal.lines()
            assert len(line) < columns
            assert len(logged) == (number > 3), logged
            if columns >= 40:
                assert f"0:0{number + 1}:00" in line
                assert f"0:{10 * count}:00" in line or (count > 1 and columns < 80)
                assert "x" in line or "times real time" in line
            if number == 3:
                LOG.warning("odd")
    assert terminal.lines() == ["odd"]


def test_a_long_recording_on_a_narrow_terminal(
    long: Path, terminal: Terminal, tmp_path: Path
) -> None:
    command = ("detect", "-f", "csv", "--threshold", "0.1", long, *NETWORK)
    shown = set()
    with start(*command, "-o", tmp_path / "events.csv", stderr=terminal.file) as process:
        while process.poll() is None:
            lines = terminal.lines()
            assert len(lines) <= 1, lines
            shown.update(lines)
            terminal.resize(60 if len(shown) % 3 == 1 else 40)
            time.sleep(0.005)
    assert process.returncode == 0
    positions = {match[1] for line in shown if (match := re.match(r"(0:0\d:\d0)/0:04:00 \|", line))}
    assert len(positions) > 2
    assert terminal.lines() == []  # one recording needs no summary


@pytest.mark.sample(1)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stopped_and_gone_on_with(long: Path, tmp_path: Path, number: signal.Signals) -> None:
    command = ("detect", "-f", "csv", "--threshold", "0.1", long, *NETWORK, "-o")
    states = tmp_path / "killed.csv.panns" / "states"
    with start(*command, tmp_path / "killed.csv") as process:
        while not any(states.glob("*.npz")) and process.poll() is None:
            time.sleep(0.002)
        process.send_signal(number)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 128 + number
    stopped = re.match(r"panns: stopped at (0:0\d:\d\d); the same command goes on\npanns: ", err)
    assert stopped, err
    status, _, err = run(*command, tmp_path / "killed.csv")
    assert (status, err) == (0, f"panns: going on at {stopped[1]} of 0:04:00\n")
    assert run(*command, tmp_path / "whole.csv")[0] == 0
    assert content(tmp_path / "killed.csv") == content(tmp_path / "whole.csv")
    assert not states.exists()


def test_stopped_in_a_folder(long: Path, tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav"):
        noise(tmp_path / "folder" / name, 1)
    long.rename(tmp_path / "folder" / "long.flac")
    command = ("tag", "-f", "csv", tmp_path / "folder", *NETWORK, "-o", tmp_path / "tags.csv")
    with start(*command) as process:
        while not any((tmp_path / "tags.csv.panns" / "states").glob("*.npz")):
            time.sleep(0.002)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert re.match(
        r"panns: stopped after 2 of 3 recordings, at 0:0\d:\d0 of \S+/long.flac; the same command "
        r"goes on\npanns: interrupted\n",
        err,
    ), err
    status, _, err = run(*command)
    assert status == 0
    assert re.match(
        r"panns: \S+/long.flac: going on at 0:0\d:\d0 of 0:04:00\npanns: processed", err
    )
