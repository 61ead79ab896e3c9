"""A search of many windows: `python benchmarks/search.py`.

The embeddings are made up, of the size of those of PannsMini, and kept as those of a library are.
Each search is a process of its own, which says what it takes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from report import setting, table, write_section

from panns_inference.similar.fragments import Entry, Rows
from panns_inference.similar.index import Index
from panns_inference.similar.nearest import nearest
from panns_inference.similar.store import Store

SIZE = 512

PER_RECORDING = 1440
"""Windows of an hour, one each 2.5 s."""

ORIGIN = {"model": "made"}

TOP = 20

SEARCHES = 5
"""Of each kind; the median counts."""

LATENT = 48
"""Embeddings of a network are not spread over all dimensions: these come from so many numbers."""


def directions(random: np.random.Generator, count: int) -> np.ndarray:
    """Made-up embeddings, (count, SIZE): around a few hundred sounds, none below 0."""
    fixed = np.random.default_rng(0)
    sounds = fixed.normal(size=(500, LATENT))
    mixing = fixed.normal(size=(LATENT, SIZE)) / np.sqrt(LATENT)
    latent = sounds[random.integers(0, len(sounds), count)]
    latent = latent + 0.6 * random.normal(size=latent.shape)
    values = (latent @ mixing).astype(np.float32)
    values += np.float32(0.3) * random.standard_normal(values.shape, np.float32)
    return np.maximum(values, 0)


def make(folder: Path, n_windows: int) -> None:
    """Keep made-up windows."""
    random, onsets = np.random.default_rng(1), 2.5 * np.arange(PER_RECORDING)
    with Store(folder, ORIGIN).writer() as writer:
        for number in range(n_windows // PER_RECORDING):
            rows = Rows(onsets, onsets + 5, directions(random, PER_RECORDING))
            writer.add(Entry(f"{number:06}.wav", 1, 1, PER_RECORDING), rows)


def searched(folder: Path, *, indexed: bool) -> dict[str, Any]:
    """Seconds of a search, seconds of the processor, MB held at most, and the hits."""
    store = Store(folder, ORIGIN)
    numbers = {key: number for number, key in enumerate(store.entries)}
    index = Index(store) if indexed else None
    found: list[Any] = []
    seconds: list[float] = []
    used: list[float] = []
    for direction in directions(np.random.default_rng(2), SEARCHES):
        begun, before = time.perf_counter(), time.process_time()
        if index:
            hits = index.nearest(direction, numbers, TOP)
        else:
            hits = nearest(direction, store.blocks(numbers), TOP)
        seconds.append(time.perf_counter() - begun)
        used.append(time.process_time() - before)
        found.append(hits[["recording", "onset"]].tolist())
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    peak = int(next(line for line in status if line.startswith("VmHWM")).split()[1]) // 1024
    times = {"seconds": float(np.median(seconds)), "used": float(np.median(used))}
    return {**times, "peak": peak, "found": found}


def main() -> None:
    """Measure, print the table, and write it into `RESULTS.md`."""
    parser = argparse.ArgumentParser(description="Measure searches of many windows.")
    parser.add_argument("--windows", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--indexed", type=int, default=100_000, help="up to which an index is made")
    parser.add_argument("--search", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.search:
        folder, kind = given.search
        print(json.dumps(searched(Path(folder), indexed=kind == "index")))
        return
    rows = []
    for n_windows in given.windows:
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder), n_windows)
            exact = _run(folder, "exact")
            rows.append([f"{n_windows:,}", "exact", *_cells(exact), "1"])
            if n_windows > given.indexed:
                continue
            begun = time.process_time()
            Index(Store(folder, ORIGIN))
            made = time.process_time() - begun
            near = _run(folder, "index")
            pairs = zip(near["found"], exact["found"], strict=False)
            shares = [len({*map(tuple, a)} & {*map(tuple, b)}) / TOP for a, b in pairs]
            kind = f"index, made in {made:.0f} s"
            rows.append([f"{n_windows:,}", kind, *_cells(near), f"{np.mean(shares):.3f}"])
    heading = ("windows", "search", "seconds", "of the processor", "MB held at most", "recall")
    body = (
        f"{setting('numpy', 'pyarrow', 'usearch')} Embeddings of {SIZE} values, {TOP} hits, one "
        f"thread; recall is the share of the exact hits that are found.\n\n{table(heading, rows)}"
    )
    print(body)
    write_section("Search", body)


def _run(folder: str, kind: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--search", folder, kind]
    done = subprocess.run(command, capture_output=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _cells(measured: dict[str, Any]) -> list[str]:
    return [f"{measured['seconds']:.3f}", f"{measured['used']:.3f}", f"{measured['peak']}"]


if __name__ == "__main__":
    main()
