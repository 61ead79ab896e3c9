"""Cnn14 on a GPU, through this package and through panns-inference 0.1.1.

    python benchmarks/gpu.py --old FOLDER [--batches 1 4 16 64 256]

FOLDER is what `pip install --no-deps --target FOLDER panns-inference==0.1.1` filled (it needs
torchlibrosa, librosa and matplotlib beside this package).

Clips of 10 s lie in memory as waveforms, and are tagged: from NumPy array to NumPy array. Every
contestant is a process of its own on the first GPU; they are asked in turns. All have the same
weights. Deviations are those of probabilities, from this package's network in float64. The last
columns set the fastest batch beside a large product of matrices in bf16, measured in the same run.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from material import network_with_fitting_norms
from report import setting, table, write_section
from runtimes import HERE, Contestant, waveforms

NAMES = {
    "old": "panns-inference 0.1.1",
    "float32": "this package",
    "fp16": "fp16",
    "bf16_one_by_one": "bf16, no CUDA graphs",
    "bf16": "bf16",
    "bf16_short": "bf16, samples of 16 bits",
}

SECONDS = 10

TFLOP_A_CLIP = 0.04
"""Work in the convolutions of Cnn14 on 10 s."""

COMPARED = 4
"""Clips whose probabilities are compared."""

SIDE = 8192
"""Of the matrices whose product is the measure."""


def prepare(folder: Path, batches: list[int]) -> np.ndarray:
    """Write weights and inputs; gives the reference for the first clips of each batch."""
    network = network_with_fitting_norms(waveforms(3, 4))
    torch.save({"model": network.state_dict()}, folder / "weights.pth")
    # Whole numbers of 16 bits, so that both kinds of samples are the same.
    short = (waveforms(SECONDS, max(batches)).clamp(-1, 1) * 32767).round().short().numpy()
    for batch in batches:
        np.save(folder / f"short_{SECONDS}x{batch}.npy", short[:batch])
        floats = short[:batch] / np.float32(32768)
        np.save(folder / f"waveform_{SECONDS}x{batch}.npy", floats)
    compared = torch.from_numpy(short[:COMPARED] / 32768.0)
    with torch.no_grad():
        found = network.double().cuda()(compared.cuda())["clipwise_output"]
    reference: np.ndarray = found.cpu().numpy()
    return reference


def product_rate() -> float:
    """TFLOP/s of a large product in bf16."""
    a, b = torch.randn(2, SIDE, SIDE, device="cuda").bfloat16()
    rates = []
    for _ in range(10):
        torch.cuda.synchronize()
        begun = time.perf_counter()
        for _ in range(10):
            a @ b
        torch.cuda.synchronize()
        rates.append(10 * 2 * SIDE**3 / (time.perf_counter() - begun) / 1e12)
    return statistics.median(rates)


def measure(
    contestants: list[Contestant], batches: list[int], rounds: int, reference: np.ndarray
) -> tuple[dict[tuple[str, int], float], dict[str, float], float]:
    """Median seconds of a clip, largest deviations, and the median rate of the product."""
    medians, deviations = {}, dict.fromkeys((c.kind for c in contestants), 0.0)
    rates = [product_rate()]
    for batch in batches:
        times: dict[str, list[float]] = {c.kind: [] for c in contestants}
        for contestant in contestants:
            # One by one, recorded, and replayed.
            output = np.load(contestant.ask((SECONDS, batch), 4)[1])[:COMPARED]
            deviation = float(np.abs(output - reference[: len(output)]).max())
            deviations[contestant.kind] = max(deviations[contestant.kind], deviation)
        for _ in range(rounds):
            for contestant in contestants:
                seconds, _ = contestant.ask((SECONDS, batch), 2)
                times[contestant.kind].append(seconds[1])
        medians |= {(kind, batch): statistics.median(t) / batch for kind, t in times.items()}
        line = ", ".join(f"{kind} {medians[kind, batch] * 1e3:.2f}" for kind in times)
        print(f"batches of {batch}: {line} ms a clip", flush=True)
        rates.append(product_rate())
    return medians, deviations, statistics.median(rates)


def section(
    medians: dict[tuple[str, int], float],
    deviations: dict[str, float],
    batches: list[int],
    rate: float,
) -> str:
    """The table."""
    rows = []
    for kind, deviation in deviations.items():
        taken = [medians[kind, batch] for batch in batches]
        ratios = [medians["old", batch] / t for batch, t in zip(batches, taken, strict=True)]
        cells = [f"{t * 1e3:.3f} ({r:.2f})" for t, r in zip(taken, ratios, strict=True)]
        best = TFLOP_A_CLIP / min(taken)
        rows.append((NAMES[kind], *cells, f"{best:.0f}", f"{best / rate:.0%}", f"{deviation:.0e}"))
    heading = [f"batch {batch}, ms a clip" for batch in batches]
    return table(("runner", *heading, "TFLOP/s", "of a product", "deviation"), rows)


def main() -> None:
    """Measure, print, and write the section of `RESULTS.md`."""
    parser = argparse.ArgumentParser(description="Time Cnn14 on a GPU.")
    parser.add_argument("--old", type=Path, required=True, help="folder with panns-inference 0.1.1")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4, 16, 64, 256])
    parser.add_argument("--rounds", type=int, default=7, help="default: %(default)s")
    given = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("there is no GPU here that torch can use: nothing was measured")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reference = prepare(folder, given.batches)
        contestants = []
        for kind in NAMES:
            path = str(given.old if kind == "old" else HERE.parent)
            contestants.append(Contestant(kind, sys.executable, folder, 1, path, "gpu_runner.py"))
        for contestant in contestants:
            if not contestant.works:
                print(f"{NAMES[contestant.kind]} does not start")
        contestants = [contestant for contestant in contestants if contestant.works]
        medians, deviations, rate = measure(contestants, given.batches, given.rounds, reference)
        for contestant in contestants:
            contestant.close()
    body = section(medians, deviations, given.batches, rate)
    told = (
        f"{setting('torch', 'numpy')} {torch.cuda.get_device_name()}, {given.rounds} rounds, "
        "medians; in brackets how many times as fast as panns-inference 0.1.1. A product of "
        f"matrices of {SIDE} x {SIDE} in bf16 ran at {rate:.0f} TFLOP/s."
    )
    print(f"{told}\n\n{body}")
    write_section("GPU", f"{told}\n\n{body}")


if __name__ == "__main__":
    main()
