"""From nothing to the tags of one recording: `python benchmarks/cold.py --old FOLDER`.

FOLDER is what `pip install --no-deps --target FOLDER panns-inference==0.1.1` filled; it needs
librosa, torchlibrosa and matplotlib beside this package. Every contestant is a process of its own
and has 10 s of 44.1 kHz stereo and Cnn14, in a file as the published ones are. They take turns, and
a round before the first fills the file cache.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from report import setting, table, write_section

HERE = Path(__file__).parent

TORCH = "import torch"

FORWARD = """
import statistics, sys, time, torch
from panns_inference.checkpoints import load
from panns_inference.models import build
network, waveform, seconds = load(build("Cnn14"), "weights.pth").eval(), torch.rand(1, 320000), []
with torch.no_grad():
    for _ in range(7):
        begun = time.perf_counter()
        network(waveform)
        seconds.append(time.perf_counter() - begun)
print(statistics.median(seconds))
"""
"""Seconds of a forward pass of the plain network, when all is warm."""

OLD = """
import librosa, sys
from panns_inference import AudioTagging, labels
(audio, _) = librosa.core.load("recording.wav", sr=32000, mono=True)
at = AudioTagging(checkpoint_path="weights.pth", device="cpu")
(clipwise_output, embedding) = at.inference(audio[None, :])
for index in (-clipwise_output[0]).argsort()[:10]:
    print(labels[index], clipwise_output[0, index])
clipwise_output[0].tofile("old.f32")
"""
"""The example of its README."""

NEW = """
from panns_inference import AudioTagging
found = AudioTagging({}).tag("recording.wav")
print(found)
found.clipwise.tofile("{}.f32")
"""

WEIGHTS = 'checkpoint_path="weights.pth", device="cpu"'

TAG = ["-m", "panns_inference", "tag", "recording.wav"]


class Contestant(NamedTuple):
    """A process.

    Attributes:
        name: in the table.
        arguments: of the interpreter.
        result: file of the probabilities that it writes; '' if it writes none.
    """

    name: str
    arguments: list[str]
    result: str = ""


OLD_PACKAGE = Contestant("panns-inference 0.1.1", ["-c", OLD], "old.f32")

CONTESTANTS = (
    OLD_PACKAGE,
    Contestant("AudioTagging(...).tag(...)", ["-c", NEW.format(WEIGHTS, "new")], "new.f32"),
    Contestant(
        'the same, memory="small"',
        ["-c", NEW.format(f'{WEIGHTS}, memory="small"', "small")],
        "small.f32",
    ),
    Contestant(
        'AudioTagging("Cnn14.onnx").tag(...)',
        ["-c", NEW.format('"Cnn14.onnx"', "file")],
        "file.f32",
    ),
    Contestant(
        "panns tag --model Cnn14", [*TAG, "--model", "Cnn14", "--checkpoint", "weights.pth"]
    ),
    Contestant(
        "panns tag --model Cnn14 --memory default",
        [*TAG, "--model", "Cnn14", "--checkpoint", "weights.pth", "--memory", "default"],
    ),
    Contestant("panns tag --model Cnn14.onnx", [*TAG, "--model", "Cnn14.onnx"]),
    Contestant("panns tag, the model in the box", TAG),
    Contestant(TORCH, ["-c", TORCH]),
)


def run(contestant: Contestant, folder: Path, old: Path, threads: int) -> tuple[float, float]:
    """Seconds and peak memory in MB of a process."""
    path = old if contestant is OLD_PACKAGE else HERE.parent
    environment = {
        **os.environ,
        "HOME": str(folder),
        "OMP_NUM_THREADS": str(threads),
        "PYTHONPATH": str(path),
    }
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *contestant.arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{contestant.name} has ended with {process.returncode}")
    return seconds, used.ru_maxrss / 1024


def measure(
    folder: Path, old: Path, threads: int, rounds: int
) -> dict[str, list[tuple[float, float]]]:
    """Seconds and peak memory of each contestant in each round but the first."""
    found: dict[str, list[tuple[float, float]]] = {each.name: [] for each in CONTESTANTS}
    for counts in range(rounds + 1):
        for contestant in CONTESTANTS:
            taken = run(contestant, folder, old, threads)
            found[contestant.name].extend([taken] if counts else [])
    return found


def deviation(contestant: Contestant, folder: Path) -> str:
    """The largest difference of a probability from that of the old package."""
    if not contestant.result or contestant is OLD_PACKAGE:
        return "-"
    wanted, given = (np.fromfile(folder / f, np.float32) for f in ("old.f32", contestant.result))
    return f"{np.abs(wanted - given).max():.0e}"


def prepared(folder: Path) -> None:
    """Weights and recording, and the table of classes that the old package would download."""
    subprocess.run([sys.executable, HERE / "material.py", folder], check=True)
    export = ["-m", "panns_inference", "export", "Cnn14", "--to", "onnx"]
    command = [sys.executable, *export, "--checkpoint", "weights.pth"]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    subprocess.run(command, cwd=folder, env=environment, check=True)
    (folder / "panns_data").mkdir()
    classes = HERE.parent / "panns_inference" / "data" / "class_labels_indices.csv"
    (folder / "panns_data" / classes.name).write_bytes(classes.read_bytes())


def main() -> None:
    """Measure, print the table, and write it into `RESULTS.md`."""
    parser = argparse.ArgumentParser(description="Time whole processes.")
    parser.add_argument("--old", type=Path, required=True, help="folder with panns-inference 0.1.1")
    parser.add_argument("--threads", type=int, default=2, help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=7, help="default: %(default)s")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepared(folder)
        forward = json.loads(
            subprocess.run(
                [sys.executable, "-c", FORWARD],
                cwd=folder,
                env={**os.environ, "OMP_NUM_THREADS": str(given.threads)},
                check=True,
                capture_output=True,
            ).stdout
        )
        found = measure(folder, given.old.resolve(), given.threads, given.rounds)
        deviations = {each.name: deviation(each, folder) for each in CONTESTANTS}
    medians = {
        name: [statistics.median(column) for column in zip(*taken, strict=True)]
        for name, taken in found.items()
    }
    seconds_old, memory_old = medians[OLD_PACKAGE.name]
    floor = medians[TORCH][0] + forward
    rows = [
        (
            f"`{name}`",
            f"{seconds:.2f}",
            f"{seconds_old / seconds:.2f}",
            f"{seconds / floor:.2f}",
            f"{memory:.0f}",
            f"{memory / memory_old:.2f}",
            deviations[name],
        )
        for name, (seconds, memory) in medians.items()
    ]
    heading = (
        "process", "median, s", "times as fast as the old", "of import and forward pass",
        "peak, MB", "of the old's", "deviation",
    )  # fmt: skip
    body = (
        f"{setting('torch', 'numpy', 'soxr', 'librosa')} Cnn14 and 10 s of 44.1 kHz stereo, "
        f"{given.threads} threads, {given.rounds} rounds. Import and forward pass: `{TORCH}`, and "
        f"{forward:.3f} s for one pass of the plain network. Deviation: the largest difference of "
        f"a probability from the old package's.\n\n{table(heading, rows)}"
    )
    print(body)
    write_section("Whole process", body)


if __name__ == "__main__":
    main()
