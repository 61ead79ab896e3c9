"""Which kernel computes which layer fastest: writes the table that the engine plans by.

    python benchmarks/layers.py [NETWORK ...] [--seconds 1 10] [--batches 1] [--threads 2]

The layers are those of the networks' own images for clips of these lengths and batches. Each is
computed by all kernels that can; the rows of `panns_inference/engine/cpu/dispatch.csv` for this
chip and this version of torch are replaced one by one, so that the script can be run network by
network. The section of `RESULTS.md` shows the layers of Cnn14.
"""

from __future__ import annotations

import argparse
import csv
import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from report import setting, table, write_section
from torch import Tensor

import panns_inference
from panns_inference.engine.cpu import dispatch, fused_network
from panns_inference.engine.cpu.conv import ConvWeights
from panns_inference.engine.cpu.fused_conv import FusedConv
from panns_inference.models import build

CHOICES = Path(panns_inference.__file__).parent / "engine" / "cpu" / "dispatch.csv"

Key = tuple[dispatch.Layer, int]

Layers = dict[Key, tuple[ConvWeights, torch.Size]]


def layers_of(name: str, seconds: list[int], batches: list[int]) -> Layers:
    """The convolutions of a network by their rows of the table.

    Args:
        name: the network.
        seconds: lengths of clips.
        batches: clips of a batch.
    """
    found: Layers = {}
    network = fused_network(build(name).eval())
    call = FusedConv.__call__

    def noted(
        layer: FusedConv, x: Tensor, activation: str = "none", halved: bool = False
    ) -> Tensor:
        if len(dispatch.candidates(layer.weights, x.shape[3])) > 1:
            found.setdefault(dispatch.key(layer.weights, x.shape), (layer.weights, x.shape))
        return call(layer, x, activation, halved)

    FusedConv.__call__ = noted  # type: ignore[method-assign]
    for length in seconds:
        for batch in batches:
            network.segment_features(torch.randn(batch, length * network.sample_rate))
    FusedConv.__call__ = call  # type: ignore[method-assign]
    return found


def plausible(name: str, weights: ConvWeights, width: int) -> bool:
    """Whether a kernel is worth a measurement."""
    if name == dispatch.DIRECT:
        return True
    channels = min(weights.weight.shape[:2])
    axes, _, way = name.partition(" ")
    if channels < 32 or ("taps" in axes and axes != "taps/pair"):
        return False
    # Laid out for few rows of a product: these are where images are narrow.
    return not way or (width <= 4 and channels >= 256)


OTHER_LAYERS = torch.ones(32 * 1024 * 1024)
"""What a network reads between two visits of a layer: its weights have left the cache by then."""


def milliseconds(run: Callable[[], object], times: int) -> float:
    """Median of some runs after one that is not counted."""
    run()
    taken = []
    for _ in range(times):
        OTHER_LAYERS.sum()
        begun = time.perf_counter()
        run()
        taken.append(time.perf_counter() - begun)
    return 1e3 * statistics.median(taken)


def measured(weights: ConvWeights, size: torch.Size) -> dict[str, tuple[float, float]]:
    """Milliseconds of each kernel, and its deviation from float64 by the largest value."""
    x = torch.randn(size).contiguous(memory_format=torch.channels_last)
    folded = weights.weight.double() * weights.scale.double()[:, None, None, None]
    expected = torch.conv2d(x[:1].double(), folded, weights.bias.double(), padding=weights.padding)
    expected.relu_()
    found = {}
    for name in dispatch.candidates(weights, size[3]):
        if not plausible(name, weights, size[3]):
            continue
        kernel = dispatch.build(name, weights, size)
        error = float((kernel(x, "relu", False)[:1] - expected).abs().max() / expected.max())
        found[name] = milliseconds(lambda kernel=kernel: kernel(x, "relu", False), 5), error
    return found


NEAR = 1.05
"""Times that are taken for the same."""


def preferred(times: dict[str, tuple[float, float]], weights: ConvWeights) -> str:
    """The fastest kernel; of those that are as good as that, the one that takes least memory.

    Between `packed` and `rows`, which take the same, it is `rows`: that does not depend on how long
    the clip is, so that one set of weights serves all.
    """
    fastest = min(taken for taken, _ in times.values())
    near = [name for name, (taken, _) in times.items() if taken <= NEAR * fastest]
    return min(near, key=lambda name: (growth(name, weights), "packed" in name, times[name]))


def growth(name: str, weights: ConvWeights) -> float:
    """Size of a kernel's weights, as a multiple of the layer's own."""
    if name == dispatch.DIRECT:
        return 1.0
    kernels = (transform.kernel for transform in dispatch.transforms_of(name, weights))
    return math.prod(kernel.shape[0] * kernel.shape[1] / kernel.shape[2] for kernel in kernels)


def write_choices(chosen: dict[Key, str]) -> None:
    """Put rows into the table, in the place of those for the same layers."""
    with CHOICES.open(encoding="utf-8", newline="") as file:
        heading, *lines = csv.reader(file)
    here = [dispatch.chip(), torch.__version__.partition("+")[0]]
    rows = {tuple(line[:-1]): line[-1] for line in lines}
    rows |= {(*here, *map(str, (*layer, length))): name for (layer, length), name in chosen.items()}
    with CHOICES.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(heading)
        writer.writerows(sorted(([*key, name] for key, name in rows.items()), key=_order))


def _order(row: list[str]) -> list[object]:
    return [*row[:2], *map(int, row[2:-1])]


def main() -> None:
    """Measure, write the table, and for Cnn14 the section of `RESULTS.md`."""
    parser = argparse.ArgumentParser(description="Find the fastest kernel of each layer.")
    parser.add_argument("networks", nargs="*", default=["Cnn14"])
    parser.add_argument("--seconds", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--batches", type=int, nargs="+", default=[1])
    parser.add_argument("--threads", type=int, default=2, help="default: %(default)s")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    layers: Layers = {}
    with torch.no_grad():
        for name in given.networks:
            layers |= layers_of(name, given.seconds, given.batches)
        chosen, rows = {}, []
        for key, (weights, size) in layers.items():
            times = measured(weights, size)
            chosen[key] = preferred(times, weights)
            best = sorted(times.items(), key=lambda item: item[1][0])[:3]
            print(tuple(size), key, {n: f"{t:.2f} {e:.0e}" for n, (t, e) in best}, flush=True)
            (taken, error), plain = times[chosen[key]], times[dispatch.DIRECT][0]
            channels = "{} -> {}, {} x {}".format(*key[0])
            image = f"{size[0]} x {size[2]} x {size[3]}"
            figures = (f"{plain:.2f}", f"{taken:.2f}", f"{error:.0e}")
            rows.append((channels, image, *figures, chosen[key]))
    write_choices(chosen)
    if given.networks == ["Cnn14"]:
        heading = ("channels", "image", "direct, ms", "fastest, ms", "deviation", "kernel")
        intro = f"{setting('torch')} {given.threads} threads, medians of 5."
        write_section("Layers of Cnn14", f"{intro}\n\n{table(heading, rows)}")


if __name__ == "__main__":
    main()
