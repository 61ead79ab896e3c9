"""Samplers and augmentations compared on the made-up AudioSet.

    python -m recipes.madeup.comparison FOLDER      # stopped and started as often as one likes

Each run learns by `recipe.toml` with its own changes. `comparison.csv` beside this file has a row
for each.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from panns_inference.training import read_scalars, train
from panns_inference.training.data import pack, read_manifest

from .collection import LABELS, Collection, write
from .sounds import SAMPLE_RATE

HERE = Path(__file__).parent
TABLE = HERE / "comparison.csv"

RARE = LABELS[-4:]
"""Classes of which there are 8 to 26 clips to learn from."""

SEEDS = (1, 2, 3)

PLAIN = ("augment.mixup=none", "augment.stripes=0", "learn.steps=500", "learn.decay=150")
"""Without augmentation half of the steps do."""

RUNS = {
    **{f"{kind}, seed {k}": (kind, k, PLAIN) for kind in ("uniform", "balanced") for k in SEEDS},
    "alternate, seed 1": ("alternate", 1, PLAIN),
    "balanced, mixup on the waveform, SpecAugment": ("balanced", 1, ("augment.mixup=waveform",)),
    "balanced, mixup on the log-mel, SpecAugment": ("balanced", 1, ()),
}
"""Name of a run to its sampler, its seed, and what else differs from the recipe."""


def compared(folder: Path) -> Iterator[dict[str, str]]:
    """Yield a row for each run, once it is at its end.

    Args:
        folder: of the recordings and of the runs.
    """
    if not (folder / "clips.csv").exists():
        write(Collection(), folder)
    clips = read_manifest(folder / "clips.csv", labels=LABELS)
    pack(clips, folder / "packed", sample_rate=SAMPLE_RATE, seconds=Collection.seconds)
    for name, (kind, seed, others) in RUNS.items():
        target = folder / name.replace(", ", "-").replace(" ", "_")
        changes = (f"data.clips={folder / 'packed'}", f"sampler.kind={kind}", f"learn.seed={seed}")
        train(HERE / "recipe.toml", target, changes=(*changes, *others))
        yield {"run": name, **figures(target)}


def figures(folder: Path) -> dict[str, str]:
    """Return how good the network of a run is at its end.

    Args:
        folder: of the run.
    """
    with (folder / "classes.csv").open(encoding="utf-8", newline="") as file:
        precision = {row["label"]: float(row["AP"]) for row in csv.DictReader(file)}
    last = read_scalars(folder / "scalars.csv")[-1]
    rare = np.mean([precision[label] for label in RARE])
    common = np.mean([precision[label] for label in LABELS if label not in RARE])
    values = {"mAP": last["mAP"], "rare": rare, "common": common, "d_prime": last["d_prime"]}
    return {name: f"{value:.3f}" for name, value in values.items()}


def main() -> None:
    """Read the command line, run, and write the table after each run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    rows = []
    for row in compared(parser.parse_args().folder):
        rows.append(row)
        with TABLE.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, row.keys(), lineterminator="\n")
            table.writeheader()
            table.writerows(rows)


if __name__ == "__main__":
    main()
