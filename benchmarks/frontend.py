"""The log-mel front-end beside torchlibrosa's: `python benchmarks/frontend.py [--threads 2]`.

Needs torchlibrosa, which computes the transform as a convolution in float32; here it is a
transform in float64, plain or in strips. All turn waveforms at 32 kHz into log-mel images of 64
bins, in turns in one process. Deviations are in decibels, from this package's
front-end on float64 waveforms.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
from report import setting, table, write_section
from torch import Tensor, nn
from torchlibrosa.stft import LogmelFilterBank as TheirLogmel
from torchlibrosa.stft import Spectrogram as TheirSpectrogram

from panns_inference.engine.cpu.frontend import FusedLogmel
from panns_inference.models import LogmelFilterBank, Spectrogram

MEL = {"sr": 32000, "n_fft": 1024, "n_mels": 64, "fmin": 50, "fmax": 14000}


def front_end(spectrogram: nn.Module, logmel: nn.Module) -> nn.Module:
    """Waveforms to log-mel images."""
    return nn.Sequential(spectrogram, logmel).eval()


def measure(runners: dict[str, nn.Module], x: Tensor, rounds: int) -> dict[str, float]:
    """Median seconds of each, in turns."""
    times: dict[str, list[float]] = {name: [] for name in runners}
    for _ in range(rounds + 1):
        for name, run in runners.items():
            begun = time.perf_counter()
            run(x)
            times[name].append(time.perf_counter() - begun)
    return {name: statistics.median(taken[1:]) for name, taken in times.items()}


def main() -> None:
    """Measure, print, and write the section of `RESULTS.md`."""
    parser = argparse.ArgumentParser(description="Time the front-end.")
    parser.add_argument("--threads", type=int, default=2, help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=9, help="default: %(default)s")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    theirs = front_end(TheirSpectrogram(1024, 320), TheirLogmel(**MEL, top_db=None))
    ours = front_end(Spectrogram(1024, 320), LogmelFilterBank(**MEL, top_db=None))
    fast = FusedLogmel(*ours)
    runners = {"torchlibrosa": theirs, "plain": ours, "engine": fast}
    rows = []
    with torch.no_grad():
        for seconds, batch in ((1, 1), (10, 1), (60, 1), (10, 16)):
            x = torch.randn(batch, seconds * 32000) * 0.1
            times = measure(runners, x, given.rounds)
            exact = ours(x.double())
            errors = [f"{float((run(x) - exact).abs().max()):.0e}" for run in runners.values()]
            cells = [f"{1e3 * value:.2f}" for value in times.values()]
            ratio = f"{times['torchlibrosa'] / times['engine']:.1f}"
            rows.append((f"{seconds} s x {batch}", *cells, ratio, *errors))
    names = [f"{name}, ms" for name in runners]
    deviations = [f"{name}, deviation" for name in runners]
    body = table(("clips", *names, "torchlibrosa by engine", *deviations), rows)
    print(body)
    versions = setting("torch", "torchlibrosa")
    intro = f"{versions} {given.threads} threads, {given.rounds} rounds, medians."
    write_section("Front-end", f"{intro}\n\n{body}")


if __name__ == "__main__":
    main()
