"""How well networks find events, at each threshold; or one that slides, with each window and hop.

    python -m recipes.mini.detectors --shared ../shared > recipes/mini/detectors.csv
    python -m recipes.mini.detectors --shared ../shared --slide mn04_as > recipes/mini/slides.csv

The first takes all networks whose weights are at hand, with the window and the hop that the
registry has for them. The second is where these come from.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray

from panns_inference import AudioTagging
from panns_inference.checkpoints import CHECKPOINTS, cached
from panns_inference.events.rules import RULES_OF
from panns_inference.pipeline import DetectionTask

from .detection import Collection, heard_by, scores, summed
from .detection_figures import THRESHOLDS
from .evaluate import read_collections, read_validation
from .peers import WEIGHTS

SLIDES = [
    {"window": window, "hop": hop}
    for window in (0.5, 1.0, 2.0, 4.0)
    for hop in (0.1, 0.25, 0.5, 1.0)
]
"""Seconds of windows, and from one to the next."""

COLUMNS = ("network", "window", "hop", "soundscapes", "method", "threshold")
FIGURES = ("f1", "precision", "recall")


def main() -> None:
    """Read the command line and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, required=True, help="folder of distill/, wild/, ...")
    parser.add_argument("--cache", type=Path, help="folder of decoded recordings")
    parser.add_argument("--slide", metavar="NETWORK", choices=[*WEIGHTS], help="windows and hops")
    given = parser.parse_args()
    torch.set_flush_denormal(True)
    warnings.filterwarnings("ignore", ".* has no framewise probabilities")
    with tempfile.TemporaryDirectory() as scratch:
        cache = given.cache or Path(scratch)
        collections = read_collections(given.shared, read_validation(given.shared, cache))
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(
        [*COLUMNS, *(f"{kind}_{name}" for kind in ("event", "segment") for name in FIGURES)]
    )
    for task in tasks(given.shared, given.slide):
        for row in rows(task, collections):
            writer.writerow(row)
        sys.stdout.flush()


def tasks(shared: Path, slide: str | None) -> Iterator[DetectionTask]:
    """Yield what detects: all networks, or one with all windows and hops.

    Args:
        shared: folder of the weights.
        slide: the one.
    """
    if slide:
        model = AudioTagging(slide, shared / WEIGHTS[slide], device="cpu")
        for settings in SLIDES:
            yield DetectionTask(model, framewise=True, **settings)
        return
    weights = {name: shared / path for name, path in WEIGHTS.items()}
    for name, path in {"PannsMini": cached(CHECKPOINTS["PannsMini"]), **weights}.items():
        yield DetectionTask(AudioTagging(name, path, device="cpu"), framewise=True)


def rows(task: DetectionTask, collections: dict[str, Collection]) -> Iterator[list[Any]]:
    """Yield how good the events are, in all soundscapes, by both methods, at all thresholds.

    Args:
        task: what detects, and gives framewise probabilities.
        collections: the soundscapes.
    """
    rate = task.model.sample_rate
    slid = [task.window / rate, task.hop / rate] if task.slides else ["", ""]

    def listener(waveform: NDArray[Any]) -> Any:
        accumulator = task.accumulator(None)
        accumulator.feed(waveform)
        return accumulator.finish().framewise

    for name, collection in collections.items():
        heard = heard_by(listener, task.frames_per_second, collection)
        for method in RULES_OF:
            for threshold in THRESHOLDS:
                of = {"method": method, "threshold": threshold}
                found = summed(scores(heard, [*collection.columns], **of))
                figures = [f"{getattr(each, of):.3f}" for each in found for of in FIGURES]
                yield [task.model.name, *slid, name, method, threshold, *figures]


if __name__ == "__main__":
    main()
