"""ESC-10, its folds 1, 2, 3 and 5, in all modes of transfer; goes on where it was interrupted.

    python -m recipes.esc10.run --shared ../shared --folder RUN          # all of it
    python -m recipes.esc10.run --shared ../shared --folder RUN --network PannsMini --mode freeze-l1

writes `results.csv`, a row for each network, mode, seed and fold.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from panns_inference import AudioTagging
from panns_inference.metrics import accuracy, tagging_scores
from panns_inference.models import Network
from panns_inference.training.data import Packed, pack, read_manifest
from panns_inference.training.modes import MODES, CrossValidation, cross_validated

from .quick import quick
from .results import Result, read_results, write_results

SECONDS = 5.0
"""To which clips are cut or padded: the length of nearly all of them."""

WEIGHTS = {"LeeNet11": "weights/LeeNet11_mAP=0.266.pth", "PannsMini": None}
"""In the shared folder; None for those of the package."""


@dataclass(frozen=True)
class Row:
    """What is run.

    Attributes:
        network: its name.
        mode: one of `MODES`, or `quick`.
        seeds: how many, each of which goes over all folds.
        epochs: of the last stage.
    """

    network: str
    mode: str
    seeds: int = 1
    epochs: int = 0

    def found(self, clips: Packed, network: Network, folder: Path, seed: int) -> CrossValidation:
        """Return what networks find in each fold, that have learnt from the other ones.

        Args:
            clips: all of them.
            network: with its weights.
            folder: for what is computed.
            seed: of all draws.
        """
        if self.mode == "quick":
            return quick(clips, network, folder)
        mode = MODES[self.mode]
        *before, last = mode.stages
        mode = replace(mode, stages=(*before, replace(last, epochs=self.epochs)))
        return cross_validated(clips, network, mode, folder, seed=seed)


ROWS = (
    Row("LeeNet11", "quick"),
    Row("LeeNet11", "freeze-l1", 5, 80),
    Row("LeeNet11", "freeze-l3", 5, 80),
    Row("LeeNet11", "fine-tune", 1, 5),
    Row("LeeNet11", "scratch", 1, 10),
    Row("PannsMini", "quick"),
    Row("PannsMini", "freeze-l1", 2, 80),
    Row("PannsMini", "freeze-l3", 1, 80),
    Row("PannsMini", "fine-tune", 1, 5),
    Row("PannsMini", "scratch", 1, 10),
)
"""As many seeds and epochs as two cores have time for."""


def main() -> None:
    """Read the command line and run what is wanted of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, required=True, help="has audio/esc10 and weights")
    parser.add_argument("--folder", type=Path, required=True, help="for what is computed")
    parser.add_argument("--network", choices=WEIGHTS, help="only this one")
    parser.add_argument("--mode", choices=("quick", *MODES), help="only this one")
    given = parser.parse_args()
    torch.set_flush_denormal(True)
    clips = packed(given.shared, given.folder / "clips")
    for row in ROWS:
        if given.network in (None, row.network) and given.mode in (None, row.mode):
            network = base(row.network, given.shared)
            for seed in range(row.seeds):
                found = row.found(clips, network, given.folder, seed)
                results = list(results_of(row, seed, found))
                write_results([*read_results(), *results])
                print(*results, sep="\n", flush=True)


def packed(shared: Path, folder: Path) -> Packed:
    """Return the clips, decoded once.

    Args:
        shared: the shared folder.
        folder: where they are kept.
    """
    dataset = read_manifest(shared / "audio" / "esc10" / "esc10.csv")
    return pack(dataset, folder, sample_rate=32_000, seconds=SECONDS)


def base(name: str, shared: Path) -> Network:
    """Return a network with its published weights.

    Args:
        name: of the network.
        shared: the shared folder.
    """
    weights = WEIGHTS[name]
    path = None if weights is None else shared / weights
    network: Network = AudioTagging(name, path, device="cpu", verbose=False).network
    return network


def results_of(row: Row, seed: int, found: CrossValidation) -> Iterator[Result]:
    """Yield the results of the folds.

    Args:
        row: what was run.
        seed: of all draws.
        found: what was found.
    """
    folds = [division.name.removeprefix("fold ") for division in found.divisions]
    rates = found.figures(accuracy)
    maps = found.figures(lambda *pair: tagging_scores(*pair).mean_average_precision)
    for fold, rate, precision in zip(folds, rates, maps, strict=True):
        yield Result(row.network, row.mode, row.epochs, seed, fold, rate, precision)


if __name__ == "__main__":
    main()
