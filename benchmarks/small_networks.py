"""EfficientAT's networks and PannsMini beside Cnn14, here and through other runtimes.

    python benchmarks/small_networks.py [NAME ...] [--seconds 1 10 60] [--threads 1 2]

Needs `onnx`, `onnxruntime` and `openvino`. From waveform to probabilities, one clip, float32,
random weights with norms that fit the input; ONNX Runtime and OpenVINO are given the file that
`panns export` writes. All are asked in turns, in a process for each network and number of threads:
a call that is not counted, then one that is. Ratios are medians of those of each turn. The
deviation is the largest of a probability from the network in float64.
"""

from __future__ import annotations

import argparse
import copy
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from report import setting, table, write_section
from torch import nn

from panns_inference import AudioTagging
from panns_inference.engine.cpu import fused_network
from panns_inference.export import to_onnx
from panns_inference.models import Network, build

NAMES = ("PannsMini", "mn04_as", "mn10_as", "mn40_as", "Cnn14")
PEERS = ("plain torch", "ONNX Runtime", "OpenVINO")

Array = NDArray[np.float32]
Call = Callable[[], Array]


def fitted(name: str) -> Network:
    """A network whose norms have seen noise."""
    torch.manual_seed(0)
    network = build(name)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():
        network.train()(torch.randn(2, 64_000) * 0.1)
    return network.eval()


def calls(network: Network, file: Path, threads: int, clip: Array) -> dict[str, Call]:
    """Each contestant, ready to compute the clipwise output of a clip."""
    import onnxruntime
    import openvino

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(file, options, ["CPUExecutionProvider"])
    hints = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
    request = openvino.Core().compile_model(file, "CPU", hints).create_infer_request()
    fast, given = fused_network(network), torch.from_numpy(clip)
    return {
        "this package": lambda: fast(given)["clipwise_output"].numpy(),
        "plain torch": lambda: network(given)["clipwise_output"].numpy(),
        "ONNX Runtime": lambda: session.run(["clipwise_output"], {"waveform": clip})[0],
        "OpenVINO": lambda: request.infer({"waveform": clip})["clipwise_output"],
    }


@torch.no_grad()
def measured(name: str, seconds: list[int], threads: int, rounds: int) -> list[tuple[str, ...]]:
    """Rows of a network: clip, milliseconds of this package, ratios of the others, deviations."""
    torch.set_num_threads(threads)
    network, rows = fitted(name), []
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder, f"{name}.pth")
        torch.save(network.state_dict(), weights)
        model = AudioTagging(name, weights, "cpu", verbose=False)
        file = to_onnx(model, Path(folder, f"{name}.onnx"))
        for length in seconds:
            clip = np.random.default_rng(0).normal(0, 0.1, (1, 32_000 * length)).astype(np.float32)
            contestants = calls(network, file, threads, clip)
            expected = copy.deepcopy(network).double()(torch.from_numpy(clip).double())
            exact = expected["clipwise_output"].numpy()
            found = {who: np.abs(call() - exact).max() for who, call in contestants.items()}
            times: dict[str, list[float]] = {who: [] for who in contestants}
            for _ in range(max(5, rounds // length)):
                for who, call in contestants.items():
                    call()
                    begun = time.perf_counter()
                    call()
                    times[who].append(time.perf_counter() - begun)
            own = times["this package"]
            ratios = [
                statistics.median(other / mine for other, mine in zip(times[who], own, strict=True))
                for who in PEERS
            ]
            rows.append(
                (
                    name,
                    f"{length} s",
                    str(threads),
                    f"{1e3 * statistics.median(own):.2f}",
                    *(f"{ratio:.2f}" for ratio in ratios),
                    f"{found['this package']:.0e}",
                    f"{found['ONNX Runtime']:.0e}",
                )
            )
    return rows


def main() -> None:
    """Measure, print, and write the section of `RESULTS.md`."""
    parser = argparse.ArgumentParser(description="Time small networks beside other runtimes.")
    parser.add_argument("networks", nargs="*", default=list(NAMES))
    parser.add_argument("--seconds", type=int, nargs="+", default=[1, 10, 60])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=60, help="turns for a clip of 1 s")
    parser.add_argument("--of-a-process", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.of_a_process:
        (name,), (threads,) = given.networks, given.threads
        print(json.dumps(measured(name, given.seconds, threads, given.rounds)))
        return
    rows = []
    for name in given.networks:
        for threads in given.threads:
            command = [sys.executable, __file__, name, "--of-a-process", "--threads", f"{threads}"]
            command += ["--rounds", f"{given.rounds}", "--seconds", *map(str, given.seconds)]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            rows += json.loads(done.stdout.splitlines()[-1])
            for row in rows[-len(given.seconds) :]:
                print(*row, flush=True)
    heading = ["network", "clip", "threads", "this package, ms", *PEERS, "deviation", "of ONNX"]
    intro = (
        f"{setting('torch', 'onnxruntime', 'openvino')} The others in multiples of this package's "
        "time: above 1 they are slower."
    )
    write_section("Small networks", f"{intro}\n\n{table(heading, rows)}")


if __name__ == "__main__":
    main()
