"""What the reference's own code is and gives: figures that were read from it once.

`README.md` says how.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .formulas import Floats, batch

FOLDER = Path(__file__).resolve().parent

SEGMENT = 32
"""Frames of a segment of the decision-level networks."""


@cache
def schemas() -> dict[str, dict[str, Any]]:
    """Class to its arguments, counts, inputs, and state dict of (key, shape, type)."""
    read: dict[str, dict[str, Any]] = json.loads((FOLDER / "schemas.json").read_text("utf-8"))
    return read


REFERENCE = tuple(schemas())
"""Names of the classes of the reference."""


def cases(name: str) -> Iterator[tuple[Floats, dict[str, Floats]]]:
    """Yield waveforms, (2, samples), and the outputs of a network that has `weights.state(name)`.

    First 1 s, then 3.3 s; the outputs by the names that the network gives them.
    """
    schema = schemas()[name]
    for length, given in schema["inputs"].items():
        waveforms = batch(given["n_samples"], schema["arguments"]["sample_rate"])
        # Sine and exponential may differ in their last bit from those of the reference's machine.
        sums = waveforms.sum(axis=1, dtype=np.float64)
        np.testing.assert_allclose(sums, given["sums"], rtol=0, atol=1e-2)
        wanted = outputs(name, length)
        found = {"clipwise_output": wanted["clipwise"]}
        if "embedding" in wanted:
            found["embedding"] = wanted["embedding"]
        else:
            n_frames = 1 + given["n_samples"] // schema["arguments"]["hop_size"]
            found["framewise_output"] = frames(wanted["segmentwise"], n_frames)
        yield waveforms, found


def outputs(name: str, length: str) -> dict[str, Floats]:
    """Clipwise (2, 527), and embedding (2, size) or segmentwise (2, segments, 527).

    Args:
        name: class.
        length: `"short"` or `"long"`.
    """
    start = f"{schemas()[name]['outputs']}.{length}_"
    with np.load(FOLDER / "outputs.npz") as file:
        return {key.removeprefix(start): file[key] for key in file.files if key.startswith(start)}


def frames(segmentwise: Floats, n_frames: int) -> Floats:
    """Each segment for its frames, and the last one also for those that are left.

    (batch, segments, classes) to (batch, frames, classes).
    """
    last = segmentwise.shape[1] - 1
    nearest: NDArray[np.intp] = np.minimum(np.arange(n_frames) // SEGMENT, last)
    return segmentwise[:, nearest]


def table(file: str) -> dict[str, dict[str, str]]:
    """The rows of a table by name of network: `paper.csv` or `published.csv`."""
    with (FOLDER / file).open(encoding="utf-8", newline="") as lines:
        return {row["name"]: row for row in csv.DictReader(lines)}
