"""Files of ONNX in int8: how fast they are, and what that costs.

    python benchmarks/int8.py --old FOLDER --peers PYTHON --data FOLDER [--threads 2]

FOLDER and PYTHON are those of `runtimes.py`; PYTHON needs OpenVINO alone. The data are those of the
tests: ESC-10, on which files are calibrated (every eighth clip) and compared (all others), and the
published LeeNet11. Three tables: Cnn14 of random weights, in processes of their own that are asked
in turns; networks with genuine weights, float32 and int8 in turns; and what these say of ESC-10.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from material import network_with_fitting_norms
from numpy.typing import NDArray
from report import setting, table, write_section
from runtimes import HERE, Contestant, waveforms
from sklearn.metrics import average_precision_score

from panns_inference import AudioTagging
from panns_inference.audio import read
from panns_inference.engine.onnx import OnnxEngine
from panns_inference.export import to_onnx
from panns_inference.export.int8 import QUANTIZED

NAMES = {
    "old": "panns-inference 0.1.1",
    "engine": "this package, torch, float32",
    "exported": "this package, file, float32",
    "exported_int8": "this package, file, int8",
    "openvino_int8": "OpenVINO on the same int8 file",
    "openvino_vnni": "the same, held to AVX-512 VNNI",
}

CLIP = (10, 1)
"""Seconds, and clips of a batch."""

CALIBRATED_ON = 8
"""Every clip of that number goes into the calibration, and not into the comparison."""


class Clip(NamedTuple):
    """A recording of ESC-10.

    Attributes:
        path: the file.
        kind: its class, of ten.
        indices: the classes of AudioSet that its class stands for.
    """

    path: Path
    kind: str
    indices: list[int]


def esc10(data: Path) -> list[Clip]:
    """All recordings."""
    folder = data / "audio" / "esc10"
    with (folder / "esc10.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [
        Clip(folder / r["path"], r["class"], [int(i) for i in r["audioset_indices"].split("|")])
        for r in rows
    ]


def calibration(clips: list[Clip], folder: Path) -> Path:
    """A folder with the recordings for the calibration."""
    folder.mkdir()
    for clip in clips[::CALIBRATED_ON]:
        shutil.copy(clip.path, folder)
    return folder


def cnn14(old: Path, peers: str, threads: int, rounds: int, recordings: Path) -> str:
    """Cnn14 in each runtime: seconds of a clip, ratio, deviation of a probability."""
    with tempfile.TemporaryDirectory() as name:
        folder, network = Path(name), network_with_fitting_norms(waveforms(3, 4))
        import torch

        torch.save({"model": network.state_dict()}, folder / "weights.pth")
        model = AudioTagging(network, device="cpu", pretrained=False, verbose=False)
        to_onnx(model, folder / "float32.onnx")
        to_onnx(model, folder / "int8.onnx", calibrate=recordings)
        given = waveforms(*CLIP)
        np.save(folder / "waveform_10x1.npy", given.numpy())
        with torch.no_grad():
            wanted = network.double()(given.double())["clipwise_output"].numpy()
        contestants = []
        for kind in NAMES:
            path = (
                str(old) if kind == "old" else "" if kind.startswith("open") else str(HERE.parent)
            )
            python = peers if kind.startswith("open") else sys.executable
            contestants.append(Contestant(kind, python, folder, threads, path))
        taken: dict[str, list[float]] = {kind: [] for kind in NAMES}
        deviation = {}
        for _ in range(rounds):
            for each in contestants:
                seconds, output = each.ask(CLIP, 2)
                taken[each.kind].append(seconds[1])
                deviation[each.kind] = np.abs(np.load(output) - wanted).max()
                time.sleep(0.05)  # threads that wait by spinning have gone to sleep
        for each in contestants:
            each.close()
    medians = {kind: statistics.median(seconds) for kind, seconds in taken.items()}
    rows = [
        (title, f"{medians[k]:.4f}", f"{medians['old'] / medians[k]:.2f}", f"{deviation[k]:.0e}")
        for k, title in NAMES.items()
    ]
    return table(("runner", "seconds", "times as fast", "largest deviation"), rows)


class Compared(NamedTuple):
    """What float32 and int8 say, (clips, classes), and how long they take for 10 s."""

    probabilities: tuple[NDArray[np.float32], NDArray[np.float32]]
    seconds: tuple[float, float]


def compared(model: AudioTagging, clips: list[Clip], recordings: Path, rounds: int) -> Compared:
    """A network with genuine weights in both forms."""
    with tempfile.TemporaryDirectory() as name:
        plain = to_onnx(model, Path(name, "float32.onnx"))
        small = to_onnx(model, Path(name, "int8.onnx"), calibrate=recordings)
        engines = [OnnxEngine(path) for path in (plain, small)]
    given = waveforms(*CLIP).numpy()
    taken: list[list[float]] = [[], []]
    for _ in range(rounds + 1):
        for engine, seconds in zip(engines, taken, strict=True):
            engine.outputs(given)
            begun = time.perf_counter()
            engine.outputs(given)
            seconds.append(time.perf_counter() - begun)
    heard = [read(clip.path, model.sample_rate)[None] for clip in clips]
    found = [
        np.concatenate([engine.outputs(each)["clipwise_output"] for each in heard])
        for engine in engines
    ]
    medians = [statistics.median(seconds[1:]) for seconds in taken]
    return Compared((found[0], found[1]), (medians[0], medians[1]))


def precision_of(clips: list[Clip], probabilities: NDArray[np.float32]) -> float:
    """Mean average precision: a class's score is the largest of those that it stands for."""
    indices = {clip.kind: clip.indices for clip in clips}
    scores = np.stack([probabilities[:, each].max(axis=1) for each in indices.values()], axis=1)
    truth = np.array([[clip.kind == kind for kind in indices] for clip in clips])
    return float(average_precision_score(truth, scores))


def row(name: str, clips: list[Clip], found: Compared) -> tuple[str, ...]:
    """A network's line of the second table."""
    plain, small = found.probabilities
    before, after = (precision_of(clips, each) for each in found.probabilities)
    same = plain.argmax(axis=1) == small.argmax(axis=1)
    ranked = np.sort(plain, axis=1)
    close = ranked[:, -2] > 0.95 * ranked[:, -1]
    return (
        name,
        *(f"{1e3 * seconds:.1f}" for seconds in found.seconds),
        f"{found.seconds[0] / found.seconds[1]:.2f}",
        *(f"{each:.4f}" for each in (before, after)),
        f"{100 * same.mean():.1f} %",
        f"{100 * (~same[~close]).mean():.1f} %",
        f"{np.abs(plain - small).max():.3f}",
        f"{np.abs(plain - small).mean():.5f}",
    )


HEADINGS = (
    *("network", "float32, ms", "int8, ms", "times as fast", "mAP float32", "mAP int8"),
    *("same top tag", "other top tag, lead above 5 %", "largest deviation", "mean deviation"),
)


def main() -> None:
    """Measure, print, and write the section of `RESULTS.md`."""
    parser = argparse.ArgumentParser(description="Measure files of ONNX in int8.")
    parser.add_argument("--old", type=Path, required=True, help="folder with panns-inference 0.1.1")
    parser.add_argument("--peers", required=True, help="interpreter that has OpenVINO")
    parser.add_argument("--data", type=Path, required=True, help="folder of the test data")
    parser.add_argument("--threads", type=int, default=2, help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=9, help="default: %(default)s")
    parser.add_argument("--quick", action="store_true", help="nothing is written")
    given = parser.parse_args()
    clips = esc10(given.data)
    tested = [clip for number, clip in enumerate(clips) if number % CALIBRATED_ON]
    genuine: dict[str, Any] = {
        "LeeNet11": given.data / "weights" / "LeeNet11_mAP=0.266.pth",
        "PannsMini": None,
    }
    with tempfile.TemporaryDirectory() as name:
        recordings = calibration(clips, Path(name, "recordings"))
        speed = cnn14(given.old, given.peers, given.threads, given.rounds, recordings)
        print(speed, flush=True)
        rows = []
        for network, weights in genuine.items():
            model = AudioTagging(network, weights, "cpu")
            found = compared(model, tested, recordings, given.rounds)
            rows.append(row(network, tested, found))
            if QUANTIZED.pop(network, None):
                found = compared(model, tested, recordings, given.rounds)
                rows.append(row(f"{network}, all its blocks in int8", tested, found))
    heard = table(HEADINGS, rows)
    print(heard)
    body = (
        f"{setting('torch', 'numpy', 'onnx', 'onnxruntime')} {given.threads} threads, "
        f"{given.rounds} rounds, medians. Cnn14 with random weights, 10 s, one clip, waveform to "
        f"probabilities; deviations are those of probabilities from float64:\n\n{speed}\n\nGenuine "
        f"weights through ONNX Runtime: milliseconds for 10 s, and {len(tested)} clips of ESC-10 "
        f"that calibration did not hear (it heard {len(clips) - len(tested)} others). In how many "
        "of those whose first tag leads the second by more than 5 % another one leads in int8 is "
        f"told apart:\n\n{heard}\n\nWhere the chip has AMX, OpenVINO uses it for convolutions in "
        "int8, and ONNX Runtime does not. A new length of recording costs OpenVINO time, which is "
        "not measured here."
    )
    if not given.quick:
        write_section("int8", body)


if __name__ == "__main__":
    main()
