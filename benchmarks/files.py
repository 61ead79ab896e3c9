"""A file to tags with the network loaded: `python benchmarks/files.py --old FOLDER`.

Beside `librosa.load` and panns-inference 0.1.1, which lies in FOLDER as for `cold.py`. Each of the
two is a process of its own, and they are asked in turns. The file is 10 s of 44.1 kHz stereo, the
network Cnn14.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from cold import HERE, prepared
from report import setting, table, write_section

OLD = """
import librosa
from panns_inference import AudioTagging
model = AudioTagging(checkpoint_path="weights.pth", device="cpu")
def read():
    return librosa.load("recording.wav", sr=32000, mono=True)[0]
def tags():
    return model.inference(read()[None, :])[0][0]
"""

NEW = """
from panns_inference import AudioTagging
from panns_inference.audio import read as read_file
model = AudioTagging(checkpoint_path="weights.pth", device="cpu")
def read():
    return read_file("recording.wav", 32000)
def tags():
    return model.tag("recording.wav").clipwise
"""

ASKED = """
import sys, time
for line in sys.stdin:
    work = {"read": read, "tags": tags}[line.strip()]
    work()
    begun = time.perf_counter()
    found = work()
    print("seconds", time.perf_counter() - begun, flush=True)
    found.tofile(f"{sys.argv[1]}_{line.strip()}.f32")
"""
"""Does what a line says twice: the second run is timed."""


class Contestant:
    """A process that reads or tags when it is told to.

    Args:
        name: of the files of its results.
        code: what it runs.
        path: where its package is.
        folder: with weights and recording.
        threads: how many it may use.
    """

    def __init__(self, name: str, code: str, path: Path, folder: Path, threads: int) -> None:
        environment = {
            **os.environ,
            "HOME": str(folder),
            "OMP_NUM_THREADS": str(threads),
            "PYTHONPATH": str(path),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", code + ASKED, name],
            cwd=folder,
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def ask(self, work: str) -> float:
        """Seconds that a piece of work takes.

        Args:
            work: 'read' or 'tags'.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(work, file=self.process.stdin, flush=True)
        # The old package prints what it loads.
        return next(float(line.split()[1]) for line in self.process.stdout if "seconds" in line)


def main() -> None:
    """Measure, print the table, and write it into `RESULTS.md`."""
    parser = argparse.ArgumentParser(description="Time a file to tags.")
    parser.add_argument("--old", type=Path, required=True, help="folder with panns-inference 0.1.1")
    parser.add_argument("--threads", type=int, default=2, help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=9, help="default: %(default)s")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepared(folder)
        old = Contestant("old", OLD, given.old.resolve(), folder, given.threads)
        new = Contestant("new", NEW, HERE.parent, folder, given.threads)
        rows = []
        for work, title in (("read", "file to waveform"), ("tags", "file to tags")):
            pairs = [(old.ask(work), new.ask(work)) for _ in range(given.rounds)]
            before, now = (statistics.median(taken) for taken in zip(*pairs, strict=True))
            results = (np.fromfile(folder / f"{n}_{work}.f32", np.float32) for n in ("old", "new"))
            times = f"{1000 * before:.0f}", f"{1000 * now:.0f}", f"{before / now:.2f}"
            rows.append((title, *times, f"{np.abs(np.subtract(*results)).max():.0e}"))
        for contestant in (old, new):
            contestant.process.communicate()
    heading = ("what", "librosa and 0.1.1, ms", "this package, ms", "times as fast", "deviation")
    body = (
        f"{setting('torch', 'numpy', 'soxr', 'librosa')} Cnn14 and 10 s of 44.1 kHz stereo, "
        f"{given.threads} threads, {given.rounds} rounds. Deviation: the largest difference of a "
        f"sample or a probability.\n\n{table(heading, rows)}"
    )
    print(body)
    write_section("File to tags", body)


if __name__ == "__main__":
    main()
