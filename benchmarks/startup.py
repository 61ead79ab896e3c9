"""How long the package and its program take to start: `python benchmarks/startup.py`.

`--sqlite-utils PATH` times that program beside ours, as one of those that are made with click; it
is best installed into an environment of its own.

Each command runs in a new process. The commands take turns, so that a slow minute of the machine
is everybody's, and a round before the first fills the file cache.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from report import setting, table, write_section

PANNS = str(Path(sys.executable).with_name("panns"))

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import argparse, importlib.metadata": [
        sys.executable,
        "-c",
        "import argparse, importlib.metadata",
    ],
    "import panns_inference": [sys.executable, "-c", "import panns_inference"],
    "panns --version": [PANNS, "--version"],
    "panns --help": [PANNS, "--help"],
    "panns tag --help": [PANNS, "tag", "--help"],
    "panns tagg (a typo)": [PANNS, "tagg"],
    "panns tag --tpo (a typo)": [PANNS, "tag", "--tpo"],
    "a tab behind panns tag --model": [PANNS, "completion", "zsh", "--", "tag", "--model", "L"],
    "panns labels": [PANNS, "labels"],
    "panns models": [PANNS, "models"],
    "import numpy": [sys.executable, "-c", "import numpy"],
    "import torch": [sys.executable, "-c", "import torch"],
}
"""What is timed; the second is the yardstick, the last two are what the rest does without."""

OTHERS = {
    "sqlite-utils --version": ["--version"],
    "sqlite-utils --help": ["--help"],
    "sqlite-utils tabels (a typo)": ["tabels"],
}
"""What is timed of a program that is made with click."""

YARDSTICK = "import argparse, importlib.metadata"


NOTE = (
    "Where others work on the machine, the clock is theirs, too: the column of a core says what is "
    "the program's own."
)


class Taken(NamedTuple):
    """Seconds that a command took: on the clock, and of a core, which depend less on others."""

    clock: float
    core: float


def run(command: list[str]) -> Taken:
    """What a command takes from its start to its end."""
    start, before = time.perf_counter(), of_children()
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return Taken(time.perf_counter() - start, of_children() - before)


def of_children() -> float:
    """Seconds of a core that all processes took which this one has started."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(commands: Mapping[str, list[str]], rounds: int) -> dict[str, list[Taken]]:
    """What each command takes in each round, after a round that is not counted."""
    for command in commands.values():
        run(command)
    times: dict[str, list[Taken]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            times[name].append(run(command))
    return times


def main() -> None:
    """Measure, print the table, and write it into `RESULTS.md`."""
    parser = argparse.ArgumentParser(description="Time the start of the package.")
    parser.add_argument("--rounds", type=int, default=15, help="default: %(default)s")
    parser.add_argument("--sqlite-utils", metavar="PATH", help="that program, to compare with")
    given = parser.parse_args()
    rounds, other = given.rounds, given.sqlite_utils
    others = {name: [other, *words] for name, words in OTHERS.items()} if other else {}
    times = measure({**COMMANDS, **others}, rounds)
    yardstick = statistics.median(each.clock for each in times[YARDSTICK])
    rows = [
        (
            f"`{name}`",
            f"{1000 * statistics.median(each.clock for each in taken):.0f}",
            f"{1000 * min(taken).clock:.0f}",
            f"{1000 * min(each.core for each in taken):.0f}",
            f"{1000 * (statistics.median(each.clock for each in taken) - yardstick):+.0f}",
        )
        for name, taken in times.items()
    ]
    heading = (
        *("process", "median, ms", "fastest, ms", "of a core, fastest, ms"),
        "median beside the second row, ms",
    )
    body = table(heading, rows)
    print(body)
    write_section("Start-up", f"{setting('torch', 'numpy')} {rounds} rounds. {NOTE}\n\n{body}")


if __name__ == "__main__":
    main()
