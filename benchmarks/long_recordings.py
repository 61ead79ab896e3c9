"""Memory and time of `panns detect` for long recordings: `python benchmarks/long_recordings.py`.

Real clips, one after the other, become stereo FLAC of 44.1 kHz. Each length is a process of its
own; the network has 80 million parameters and random weights, which cost what trained ones do.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
import torch
from report import setting, table, write_section

from panns_inference.models import build

CLIPS = Path(__file__).resolve().parents[2] / "shared" / "audio" / "esc10"
"""Clips of 44.1 kHz from the test data."""

NETWORK = "Cnn14_DecisionLevelMax"

RATE = 44_100

THRESHOLD = "0.52"
"""With random weights all probabilities are near 0.5: here some thousand events an hour remain."""


def write_recording(path: Path, seconds: float) -> None:
    """A stereo recording of clips, each with a later one on the other channel."""
    clips = [soundfile.read(clip, dtype="float32")[0] for clip in sorted(CLIPS.rglob("*.ogg"))]
    left = itertools.cycle(clips)
    right = itertools.cycle(clips[97:] + clips[:97])
    n_samples = round(seconds * RATE)
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16") as file:
        while n_samples > 0:
            pair = [next(left), next(right)]
            n = min(n_samples, *map(len, pair))
            file.write(np.clip(np.stack([clip[:n] for clip in pair], axis=1), -1, 1))
            n_samples -= n


def measure(*arguments: str) -> tuple[float, float]:
    """Seconds and peak memory in MB of a run of `panns`."""
    start = time.monotonic()
    command = [sys.executable, "-m", "panns_inference", *arguments]
    process = os.posix_spawn(sys.executable, command, os.environ)
    _, status, used = os.wait4(process, 0)
    if status:
        raise SystemExit(f"panns has ended with {os.waitstatus_to_exitcode(status)}")
    return time.monotonic() - start, used.ru_maxrss / 1024


def main() -> None:
    """Measure, print the table, and write it into `RESULTS.md`."""
    parser = argparse.ArgumentParser(description="Measure long recordings.")
    parser.add_argument("hours", type=float, nargs="*", default=[1.0, 2.0], help="default: 1 2")
    parser.add_argument("--format", default="csv", help="of the events; default: %(default)s")
    given = parser.parse_args()
    torch.manual_seed(0)
    rows = []
    with tempfile.TemporaryDirectory() as place:
        weights, recording = Path(place, "weights.pth"), Path(place, "recording.flac")
        torch.save({"model": build(NETWORK).state_dict()}, weights)
        network = ("--model", NETWORK, "--checkpoint", str(weights), "--device", "cpu")
        for hours in given.hours:
            write_recording(recording, 3600 * hours)
            output = str(Path(place, f"{hours} events"))
            result = ("-f", given.format, "-o", output, "--threshold", THRESHOLD)
            seconds, megabytes = measure("detect", str(recording), *network, *result)
            megabytes_written = Path(output).stat().st_size / 1e6
            rows.append(
                (
                    f"{hours:g} h",
                    f"{megabytes:.0f}",
                    f"{seconds:.0f}",
                    f"{seconds / hours:.0f}",
                    f"{3600 * hours / seconds:.1f}",
                    f"{megabytes_written:.1f}",
                )
            )
    heading = ("length", "peak memory, MB", "s", "s an hour", "times real time", "written, MB")
    body = table(heading, rows)
    told = f"{setting('torch', 'numpy', 'soxr')} {NETWORK}, 44.1 kHz stereo FLAC to {given.format}."
    print(f"{told}\n\n{body}")
    write_section(f"Long recordings, {given.format}", f"{told}\n\n{body}")


if __name__ == "__main__":
    main()
