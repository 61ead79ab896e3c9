"""Cnn14 through this package, through panns-inference 0.1.1, and through other runtimes.

    python benchmarks/runtimes.py --old FOLDER --peers PYTHON [--threads 2] [--quick]

FOLDER is what `pip install --no-deps --target FOLDER panns-inference==0.1.1` filled (it needs
torchlibrosa, librosa and matplotlib beside this package). PYTHON is the interpreter of an
environment of its own with `pip install numpy onnx onnxruntime openvino ncnn`.

Every contestant is a process of its own with a fixed number of threads. They are asked in turns:
each turn a run that is not counted, then one that is. This package and the old one are given
waveforms, the other runtimes the finished log-mel image, so that their front-end costs nothing.
All have the same weights: random ones, with batch norms that fit the data. Deviations are those
of probabilities, from this package's network in float64.
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

import numpy as np
import torch
from material import network_with_fitting_norms
from report import setting, table, write_section

from panns_inference.engine.cpu.fused_conv import fold_norm

HERE = Path(__file__).parent

NAMES = {
    "old": "panns-inference 0.1.1",
    "plain": "this package, plain",
    "compiled": "torch.compile",
    "onnxruntime": "ONNX Runtime",
    "openvino": "OpenVINO",
    "ncnn": "ncnn",
    "engine": "this package, engine",
    "openvino_bf16": "OpenVINO, bf16",
    "bf16": "this package, engine, bf16",
}

Cell = tuple[int, int]
"""Seconds of a clip, clips of a batch."""


class Contestant:
    """A process that is asked through a pipe, of `runner.py` or the like.

    Args:
        kind: key of `NAMES`.
        python: its interpreter.
        folder: weights and inputs.
        threads: threads it may use.
        path: `PYTHONPATH` of the process.
        script: the program.
    """

    def __init__(
        self,
        kind: str,
        python: str,
        folder: Path,
        threads: int,
        path: str,
        script: str = "runner.py",
    ) -> None:
        self.kind, self.peak = kind, float("nan")
        environment = {
            **os.environ,
            "PYTHONPATH": path,
            "OMP_NUM_THREADS": str(threads),
            "HOME": str(folder),
        }
        self.process = subprocess.Popen(
            [python, str(HERE / script), kind, str(folder), str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        self.works = bool(self._line())

    def _line(self) -> str:
        return self.process.stdout.readline() if self.process.stdout else ""

    def ask(self, cell: Cell, times: int) -> tuple[list[float], str]:
        """Seconds of each run of an input, and the file with the probabilities.

        Args:
            cell: the input.
            times: number of runs.
        """
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([f"{cell[0]}x{cell[1]}", times]) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self._line())
        if self.peak != self.peak:
            self.peak = answer["peak"]
        return answer["seconds"], answer["output"]

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


def waveforms(seconds: int, batch: int) -> torch.Tensor:
    """Noise whose loudness changes, (batch, samples)."""
    generator = torch.Generator().manual_seed(seconds)
    noise = torch.randn(batch, seconds * 32000, generator=generator)
    loudness = torch.linspace(0.5, 40, seconds * 32000).sin() ** 2
    return noise * loudness * torch.logspace(-1, -2.5, batch)[:, None]


def prepare(folder: Path, cells: list[Cell]) -> dict[Cell, np.ndarray]:
    """Write weights and inputs; gives the reference."""
    network = network_with_fitting_norms(waveforms(3, 4))
    torch.save({"model": network.state_dict()}, folder / "weights.pth")
    blocks = [getattr(network, f"conv_block{number}") for number in range(1, 7)]
    pairs = [(b.conv1, b.bn1, b.conv2, b.bn2) for b in blocks]
    layers = [fold_norm(*half) for pair in pairs for half in (pair[:2], pair[2:])]
    arrays = {
        f"weight{i}": (layer.weight * layer.scale[:, None, None, None]).numpy()
        for i, layer in enumerate(layers)
    }
    arrays |= {f"bias{i}": layer.bias.numpy() for i, layer in enumerate(layers)}
    for name, layer in (("fc1", network.fc1), ("fc2", network.fc_audioset)):
        arrays[name] = layer.weight.detach().numpy()
        arrays[f"{name}_bias"] = layer.bias.detach().numpy()
    np.savez(folder / "trunk.npz", **arrays)
    reference = {}
    with torch.no_grad():
        for cell in cells:
            given, name = waveforms(*cell), "{}x{}".format(*cell)
            np.save(folder / f"waveform_{name}.npy", given.numpy())
            np.save(folder / f"image_{name}.npy", network.logmel(given).numpy())
        network.double()
        for cell in cells:
            # One by one: in float64 the images of a batch would fill the memory.
            rows = [network(clip[None])["clipwise_output"] for clip in waveforms(*cell).double()]
            reference[cell] = torch.cat(rows).numpy()
    return reference


def measure(
    contestants: list[Contestant], cells: list[Cell], rounds: int, reference: dict[Cell, np.ndarray]
) -> tuple[dict[tuple[str, Cell], float], dict[str, float]]:
    """Median seconds of a batch, and the largest deviation from the reference."""
    medians, deviations = {}, dict.fromkeys((c.kind for c in contestants), 0.0)
    for cell in cells:
        times: dict[str, list[float]] = {c.kind: [] for c in contestants}
        for turn in range(rounds):
            for contestant in contestants:
                seconds, output = contestant.ask(cell, 2)
                times[contestant.kind].append(seconds[1])
                time.sleep(0.05)  # threads that wait by spinning have gone to sleep
                if turn == 0:
                    found = np.abs(np.load(output) - reference[cell]).max()
                    deviations[contestant.kind] = max(deviations[contestant.kind], found)
        for kind, taken in times.items():
            medians[kind, cell] = statistics.median(taken)
        line = ", ".join(f"{kind} {medians[kind, cell] * 1e3:.0f}" for kind in times)
        print(f"{cell[0]} s x {cell[1]}: {line} ms", flush=True)
    return medians, deviations


def section(
    contestants: list[Contestant],
    cells: list[Cell],
    medians: dict[tuple[str, Cell], float],
    deviations: dict[str, float],
) -> str:
    """The tables: seconds of a clip with the ratio to the old package, memory, deviation."""
    rows = []
    for contestant in contestants:
        kind = contestant.kind
        cell_texts = [
            f"{taken / cell[1]:.4f} ({medians['old', cell] / taken:.2f})"
            for cell in cells
            for taken in (medians[kind, cell],)
        ]
        rows.append(
            (
                NAMES[kind],
                *cell_texts,
                f"{contestant.peak:.0f}",
                f"{deviations[kind]:.0e}",
            )
        )
    heading = [f"{seconds} s x {batch}" for seconds, batch in cells]
    return table(("runner", *heading, "peak MB", "deviation"), rows)


def main() -> None:
    """Measure, print, and write the section of `RESULTS.md`."""
    parser = argparse.ArgumentParser(description="Time Cnn14 in several runtimes.")
    parser.add_argument("--old", type=Path, required=True, help="folder with panns-inference 0.1.1")
    parser.add_argument("--peers", required=True, help="interpreter of the other runtimes")
    parser.add_argument("--threads", type=int, default=2, help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--seconds", type=int, nargs="+", default=[1, 10, 60])
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--limit", type=int, default=240, help="seconds of audio in a batch")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--quick", action="store_true", help="10 s and 1 s, nothing is written")
    given = parser.parse_args()
    cells = [(s, b) for s in given.seconds for b in given.batches if s * b <= given.limit]
    # The first is what memory is measured with.
    cells.sort(key=lambda cell: cell != (10, 1))
    if given.quick:
        cells = [(10, 1), (1, 1)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reference = prepare(folder, cells)
        here = str(HERE.parent)
        asked = [kind for kind in NAMES if kind in given.only or kind == "old"]
        contestants = []
        for kind in asked:
            peer = kind.startswith(("onnx", "openvino", "ncnn"))
            path = "" if peer else str(given.old) if kind == "old" else here
            python = given.peers if peer else sys.executable
            contestants.append(Contestant(kind, python, folder, given.threads, path))
        for contestant in contestants:
            if not contestant.works:
                print(f"{NAMES[contestant.kind]} does not start")
        contestants = [c for c in contestants if c.works]
        medians, deviations = measure(contestants, cells, given.rounds, reference)
        body = section(contestants, cells, medians, deviations)
        for contestant in contestants:
            contestant.close()
    print(body)
    if not given.quick:
        intro = (
            f"{setting('torch', 'numpy')} {given.threads} threads, {given.rounds} rounds, medians: "
            "seconds of a clip, and in brackets how many times as fast as panns-inference 0.1.1; "
            "s x n are clips of s seconds in batches of n. Peak memory of the process after the "
            "first column."
        )
        spans = ", ".join(f"{s} s" for s in given.seconds)
        write_section(f"Runtimes: Cnn14, {spans}, {given.threads} threads", f"{intro}\n\n{body}")


if __name__ == "__main__":
    main()
