"""How much of the package a call goes through: functions and files that it touches.

    python benchmarks/calls.py        the table, which replaces its section of RESULTS.md
    python benchmarks/calls.py -v     the files of each call

Loading is not counted: each call is made once before it is traced, so that what is made at the
first call, such as the fast form of the network, is there. The program is traced from its start,
with loading. Lambdas and comprehensions belong to the functions in which they stand.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType

import numpy as np
import soundfile
from report import setting, table, write_section

import panns_inference
from panns_inference import AudioTagging, SoundEventDetection
from panns_inference.cli import main as panns

FOLDER = f"{Path(panns_inference.__file__).parent}/"

RATE = 32_000


def touched(call: Callable[[], object]) -> set[CodeType]:
    """Return the named functions of the package that a call enters, in all threads.

    Args:
        call: what is traced.
    """
    found: set[CodeType] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(FOLDER):
            found.add(frame.f_code)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return {code for code in found if not code.co_name.startswith("<")}


def files(codes: set[CodeType]) -> dict[str, int]:
    """Return the number of functions in each file.

    Args:
        codes: the functions.
    """
    names = [code.co_filename.removeprefix(FOLDER) for code in codes]
    return {name: names.count(name) for name in sorted(set(names))}


def quietly(call: Callable[[], object]) -> Callable[[], object]:
    """Return the same call with nothing on stdout.

    Args:
        call: what may print.
    """

    def silent() -> object:
        with contextlib.redirect_stdout(io.StringIO()):
            return call()

    return silent


def calls(folder: Path) -> dict[str, Callable[[], object]]:
    """Return the calls by name.

    Args:
        folder: where two recordings are written.
    """
    tagger = AudioTagging("PannsMini", device="cpu")
    detector = SoundEventDetection("PannsMini", device="cpu")
    noise = np.random.default_rng(0).normal(0, 0.1, 40 * RATE).astype(np.float32)
    short, long = folder / "short.wav", folder / "long.wav"
    soundfile.write(short, noise[: 2 * RATE], RATE)
    soundfile.write(long, noise, RATE)
    program = ["tag", "--model", "PannsMini", "--device", "cpu", str(short)]
    return {
        "inference(array)": lambda: tagger.inference(noise[None, : 2 * RATE]),
        'tag("short.wav")': lambda: tagger.tag(short),
        'detect("short.wav")': lambda: detector.detect(short),
        'tag("long.wav")': lambda: tagger.tag(long),
        "panns tag short.wav": quietly(lambda: panns(program)),
    }


def main() -> None:
    """Print a table and write it into the results; with -v, list files instead."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, call in calls(Path(folder)).items():
            call()
            by_file = files(touched(call))
            outside = [n for f, n in by_file.items() if not f.startswith(("engine", "models"))]
            counts = sum(by_file.values()), len(by_file), sum(outside), len(outside)
            rows.append([f"`{name}`", *map(str, counts)])
            if "-v" in sys.argv:
                print(name, *(f"{count:>7}  {file}" for file, count in by_file.items()), sep="\n")
    heading = ["call", "functions", "files", "functions outside engine and models", "files"]
    print(table(heading, rows))
    if "-v" not in sys.argv:
        write_section("Calls", f"{table(heading, rows)}\n\n{setting()}\n")


if __name__ == "__main__":
    main()
