"""How fast and how well 44.1 kHz becomes 32 kHz: `python benchmarks/resampling.py`.

resampy, librosa, SciPy and julius (a resampler on torch) are measured where they are installed. The
error is that of tones whose samples at the new rate are known; what is left of a tone above half
the new rate has no place there at all.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
import soxr
import torch
from numpy.typing import NDArray
from report import setting, table, write_section

from panns_inference.audio import read

Array = NDArray[np.float32]

OLD_RATE, NEW_RATE = 44_100, 32_000

TONES = (50.0, 440.0, 1_000.0, 3_150.0, 6_300.0, 9_000.0, 11_000.0, 12_500.0, 14_000.0)
"""Hz; the mel filters of the networks end at the last."""

ABOVE = 18_500.0
"""Hz of a tone that does not exist at the new rate; it would come back at 13.5 kHz."""

EDGE = 0.1
"""Seconds at both ends that are not compared."""


def ours(x: Array) -> Array:
    """As every recording is resampled."""
    return read(x, NEW_RATE, sample_rate=OLD_RATE)


def soxr_whole(x: Array) -> Array:
    """Soxr on the whole waveform."""
    found: Array = soxr.resample(x, OLD_RATE, NEW_RATE, quality="HQ")
    return found


def by_librosa(kind: str) -> Callable[[Array], Array]:
    """What `librosa.load` resamples with."""

    def work(x: Array) -> Array:
        import librosa

        found: Array = librosa.resample(x, orig_sr=OLD_RATE, target_sr=NEW_RATE, res_type=kind)
        return found

    return work


def by_resampy(kind: str) -> Callable[[Array], Array]:
    """Resampy with one of its filters, on all cores."""

    def work(x: Array) -> Array:
        import resampy

        found: Array = resampy.resample(x, OLD_RATE, NEW_RATE, filter=kind, parallel=True)
        return found

    return work


def by_scipy(x: Array) -> Array:
    """A polyphase filter by SciPy."""
    from scipy.signal import resample_poly

    common = math.gcd(OLD_RATE, NEW_RATE)
    found: Array = resample_poly(x, NEW_RATE // common, OLD_RATE // common)
    return found


def by_julius(zeros: int) -> Callable[[Array], Array]:
    """A windowed sinc as a convolution of torch.

    Args:
        zeros: zero crossings of the sinc on each side.
    """

    def work(x: Array) -> Array:
        import julius

        found: Array = julius.resample_frac(torch.from_numpy(x), OLD_RATE, NEW_RATE, zeros).numpy()
        return found

    return work


WAYS: dict[str, tuple[str, Callable[[Array], Array]]] = {
    "this package": ("soxr", ours),
    "soxr HQ, whole waveform": ("soxr", soxr_whole),
    "librosa, soxr_hq (its default)": ("librosa", by_librosa("soxr_hq")),
    "librosa, kaiser_best": ("librosa", by_librosa("kaiser_best")),
    "librosa, polyphase": ("librosa", by_librosa("polyphase")),
    "resampy, kaiser_best": ("resampy", by_resampy("kaiser_best")),
    "resampy, kaiser_fast": ("resampy", by_resampy("kaiser_fast")),
    "SciPy, resample_poly": ("scipy", by_scipy),
    "torch (julius), 24 zeros (its default)": ("julius", by_julius(24)),
    "torch (julius), 200 zeros": ("julius", by_julius(200)),
}
"""What is compared: the package it needs, and what it does."""


def tone(hertz: float, rate: int, seconds: float) -> NDArray[np.float64]:
    """A sine of half the full scale, (samples,)."""
    turns = hertz / rate * np.arange(round(seconds * rate))
    samples: NDArray[np.float64] = 0.5 * np.sin(2 * np.pi * turns)
    return samples


def decibels(found: Array, wanted: NDArray[np.float64]) -> float:
    """Level of what differs beside that of a tone, in dB."""
    n_samples, edge = min(len(found), len(wanted)), round(EDGE * NEW_RATE)
    difference = (found[:n_samples] - wanted[:n_samples])[edge:-edge]
    level = math.sqrt(np.mean(difference**2)) / (0.5 / math.sqrt(2))
    return 20 * math.log10(max(level, 1e-12))


def quality(way: Callable[[Array], Array]) -> tuple[float, float]:
    """The worst error of the tones, and what is left of the one above half the rate, in dB."""
    errors = [
        decibels(way(tone(hertz, OLD_RATE, 2).astype(np.float32)), tone(hertz, NEW_RATE, 2))
        for hertz in TONES
    ]
    above = way(tone(ABOVE, OLD_RATE, 2).astype(np.float32))
    return max(errors), decibels(above, np.zeros(len(above)))


def measure(waveform: Array, rounds: int) -> dict[str, list[float]]:
    """Seconds of each way in each round, after a round that is not counted."""
    ways = {name: way for name, (package, way) in WAYS.items() if find_spec(package)}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for counts in range(rounds + 1):
        for name, way in ways.items():
            begun = time.perf_counter()
            way(waveform)
            times[name].extend([time.perf_counter() - begun] if counts else [])
    return times


def main() -> None:
    """Measure, print the table, and write it into `RESULTS.md`."""
    parser = argparse.ArgumentParser(description="Time resamplers.")
    parser.add_argument("--seconds", type=float, default=60, help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=7, help="default: %(default)s")
    given = parser.parse_args()
    random = np.random.default_rng(0)
    waveform = random.uniform(-0.5, 0.5, round(given.seconds * OLD_RATE)).astype(np.float32)
    times = measure(waveform, given.rounds)
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    reference = medians["this package"]
    rows = []
    for name, taken in medians.items():
        error, left = quality(WAYS[name][1])
        cells = f"{1000 * taken:.1f}", f"{taken / reference:.2f}", f"{error:.0f}", f"{left:.0f}"
        rows.append((name, *cells))
    heading = (
        "resampler", "median, ms", "of this package's time", "error, dB",
        f"left of {ABOVE / 1000:g} kHz, dB",
    )  # fmt: skip
    packages = [p for p in ("soxr", "librosa", "resampy", "scipy", "julius") if find_spec(p)]
    body = (
        f"{setting('torch', 'numpy', *packages)} {given.seconds:g} s of mono from {OLD_RATE} to "
        f"{NEW_RATE} Hz, {given.rounds} rounds, {torch.get_num_threads()} threads for those that "
        f"take more than one. Error: that of the worst of {len(TONES)} tones up to "
        f"{max(TONES) / 1000:g} kHz, beside the tone.\n\n{table(heading, rows)}"
    )
    print(body)
    write_section("Resampling", body)


if __name__ == "__main__":
    main()
