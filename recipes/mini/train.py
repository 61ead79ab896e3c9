"""Make PannsMini: one command, one recipe.

    python -m recipes.mini.train --shared ../shared --folder RUN

Stopped by SIGTERM, it writes its state first; killed at any moment, the same command resumes at
the last checkpoint.
"""

from __future__ import annotations

import argparse
import csv
import logging
import signal
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from panns_inference.checkpoints import load
from panns_inference.models import build
from panns_inference.models.mini import PannsMini
from panns_inference.training.distillation import Distillation, LabelledBatch
from panns_inference.training.evaluation import clip_probabilities, soft_label_figures
from panns_inference.training.loop import Run, Settings
from panns_inference.training.prefetch import prefetched
from panns_inference.training.recipe import read_recipe
from panns_inference.training.recordings import decode, write_recordings
from panns_inference.training.replay import Replay

from .batches import Batches, Lengths
from .mixtures import Chances, Window
from .sounds import SAMPLE_RATE
from .sounds.bells import bells
from .sounds.instruments import instruments
from .sounds.speech import speech
from .sounds.tones import tones
from .teacher import read_teacher

HERE = Path(__file__).parent
WINDOW = 5 * SAMPLE_RATE
SHORTEST = SAMPLE_RATE // 3
COLUMNS = ("loss", "clip", "stretch", "embedding", "local", "cross_entropy", "mAP", "top1")


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
    "lengths": Lengths,
    "chances": Chances,
    "made": Made,
    "pool": Pool,
    "machine": Machine,
}


@dataclass(frozen=True)
class Windows:
    """The windows of one split, and the teacher's stored labels."""

    windows: list[Window]
    logits: np.ndarray
    """(windows, 527)."""


def read_windows(distill: Path, split: str) -> Windows:
    """Windows of `windows.csv`.

    Args:
        distill: folder with `windows.csv` and `soft.npz`.
        split: 'train' or 'validation'.
    """
    with (distill / "windows.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    chosen = [index for index, row in enumerate(rows) if row["split"] == split]
    windows = [
        Window(
            rows[index]["file"],
            round(float(rows[index]["start"]) * SAMPLE_RATE),
            round(float(rows[index]["seconds"]) * SAMPLE_RATE),
        )
        for index in chosen
    ]
    return Windows(windows, np.load(distill / "soft.npz")["logits"][chosen].astype(np.float32))


def prepare(distill: Path, made: Made, cache: Path) -> None:
    """Decode the recordings and make the sounds, unless that is done.

    Args:
        distill: folder of the recordings.
        made: how many sounds.
        cache: folder of the results.
    """
    if not (cache / "real" / "index.csv").exists():
        windows = [
            w for split in ("train", "validation") for w in read_windows(distill, split).windows
        ]
        names = dict.fromkeys(window.name for window in windows)
        write_recordings(((n, decode(distill / n, SAMPLE_RATE)) for n in names), cache / "real")
    if not (cache / "made" / "index.csv").exists():
        sounds = (
            bells(made.bells, made.seed),
            tones(made.tones, made.seed),
            speech(made.utterances, made.seed),
            instruments(made.songs, made.seed),
        )
        write_recordings(chain(*sounds), cache / "made")


class Validation:
    """Figures on the validation windows.

    Args:
        recordings: name to waveform, (samples,) float32.
        windows: the validation windows.
    """

    def __init__(self, recordings: Mapping[str, NDArray[np.float32]], windows: Windows) -> None:
        self.waveforms = [_piece(recordings[w.name], w) for w in windows.windows]
        self.teacher = 1 / (1 + np.exp(-windows.logits.astype(np.float64)))

    def __call__(self, network: PannsMini) -> dict[str, float]:
        return self.figures_of(clip_probabilities(network, self.waveforms))

    def figures_of(self, probabilities: NDArray[np.floating]) -> dict[str, float]:
        """Figures of any tagger.

        Args:
            probabilities: its probabilities, (windows, 527).
        """
        return soft_label_figures(self.teacher, probabilities)


def _piece(recording: NDArray[np.float32], window: Window) -> NDArray[np.float32]:
    # The table rounds to milliseconds: a window of less than 5 s is the whole recording. Below a
    # third of a second the teacher was given silence after it.
    if window.length == WINDOW:
        return recording[window.start : window.start + WINDOW]
    return np.pad(recording, (0, max(0, SHORTEST - len(recording))))


def student(weights: Path, seed: int, kind: type[PannsMini] = PannsMini) -> PannsMini:
    """The network as it begins: its last layer is the teacher's, all else is random.

    Args:
        weights: of the teacher.
        seed: of the random values.
        kind: class of the network.
    """
    torch.manual_seed(seed)
    network = kind(32000, 1024, 320, 64, 50, 14000, 527)
    network.fc_audioset.load_state_dict(read_teacher(weights).classifier[5].state_dict())
    network.fc_audioset.requires_grad_(True)
    return network.to(memory_format=torch.channels_last)


def make_run(
    recipe: dict[str, Any],
    shared: Path,
    cache: Path,
    folder: Path,
    kind: type[PannsMini] = PannsMini,
) -> tuple[Run[PannsMini, LabelledBatch], Replay[LabelledBatch]]:
    """What `main` runs: the run, at its last checkpoint, and its batches by step.

    Args:
        recipe: tables of the recipe.
        shared: folder of the test data, which holds `distill`.
        cache: folder of decoded and made sounds.
        folder: folder of the run.
        kind: class of the network.
    """
    distill, settings = shared / "distill", recipe["run"]
    weights = distill / "teacher" / "mn04_as_mAP_432.pt"
    prepare(distill, recipe["made"], cache)
    train = read_windows(distill, "train")
    classes = [int(k) for k in train.logits.argmax(axis=1)]
    batches = Batches(
        cache,
        weights,
        train.windows,
        classes,
        recipe["chances"],
        recipe["lengths"],
        settings.seed,
    )
    held_out = read_windows(distill, "validation")
    names = {window.name for window in held_out.windows}
    waveforms = {name: decode(distill / name, SAMPLE_RATE) for name in names}
    validation = Validation(waveforms, held_out)
    network = student(weights, settings.seed, kind)
    run = Run(network, recipe["loss"], validation, COLUMNS, settings, folder)
    pool = recipe["pool"]
    return run, Replay(
        batches, LabelledBatch, cache / "batches", settings.seed, pool.batches, pool.times
    )


def first_steps(recipe: dict[str, Any], number: int) -> dict[str, Any]:
    """The recipe's first steps in the form in which they can be compared between machines.

    Float32 on one thread, a row of scalars for each step.

    Args:
        recipe: tables of the recipe.
        number: how many steps; a checkpoint is written at half of them.
    """
    begin = {"steps": number, "decay": 0, "scalar_interval": 1, "checkpoint_interval": number // 2}
    return {
        **recipe,
        "run": replace(recipe["run"], **begin),
        "loss": replace(recipe["loss"], bfloat16=False),
        "machine": replace(recipe["machine"], threads=1),
    }


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", type=Path, default=HERE / "recipe.toml")
    parser.add_argument("--shared", type=Path, required=True, help="folder that holds distill/")
    parser.add_argument("--folder", type=Path, required=True, help="folder of the run")
    parser.add_argument("--cache", type=Path, help="folder of decoded sounds (default: in folder)")
    parser.add_argument("--begin", type=Path, help="weights of another run to begin with")
    parser.add_argument("--first", type=int, help="only so many steps, in float32, for comparison")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    recipe = read_recipe(given.recipe, TABLES)
    if given.first:
        recipe = first_steps(recipe, given.first)
    machine = recipe["machine"]
    torch.set_num_threads(machine.threads)
    torch.set_flush_denormal(True)
    cache = given.cache or given.folder / "cache"
    run, batches = make_run(recipe, given.shared, cache, given.folder)
    if given.begin and run.step == 0:
        run.start_from(load(build("PannsMini"), given.begin))
    signal.signal(signal.SIGTERM, lambda *_: run.stop())
    run.learn(prefetched(batches, run.step, recipe["run"].steps, machine.workers))


if __name__ == "__main__":
    main()
