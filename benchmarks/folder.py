"""How fast a folder goes through a network: `python benchmarks/folder.py`.

The network alone takes waveforms that are ready in memory, one clip after the other or in batches.
All ways are measured in one process, in turns, with the memory managed as the program `panns` does.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from report import setting, table, write_section

from panns_inference import AudioTagging
from panns_inference.audio import read
from panns_inference.batch import find, results, run
from panns_inference.cli.model import keep_what_is_freed
from panns_inference.pipeline import TaggingTask, Task

CLIPS = Path(__file__).resolve().parents[2] / "shared" / "audio" / "esc10"
"""The 320 clips of ESC-10 in the test data."""


def seconds(work: Callable[[], Any]) -> float:
    """How long something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def alone(task: Task[Any], batches: list[Any]) -> Callable[[], None]:
    """The network on waveforms that are ready, (clips, samples) each."""

    def work() -> None:
        for batch in batches:
            task.results(batch, [None] * len(batch))

    return work


def batches_of(waveforms: list[Any], n_samples: int) -> list[Any]:
    """Neighbours of one length, together up to a number of samples."""
    batches = []
    for length, same in groupby(waveforms, key=len):
        held, most = list(same), max(1, n_samples // length)
        batches += [np.stack(held[k : k + most]) for k in range(0, len(held), most)]
    return batches


def deviations(task: Task[Any], folder: Path) -> tuple[float, float]:
    """The largest difference of a probability from that of a clip by itself: batches, folder."""
    rate = task.model.sample_rate
    waveforms = [read(each.source, rate) for each in find([folder])]

    def heard(batches: list[Any]) -> Any:
        found = [task.results(batch, [None] * len(batch)) for batch in batches]
        return np.stack([each.clipwise for batch in found for each in batch])

    alone = heard(batches_of(waveforms, 0))
    together = heard(batches_of(waveforms, 20 * rate))
    whole = np.stack([each.clipwise for each in results(task, [folder])])
    return float(np.abs(together - alone).max()), float(np.abs(whole - alone).max())


def measure(task: Task[Any], folder: Path, rounds: int) -> dict[str, list[float]]:
    """Seconds of each way in each round, after a round that is not counted."""
    rate = task.model.sample_rate
    waveforms = [read(each.source, rate) for each in find([folder])]
    ways = {
        "the network alone, clip by clip": alone(task, batches_of(waveforms, 0)),
        "the network alone, batches of 20 s": alone(task, batches_of(waveforms, 20 * rate)),
    }
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as place:
        ways["the folder into one table"] = lambda: run(
            task, [folder], Path(place) / "tags.csv", overwrite=True, top=10
        )
        for counts in range(rounds + 1):
            for name, work in ways.items():
                taken = seconds(work)
                times.setdefault(name, []).extend([taken] if counts else [])
    return times


def main() -> None:
    """Measure, print the table, and write it into `RESULTS.md`."""
    parser = argparse.ArgumentParser(description="Time a folder of recordings.")
    parser.add_argument("folder", type=Path, nargs="?", default=CLIPS, help="default: %(default)s")
    parser.add_argument("--model", default="LeeNet11", help="default: %(default)s")
    parser.add_argument("--checkpoint", type=Path, help="default: the published weights")
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    given = parser.parse_args()
    keep_what_is_freed()
    model = AudioTagging(given.model, given.checkpoint, device="cpu")
    task = TaggingTask(model)
    times = measure(task, given.folder, given.rounds)
    differences = ("-", *(f"{each:.0e}" for each in deviations(task, given.folder)))
    recordings = find([given.folder])
    n_clips = len(recordings)
    decoding = seconds(lambda: [read(each.source, model.sample_rate) for each in recordings])
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    one_by_one, batches, whole = medians.values()
    rows = [
        (name, f"{taken:.2f}", f"{n_clips / taken:.1f}", difference)
        for (name, taken), difference in zip(medians.items(), differences, strict=True)
    ]
    body = table(("what", "median, s", "clips a second", "deviation"), rows)
    told = (
        f"{setting('torch', 'numpy')} {n_clips} clips of {given.folder.name}, {given.model}, "
        f"{given.rounds} rounds. The folder is read, heard and written at {one_by_one / whole:.2f} "
        f"of the rate of the network alone clip by clip, and at {batches / whole:.2f} of that in "
        f"batches; decoding takes {decoding:.2f} s of one core."
    )
    print(f"{told}\n\n{body}")
    write_section("Folders", f"{told}\n\n{body}")


if __name__ == "__main__":
    main()
