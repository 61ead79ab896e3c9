"""Twelve hours through `panns detect`: `python benchmarks/twelve_hours.py`.

Three runs: an hour and twelve of a FLAC of 44.1 kHz to stdout, and the twelve into a file, killed
at random moments and gone on with. The rows of the last two are compared. The standard error of
each is a terminal of 40 columns, whose bar is read along.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import random
import re
import signal
import struct
import sys
import tempfile
import termios
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
import soxr
from report import setting, table, write_section

STREET = Path(__file__).resolve().parents[1] / "examples" / "street.flac"

RATE = 44_100
COLUMNS = 40
POSITION = re.compile(r"(\d+):(\d\d):(\d\d)/(\d+:\d\d:\d\d)")


def write_recording(path: Path, seconds: float) -> None:
    """The street again and again, each time cut elsewhere and of another loudness."""
    samples, rate = soundfile.read(STREET, dtype="float32")
    street = soxr.resample(samples, rate, RATE)
    draw = np.random.default_rng(0)
    n_samples = round(seconds * RATE)
    with soundfile.SoundFile(path, "w", RATE, 1, "PCM_16") as file:
        while n_samples > 0:
            piece = np.roll(street, draw.integers(len(street)))[:n_samples]
            file.write(draw.uniform(0.1, 0.9) * piece)
            n_samples -= len(piece)


@dataclass
class Run:
    """What was seen of a process.

    Attributes:
        seconds: that it took.
        megabytes: the most memory that it held.
        status: its exit status, negative for a signal.
        lines: that it wrote to stdout, and the second of each.
        positions: seconds of sound that the bar has shown.
        total: hours that the bar has shown.
    """

    seconds: float = 0.0
    megabytes: float = 0.0
    status: int = 0
    lines: list[tuple[float, str]] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    total: str = ""

    @property
    def bar(self) -> str:
        """What became of the bar."""
        is_right = self.positions == sorted(self.positions)
        return f"{clock(self.positions[-1])} of {self.total}" if is_right else "went back"


def clock(seconds: float) -> str:
    """Hours, minutes and seconds."""
    minutes, second = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{second:02}"


def run(*arguments: str, kill_after: float | None = None) -> Run:
    """Run `panns`, kill it after some seconds, and look at what it writes."""
    found, start = Run(), time.monotonic()
    reader, writer = os.pipe()
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    command = [sys.executable, "-m", "panns_inference", *arguments]
    streams = [(os.POSIX_SPAWN_DUP2, writer, 1), (os.POSIX_SPAWN_DUP2, theirs, 2)]
    process = os.posix_spawn(sys.executable, command, os.environ, file_actions=streams)
    os.close(writer)
    os.close(theirs)
    watching = [
        threading.Thread(target=read_lines, args=(reader, found, start)),
        threading.Thread(target=read_bar, args=(ours, found)),
    ]
    for each in watching:
        each.start()
    timer = threading.Timer(kill_after or 1e6, os.kill, (process, signal.SIGKILL))
    timer.daemon = True
    timer.start()
    _, status, used = os.wait4(process, 0)
    timer.cancel()
    found.seconds, found.megabytes = time.monotonic() - start, used.ru_maxrss / 1024
    found.status = os.waitstatus_to_exitcode(status)
    for each in watching:
        each.join()
    return found


def read_lines(reader: int, found: Run, start: float) -> None:
    """What comes to stdout, line by line."""
    with os.fdopen(reader, encoding="utf-8") as file:
        for line in file:
            found.lines.append((time.monotonic() - start, line))


def read_bar(terminal: int, found: Run) -> None:
    """What the bar shows, until the terminal ends."""
    shown = ""
    while True:
        try:
            shown += os.read(terminal, 65536).decode(errors="replace")
        except OSError:
            break
        *drawn, shown = shown.split("\r")
        for line in drawn:
            if position := POSITION.search(line):
                hour, minute, second, found.total = position.groups()
                found.positions.append(3600 * int(hour) + 60 * int(minute) + int(second))
    os.close(terminal)


def streamed(
    recording: Path, hours: float, network: tuple[str, ...]
) -> tuple[list[str], list[str]]:
    """The row of the table for events that go to stdout, and the rows of the events."""
    one = run("detect", str(recording), *network, "-f", "csv")
    if one.status:
        raise SystemExit(f"panns has ended with {one.status}")
    first = one.lines[1][0]
    row = [
        f"{hours:g} h to stdout",
        f"{first:.1f}",
        f"{one.seconds:.0f}",
        f"{3600 * hours / one.seconds:.0f}",
        f"{one.megabytes:.0f}",
        f"{len(one.lines) - 1:,}",
        one.bar,
    ]
    return row, [line for _, line in one.lines]


def killed(
    recording: Path, hours: float, network: tuple[str, ...], output: Path, kills: list[float]
) -> tuple[list[str], list[str]]:
    """The same for a run into a file that is killed after some seconds, again and again."""
    command = ("detect", str(recording), *network, "-f", "csv", "-o", str(output))
    runs = [run(*command, kill_after=seconds) for seconds in kills]
    runs.append(run(*command))
    if runs[-1].status:
        raise SystemExit(f"panns has ended with {runs[-1].status}")
    lines = output.read_text(encoding="utf-8").splitlines(keepends=True)
    seconds = sum(each.seconds for each in runs)
    n_killed = sum(each.status < 0 for each in runs)
    row = [
        f"{hours:g} h to a file, killed {n_killed} times",
        "-",
        f"{seconds:.0f}",
        f"{3600 * hours / seconds:.0f}",
        f"{max(each.megabytes for each in runs):.0f}",
        f"{len(lines) - 1:,}",
        ", ".join(each.bar for each in runs if each.positions),
    ]
    return row, lines


def main() -> None:
    """Measure, print the table, and write it into `RESULTS.md`."""
    parser = argparse.ArgumentParser(description="Measure a recording of twelve hours.")
    parser.add_argument("--hours", type=float, default=12.0, help="default: %(default)s")
    parser.add_argument("--model", default="PannsMini", help="default: %(default)s")
    parser.add_argument("--kills", type=int, default=3, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of the moments of the kills")
    given = parser.parse_args()
    network = ("--model", given.model, "--device", "cpu")
    draw = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as place:
        hour, whole = Path(place, "hour.flac"), Path(place, "whole.flac")
        write_recording(hour, 3600)
        write_recording(whole, 3600 * given.hours)
        short, _ = streamed(hour, 1, network)
        long, streamed_lines = streamed(whole, given.hours, network)
        seconds = float(long[2])
        moments = [draw.uniform(0.1, 1.5) * seconds / (given.kills + 1) for _ in range(given.kills)]
        again, lines = killed(whole, given.hours, network, Path(place, "events.csv"), moments)
    is_equal = sorted(streamed_lines) == sorted(lines)
    heading = (
        *("run", "first event, s", "s", "times real time", "peak memory, MB", "events"),
        "the bar at its end",
    )
    told = (
        f"{setting('torch', 'numpy', 'soxr')} {given.model}, FLAC of 44.1 kHz to CSV. "
        f"The events of the run that was killed are {'' if is_equal else 'NOT '}those of the other."
    )
    body = f"{told}\n\n{table(heading, [short, long, again])}"
    print(body)
    write_section("Twelve hours", body)


if __name__ == "__main__":
    main()
