"""Networks through the engine and in their plain form: `python benchmarks/networks.py [NAME ...]`.

From waveform to probabilities, in turns in one process, with random weights whose batch norms fit
the input. The deviation is the largest of a probability between the two.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
from report import setting, table, write_section
from torch import nn

from panns_inference.engine.cpu import fused_network
from panns_inference.models import build
from panns_inference.models.network import Network
from panns_inference.registry import NETWORKS

SPREAD = 2.0
"""Standard deviation of the logits: with more, most probabilities are 0 or 1."""


def fitted(name: str) -> Network:
    """A network whose batch norms have seen noise, and whose probabilities are spread."""
    torch.manual_seed(0)
    network = build(name)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            layer.momentum = 1.0
            if not layer.weight.any():  # the end of a residual branch, which starts at 0
                nn.init.ones_(layer.weight)
    noise = torch.randn(2, 2 * network.sample_rate) * 0.1
    network.train()(noise)
    logits = torch.logit(network.eval()(noise)["clipwise_output"].double()).clamp(-50, 50)
    last = network.fc_audioset if hasattr(network, "fc_audioset") else network.att_block.cla
    last.weight *= SPREAD / float(logits.std())
    return network


def row(name: str, seconds: int, batch: int, rounds: int) -> tuple[str, ...]:
    """Name, clips, milliseconds of a clip plain and fast, ratio, deviation."""
    plain = fitted(name)
    runners = {"plain": plain, "fast": fused_network(plain)}
    x = torch.randn(batch, seconds * plain.sample_rate) * 0.1
    found = [run(x)["clipwise_output"] for run in runners.values()]
    times: dict[str, list[float]] = {key: [] for key in runners}
    for _ in range(rounds):
        for key, run in runners.items():
            begun = time.perf_counter()
            run(x)
            times[key].append(time.perf_counter() - begun)
    first, second = (1e3 * statistics.median(taken) / batch for taken in times.values())
    deviation = float((found[0] - found[1]).abs().max())
    clips = f"{seconds} s x {batch}"
    return name, clips, f"{first:.1f}", f"{second:.1f}", f"{first / second:.2f}", f"{deviation:.0e}"


def main() -> None:
    """Measure, print, and write the section of `RESULTS.md`."""
    parser = argparse.ArgumentParser(description="Time networks with and without the engine.")
    parser.add_argument("networks", nargs="*", default=list(NETWORKS))
    parser.add_argument("--seconds", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--batches", type=int, nargs="+", default=[1])
    parser.add_argument("--threads", type=int, default=2, help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    rows = []
    with torch.no_grad():
        for name in given.networks:
            for seconds in given.seconds:
                for batch in given.batches:
                    rows.append(row(name, seconds, batch, given.rounds))
                    print(*rows[-1], flush=True)
    heading = ("network", "clips", "plain, ms a clip", "engine, ms a clip", "ratio", "deviation")
    intro = f"{setting('torch')} {given.threads} threads, {given.rounds} rounds, medians."
    write_section("Engine", f"{intro}\n\n{table(heading, rows)}")


if __name__ == "__main__":
    main()
