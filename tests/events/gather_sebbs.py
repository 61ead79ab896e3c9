"""Gather the boxes that the package `sebbs` makes into `sebbs.npz`.

    panns detect -f npz examples/street.flac -o street.npz
    python tests/events/gather_sebbs.py street.npz

It runs where sebbs is installed, which must not be where this package is: sebbs 1.0.2 of
Mitsubishi Electric Research Laboratories is under the AGPL. The stored values are of Python 3.11,
NumPy 2.4.6, SciPy 1.17.1, pandas 3.1.1 and sed_scores_eval_np2 0.0.4.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TARGET = Path(__file__).with_name("sebbs.npz")

RATE = 100.0
"""Frames in a second."""

SETTINGS = (
    (0.64, 1.0, 2.0),
    (0.5, 1.0, 2.0),
    (0.32, 0.2, 1e9),
    (0.48, 1.0, 1.5),
    (0.64, 0.15, 3.0),
)
"""Seconds of the step filter, absolute and relative threshold of merging."""

Curves = NDArray[np.float32]


def smooth(n_frames: int, n_classes: int, width: int, rng: np.random.Generator) -> Curves:
    """Slow ups and downs, as probabilities, (frames, classes)."""
    noise = rng.normal(size=(n_frames + width - 1, n_classes))
    curves = [np.convolve(each, np.hanning(width), "valid") for each in noise.T]
    levels = np.stack(curves, axis=1) / np.std(curves)
    return (1 / (1 + np.exp(1.5 - 2.5 * levels))).astype(np.float32)


def rough(curves: Curves, rng: np.random.Generator) -> Curves:
    """Curves with noise, of which many frames are cut off at 0, (frames, classes)."""
    return np.clip(curves + rng.normal(0, 0.03, curves.shape), 0, 1).astype(np.float32)


def cases(street: Curves) -> dict[str, Curves]:
    """Curves by name, (frames, classes)."""
    rng = np.random.default_rng(1)
    is_loud = rng.random((40, 6)) < 0.35
    return {
        "smooth": smooth(500, 6, 40, rng),
        "noise": rng.random((200, 4)).astype(np.float32),
        "rough": np.clip(smooth(500, 6, 60, rng) + rng.normal(0, 0.03, (500, 6)), 0, 1).astype(
            "f4"
        ),
        "segments": smooth(40, 6, 4, rng).repeat(32, axis=0),
        "bursts": (is_loud * rng.random((40, 6))).astype(np.float32).repeat(16, axis=0),
        "street": street[:, street.max(axis=0) > 0.1],
    }


def boxes(curves: Curves, step: float, absolute: float, relative: float) -> NDArray[np.float64]:
    """Class, onset and offset in seconds, and confidence of each box, (boxes, 4)."""
    import pandas
    from sebbs.csebbs import CSEBBsPredictor

    classes = [str(index) for index in range(curves.shape[1])]
    times = np.arange(len(curves) + 1) / RATE
    columns: dict[str, Any] = dict(zip(classes, curves.T.astype(float), strict=True))
    scores = pandas.DataFrame({"onset": times[:-1], "offset": times[1:], **columns})
    predictor = CSEBBsPredictor(step, absolute, relative, sound_classes=classes)
    found = predictor.predict({"recording": scores})["recording"]
    return np.array(sorted((int(c), on, off, sure) for on, off, c, sure in found), float)


def main(path: str) -> None:
    """Write the file."""
    arrays: dict[str, NDArray[Any]] = {}
    with np.load(path) as file:
        curves_of = cases(file["framewise"])
    for name, curves in curves_of.items():
        arrays[name] = curves
        for number, settings in enumerate(SETTINGS):
            arrays[f"{name}.{number}"] = boxes(curves, *settings)
    np.savez_compressed(TARGET, **arrays)


if __name__ == "__main__":
    main(sys.argv[1])
