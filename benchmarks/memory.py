"""Memory of a process after many recordings of any length: `python benchmarks/memory.py`.

Each network has a process of its own, which hears noise of random lengths, clip by clip.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from report import setting, table, write_section

NETWORKS = ("LeeNet11", "PannsMini", "Cnn14")
CALLS = (1, 50, 100, 200, 500, 1000, 2000, 4000)
BAR = 30
"""Characters of the longest bar of the picture."""


def held() -> int:
    """Bytes of this process that are in memory."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def series(name: str, calls: int, seconds: float, minutes: float) -> list[int]:
    """Bytes held after each of `CALLS` that is reached in time, and after the network is gone."""
    from panns_inference import AudioTagging

    tagger = AudioTagging(name, pretrained=name == "PannsMini", device="cpu")
    random, found = np.random.default_rng(0), []
    noise = random.normal(0, 0.1, int(seconds * tagger.sample_rate)).astype(np.float32)
    end = time.monotonic() + 60 * minutes
    for call in range(1, calls + 1):
        if time.monotonic() > end:
            break
        tagger.tag(noise[: random.integers(1000, len(noise))], sample_rate=tagger.sample_rate)
        if call in CALLS:
            found.append(held())
    del tagger
    gc.collect()
    # What is free inside the heap goes back, so that the rest is what is really in use.
    ctypes.CDLL(None).malloc_trim(0)
    return [*found, held()]


def drawn(values: list[int]) -> str:
    """A line of bars, one for each value, as text."""
    longest = max(values)
    rows = [f"{each >> 20:6d} MB {'#' * (BAR * each // longest)}" for each in values]
    return "\n".join(rows)


def main() -> None:
    """Measure, print the table, and write it into `RESULTS.md`."""
    parser = argparse.ArgumentParser(description="Measure memory over many recordings.")
    parser.add_argument("--calls", type=int, default=4000, help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=2, help="longest recording")
    parser.add_argument("--minutes", type=float, default=60, help="limit of each network")
    parser.add_argument("--networks", nargs="+", default=NETWORKS, help="default: %(default)s")
    parser.add_argument("--series", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.series:
        print(json.dumps(series(given.series, given.calls, given.seconds, given.minutes)))
        return
    counts = [count for count in CALLS if count <= given.calls]
    rows, pictures = [], []
    settings = ("--calls", str(given.calls), "--seconds", str(given.seconds))
    for name in given.networks:
        command = [sys.executable, __file__, "--series", name, *settings]
        *found, after = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        rows.append((name, *(str(each >> 20) for each in (*found, after))))
        pictures.append(f"{name}\n{drawn(found)}")
    body = table(("MB held after", *(f"{count:,}" for count in counts), "network gone"), rows)
    told = f"{setting('torch', 'numpy')} Noise of up to {given.seconds:g} s, clip by clip."
    picture = "\n".join(("```", *pictures, "```"))
    print(f"{told}\n\n{body}\n\n{picture}")
    write_section("Memory", f"{told}\n\n{body}\n\n{picture}")


if __name__ == "__main__":
    main()
