"""Try one choice at a time on a short run, and write what each gives on the validation windows.

    python -m recipes.mini.choices --shared ../shared --cache CACHE [--only NAME ...]

Each run is short (250 steps, each on a new batch), so the figures compare choices; they do not
say how good a long run gets. Rows are added to choices.csv; what is there is not run again.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from panns_inference.models.blocks import ConvBlock
from panns_inference.models.cost import parameters
from panns_inference.models.mini import PannsMini
from panns_inference.models.mobilenet import InvertedResidual
from panns_inference.training.distillation import LabelledBatch
from panns_inference.training.prefetch import prefetched
from panns_inference.training.recipe import read_recipe
from panns_inference.training.recordings import FULL_SCALE, Recordings
from panns_inference.training.replay import Replay

from .batches import Batches
from .train import HERE, TABLES, make_run, read_windows

SHORT = {"steps": 250, "warm_up": 30, "decay": 120, "average_decay": 0.98}
COLUMNS = ("choice", "parameters", "cross_entropy", "mAP", "top1", "seconds_per_step")


class Narrow(PannsMini):
    """Three quarters of the width."""

    stem_width = 12
    stages = ((24, 1, 2), (48, 2, 2), (96, 2, 2), (144, 1, 1))
    channels = 144


class WideBelow(PannsMini):
    """More channels where the image is large."""

    stem_width = 24
    stages = ((48, 1, 2), (80, 2, 2), (128, 2, 2), (192, 1, 1))


class Fine(PannsMini):
    """Segments of 0.08 s."""

    stages = ((32, 1, 2), (64, 2, 2), (128, 2, 1), (192, 1, 1))
    segment_frames = 8
    neighbours = 4


class Convolutions(PannsMini):
    """Convolution blocks of the CNNs, without shortcuts."""

    def _build_trunk(self) -> None:
        super()._build_trunk()
        blocks = [ConvBlock(i, o) for i, o in pairwise((16, 32, 64, 128, 192))]
        self.features = self.features[:4].extend(blocks)

    def trunk(self, x: Tensor) -> Tensor:
        x = self.features[:4](x)
        for number, block in enumerate(self.features[4:]):
            x = block(x, pool_size=(2, 2) if number < 3 else (1, 2))
        return x


class Mobile(PannsMini):
    """Inverted residuals of MobileNetV2."""

    channels = 384
    groups = ((1, 16, 1, 1), (4, 24, 2, 2), (4, 40, 3, 2), (4, 80, 4, 2), (4, 112, 2, 1))

    def _build_trunk(self) -> None:
        super()._build_trunk()
        layers, channels = self.features[:4], self.stem_width
        for expansion, width, length, stride in self.groups:
            for position in range(length):
                first = stride if position == 0 else 1
                layers.append(InvertedResidual(channels, width, first, expansion))
                channels = width
        last = (nn.Conv2d(channels, 384, 1, bias=False), nn.BatchNorm2d(384))
        self.features = layers.extend([*last, nn.ReLU6(inplace=True)])


@dataclass(frozen=True)
class Choice:
    """What differs from the recipe."""

    network: type[PannsMini] = PannsMini
    run: dict[str, Any] = field(default_factory=dict)
    loss: dict[str, Any] = field(default_factory=dict)
    chances: dict[str, Any] = field(default_factory=dict)
    times: int = 1
    """How often a batch is heard."""

    stored: bool = False
    """Plain windows with the labels of soft.npz."""

    own_head: bool = False
    """The last layer begins with random values, not with the teacher's."""


ONLY_CLIPS = {"local": 0.0, "embedding": 0.0, "stretch": 0.0}
CHOICES = {
    "recipe": Choice(),
    "learning rate 1e-3": Choice(run={"learning_rate": 1e-3}),
    "learning rate 6e-3": Choice(run={"learning_rate": 6e-3}),
    "no local embedding loss": Choice(loss={"local": 0.0}),
    "no embedding losses": Choice(loss={"local": 0.0, "embedding": 0.0}),
    "no embedding losses, random last layer": Choice(
        loss={"local": 0.0, "embedding": 0.0}, own_head=True
    ),
    "no stretches": Choice(loss={"stretch": 0.0}),
    "SpecAugment": Choice(loss={"spec_augment": (32, 8)}),
    "three quarters of the width": Choice(Narrow),
    "wide below": Choice(WideBelow),
    "segments of 0.08 s": Choice(Fine),
    "convolution blocks": Choice(Convolutions),
    "MobileNetV2 blocks": Choice(Mobile),
    "each batch three times": Choice(times=3),
    "each batch six times": Choice(times=6),
    "no mixtures": Choice(chances={"two": 0.0, "three": 0.0, "splice": 0.0}),
    "recordings as they are": Choice(chances={"plain": 1.0, "splice": 0.0}),
    "stored labels": Choice(stored=True, loss=ONLY_CLIPS),
    "stored labels, SpecAugment": Choice(stored=True, loss={**ONLY_CLIPS, "spec_augment": (32, 8)}),
}


class StoredLabels:
    """Batches of 5-second windows with the labels of soft.npz.

    Args:
        batches: the recipe's, for their front-end.
        logits: stored labels of the training windows, (windows, 527).
    """

    def __init__(self, batches: Batches, logits: np.ndarray) -> None:
        self.batches = batches
        whole = [k for k, window in enumerate(batches.windows) if window.length == 160_000]
        self.logits, self.whole = logits, whole
        self.recordings = Recordings(batches.cache / "real")

    def __call__(self, number: int) -> LabelledBatch:
        chosen = np.random.default_rng((self.batches.seed, number)).choice(self.whole, 32)
        windows = [self.batches.windows[k] for k in chosen]
        waveforms = torch.zeros(len(windows), 160_000)
        for waveform, window in zip(waveforms, windows, strict=True):
            samples = self.recordings[window.name][window.start : window.start + window.length]
            waveform[: len(samples)] = torch.from_numpy(samples.astype(np.float32) / FULL_SCALE)
        logits = torch.from_numpy(self.logits[chosen])
        with torch.no_grad():
            decibels = torch.cat([self.batches.frontend(part) for part in waveforms.split(4)])
        return LabelledBatch(decibels, logits, torch.ones(32, 16, 512), (0, 31), logits)


@dataclass(frozen=True)
class Rescaled:
    """Batches for a network with shorter segments."""

    make: Any
    factor: int

    def __call__(self, number: int) -> LabelledBatch:
        batch = self.make(number)
        first, last = batch.stretch
        return batch._replace(stretch=(first * self.factor, last * self.factor))


def main() -> None:
    """Read the command line and run what is not in the table yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--only", nargs="*", choices=CHOICES, default=list(CHOICES))
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    table = HERE / "choices.csv"
    done = {row["choice"] for row in _rows(table)}
    for name in given.only:
        if name not in done:
            _add(table, {"choice": name, **_figures(CHOICES[name], given.shared, given.cache)})


def _figures(choice: Choice, shared: Path, cache: Path) -> dict[str, object]:
    recipe = read_recipe(HERE / "recipe.toml", TABLES)
    recipe["run"] = replace(
        recipe["run"], **SHORT, checkpoint_interval=SHORT["steps"], **choice.run
    )
    recipe["loss"] = replace(recipe["loss"], **choice.loss)
    recipe["chances"] = replace(recipe["chances"], **choice.chances)
    with tempfile.TemporaryDirectory() as folder:
        run, replay = make_run(recipe, shared, cache, Path(folder), choice.network)
        if choice.own_head:
            nn.init.xavier_uniform_(run.network.fc_audioset.weight)
        make = Rescaled(_batches(choice, replay, shared), 16 // run.network.segment_frames)
        begun = time.process_time()
        run.learn(prefetched(make, 0, SHORT["steps"], 0 if choice.stored else 1))
        seconds = time.process_time() - begun
        figures = run.evaluate(run.average.network)
    return {
        "parameters": parameters(run.network),
        **{name: f"{value:.5f}" for name, value in figures.items()},
        "seconds_per_step": f"{seconds / SHORT['steps']:.3f}",
    }


def _batches(choice: Choice, replay: Replay, shared: Path) -> Any:
    if choice.stored:
        return StoredLabels(replay.make, read_windows(shared / "distill", "train").logits)
    # Choices that hear the same sounds share their batches.
    name = "-".join(["choices", *(f"{k}{v}" for k, v in choice.chances.items())])
    folder = replay.folder.with_name(name)
    return replace(replay, folder=folder, pool=SHORT["steps"], times=choice.times)


def _rows(table: Path) -> list[dict[str, str]]:
    if not table.exists():
        return []
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _add(table: Path, row: dict[str, object]) -> None:
    new = not table.exists()
    with table.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)


if __name__ == "__main__":
    main()
