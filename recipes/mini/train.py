"""Make PannsMini: one command, one recipe.

    python -m recipes.mini.train --shared ../shared --folder RUN

Stopped by SIGTERM, it writes its state first; killed at any moment, the same command resumes at
the last checkpoint.
"""

from __future__ import annotations

import argparse
import logging
import signal
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from torch import nn

from panns_inference.checkpoints import load
from panns_inference.models import build
from panns_inference.models.mini import PannsMini
from panns_inference.training.distillation.loss import Distillation, LabelledBatch
from panns_inference.training.distillation.recordings import Recordings, write_recordings
from panns_inference.training.distillation.replay import Replay
from panns_inference.training.loop import Run
from panns_inference.training.prefetch import prefetched
from panns_inference.training.recipe import read_recipe
from panns_inference.training.settings import Settings

from . import collection
from .batches import Batches, Kinds
from .folded import folded
from .mixtures import Chances
from .scenes import Placing
from .sounds.bells import bells
from .sounds.instruments import instruments
from .sounds.speech import speech
from .sounds.tones import tones
from .teacher import read_teacher
from .validation import Validation

HERE = Path(__file__).parent
NEIGHBOURS = (0.05, 0.2, 0.5, 0.2, 0.05)
"""Weights of a segment and of two on each side, with which the framewise head begins."""

COLUMNS = ("loss", "clipwise", "framewise", *Validation.columns)


@dataclass(frozen=True)
class Made:
    """How many sounds the recipe makes itself."""

    seed: int
    bells: int
    tones: int
    utterances: int
    songs: int


@dataclass(frozen=True)
class Machine:
    """How the work is spread."""

    threads: int = 2
    workers: int = 1
    """Processes that make batches."""


@dataclass(frozen=True)
class Pool:
    """How batches are used again, see `Replay`."""

    batches: int
    times: int


TABLES = {
    "run": Settings,
    "loss": Distillation,
    "kinds": Kinds,
    "placing": Placing,
    "chances": Chances,
    "made": Made,
    "pool": Pool,
    "machine": Machine,
}


def make_sounds(made: Made, folder: Path) -> None:
    """Make the sounds that are made, unless that is done.

    Args:
        made: how many.
        folder: of the results.
    """
    if not (folder / "index.csv").exists():
        sounds = (
            bells(made.bells, made.seed),
            tones(made.tones, made.seed),
            speech(made.utterances, made.seed),
            instruments(made.songs, made.seed),
        )
        write_recordings(chain(*sounds), folder)


def student(weights: Path) -> PannsMini:
    """Return the network as it begins: with the teacher's weights, and a framewise head alike.

    Args:
        weights: of the teacher.
    """
    torch.manual_seed(0)
    teacher = read_teacher(weights)
    network = PannsMini(**asdict(PannsMini.published), classes_num=527)
    n_blocks = len(network.features)
    _copy([*teacher.features][:n_blocks], network.features)
    _copy([*teacher.features][n_blocks:], network.deep)
    dense, classes = teacher.classifier[2], teacher.classifier[5]
    network.fc1.load_state_dict(dense.state_dict())
    network.fc_audioset.load_state_dict(classes.state_dict())
    first, hidden, _, second, last = network.framewise_head
    with torch.no_grad():
        # Each segment begins as a clip of its own and of its neighbours; bands count little yet.
        for along in (first, second):
            along.weight.copy_(torch.tensor(NEIGHBOURS).expand_as(along.weight))
            along.bias.zero_()
        hidden.weight[:, : network.channels, 0] = dense.weight
        hidden.weight[:, network.channels :] *= 0.1
        hidden.bias.copy_(dense.bias)
        last.weight.copy_(classes.weight[..., None])
        last.bias.copy_(classes.bias)
    return network.eval()


def _copy(teacher: list[nn.Module], network: nn.Module) -> None:
    # The teacher's images have time across.
    network.load_state_dict(
        {
            name.replace("conc_se_layers.0.", ""): value.mT if value.ndim == 4 else value
            for name, value in nn.Sequential(*teacher).state_dict().items()
        }
    )


@dataclass(frozen=True)
class Folders:
    """Where the sounds lie."""

    shared: Path
    """Folder of `distill`, `wild` and `everyday`."""

    packages: Path | None
    """What `recipes.mini.packages` laid out; None to do without."""

    @property
    def distill(self) -> Path:
        """Recordings with a split of their own, and the teacher."""
        return self.shared / "distill"

    @property
    def weights(self) -> Path:
        """Of the teacher."""
        return self.distill / "teacher" / "mn04_as_mAP_432.pt"

    @property
    def sources(self) -> list[Path]:
        """Folders that are split by source."""
        found = [self.shared / "wild", self.shared / "everyday", self.packages]
        return [folder for folder in found if folder]


def make_run(
    recipe: dict[str, Any], folders: Folders, cache: Path, folder: Path
) -> tuple[Run[PannsMini, LabelledBatch], Replay[LabelledBatch]]:
    """Return what `main` runs: the run, at its last checkpoint, and its batches by step.

    Args:
        recipe: tables of the recipe.
        folders: where the sounds lie.
        cache: folder of decoded and made sounds.
        folder: folder of the run.
    """
    settings, distill = recipe["run"], folders.distill
    windows = {split: collection.read_distill(distill, split) for split in ("train", "validation")}
    learnt = collection.read_sounds(folders.sources, held_out=False)
    unseen = collection.read_sounds(folders.sources, held_out=True)
    every = (*windows.values(), learnt, unseen)
    collection.prepare(every, distill, folders.sources, cache / "real")
    make_sounds(recipe["made"], cache / "made")
    batches = Batches(
        cache,
        folders.weights,
        collection.joined([windows["train"], learnt]),
        recipe["chances"],
        recipe["placing"],
        recipe["kinds"],
        settings.seed,
    )
    validation = Validation(Recordings(cache / "real"), windows["validation"], unseen)
    network = folded(student(folders.weights))
    run = Run(network, recipe["loss"], validation, COLUMNS, settings, folder)
    pool = recipe["pool"]
    return run, Replay(
        batches, LabelledBatch, cache / "batches", settings.seed, pool.batches, pool.times
    )


def first_steps(recipe: dict[str, Any], number: int) -> dict[str, Any]:
    """The recipe's first steps in the form in which they can be compared between machines.

    One thread, a row of scalars for each step.

    Args:
        recipe: tables of the recipe.
        number: how many steps; a checkpoint is written at half of them.
    """
    begin = {"steps": number, "decay": 0, "scalar_interval": 1}
    begin |= dict.fromkeys(("evaluation_interval", "checkpoint_interval"), number // 2)
    return {
        **recipe,
        "run": replace(recipe["run"], **begin),
        "machine": replace(recipe["machine"], threads=1),
    }


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", type=Path, default=HERE / "recipe.toml")
    parser.add_argument("--shared", type=Path, required=True, help="folder of distill/, wild/, ...")
    parser.add_argument("--packages", type=Path, help="folder that recipes.mini.packages filled")
    parser.add_argument("--folder", type=Path, required=True, help="folder of the run")
    parser.add_argument("--cache", type=Path, help="folder of decoded sounds (default: in folder)")
    parser.add_argument("--begin", type=Path, help="weights of another run to begin with")
    parser.add_argument("--first", type=int, help="only so many steps, for comparison")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    recipe = read_recipe(given.recipe, TABLES)
    if given.first:
        recipe = first_steps(recipe, given.first)
    machine = recipe["machine"]
    torch.set_num_threads(machine.threads)
    torch.set_flush_denormal(True)
    cache = given.cache or given.folder / "cache"
    folders = Folders(given.shared, given.packages)
    run, batches = make_run(recipe, folders, cache, given.folder)
    if given.begin and run.step == 0:
        run.start_from(folded(load(build("PannsMini"), given.begin).eval()))
    signal.signal(signal.SIGTERM, lambda *_: run.stop())
    run.learn(prefetched(batches, run.step, recipe["run"].steps, machine.workers))


if __name__ == "__main__":
    main()
