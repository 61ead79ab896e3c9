"""Pretraining: a network learns labelled clips by a recipe, in a folder, however often interrupted.

recipe.toml --> clips --sampler--> batches --prefetched--> run --> checkpoint.pth, scalars.csv
|                                         |
'------------------------------------> judging --> best.pth, classes.csv
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from ...checkpoints import save
from ...errors import UsageError
from ...files import atomic_write, explained
from ...models import Network
from ..batches import Batches, ClipBatch, check_size
from ..distributed import Processes, processes
from ..interruption import stopped_by_signals
from ..judging import Judging
from ..loop import CHECKPOINT, Run
from ..prefetch import prefetched
from ..recipe import differences, read_recipe, recipe_text
from ..samplers import SAMPLERS
from ..scalars import read_scalars
from ..supervised import Supervised, augment_spectra
from .clips import read_clips
from .tables import TABLES, read_training

BEST = "best.pth"
"""The network with the largest mAP, in the folder of a run."""


def train(
    recipe: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    changes: Iterable[str] = (),
) -> Path:
    """Let a network learn by a recipe, or go on with it where the folder says so.

    Under torchrun, each of its processes calls this. The first Ctrl-C or SIGTERM writes a
    checkpoint behind the present step, and then ends the program as ever.

    Args:
        recipe: the TOML file, with the tables of `TABLES`.
        folder: of the run. `checkpoint.pth` is what it goes on from, `scalars.csv` and
            `tensorboard/` what it has measured, `best.pth` the network with the largest mAP so far,
            for `AudioTagging`, and `classes.csv` the figures of each class, of the last network.
        changes: values that stand for those of the recipe, as `learn.steps=1000`.

    Returns:
        The path of `best.pth`.

    Raises:
        UsageError: if the recipe is wrong, or the folder is of another one.
        CheckpointError: if the folder's checkpoint cannot be read.
        AudioError: if no clip can be.
    """
    tables, target = read_training(recipe, changes), Path(folder)
    machine, settings = tables["machine"], tables["learn"]
    if machine.threads is not None:
        torch.set_num_threads(machine.threads)
    torch.set_flush_denormal(True)
    with processes(machine.device) as group:
        run, batches = prepared(tables, target, group)
        with stopped_by_signals(run.stop, several=group.count > 1):
            run.learn(prefetched(batches, run.step, settings.steps, machine.workers))
    return target / BEST


def prepared(
    recipe: dict[str, Any], folder: Path, group: Processes
) -> tuple[Run[Network, ClipBatch], Batches]:
    """Return a run, at its last checkpoint, and its batches.

    Args:
        recipe: tables of the recipe.
        folder: of the run.
        group: the processes that learn.

    Raises:
        UsageError: as `train`.
        CheckpointError: as `train`.
        AudioError: as `train`.
    """
    settings, augment, sampling = (recipe[name] for name in ("learn", "augment", "sampler"))
    check_size(sampling.batch_size, group.count, settings.accumulate)
    if group.is_first:
        keep_recipe(recipe, folder)
    torch.manual_seed(settings.seed)
    learnt, judged = read_clips(recipe, folder, group)
    labels, mids = learnt.dataset.labels, learnt.dataset.mids
    network = recipe["network"].build(len(labels))
    if network.activation == "softmax" and not learnt.dataset.is_single_label:
        raise UsageError("activation = 'softmax' needs exactly one class in each clip")
    augment_spectra(network, augment.time_width, augment.mel_width, augment.stripes)
    is_mixed = augment.mixup != "none"
    n_drawn = sampling.batch_size * (2 if is_mixed else 1)
    sampler = SAMPLERS[sampling.kind](learnt.dataset, n_drawn, settings.seed)
    judging = Judging(judged, sampling.batch_size, folder / "classes.csv")
    run = Run(
        network,
        Supervised(augment.mixup, augment.of_waveforms(network.sample_rate)),
        KeepBest(judging, folder),
        ("loss", *Judging.columns),
        settings,
        folder,
        sampler=sampler,
        labels=labels,
        mids=mids,
        processes=group,
    )
    return run, Batches(learnt, sampler, is_mixed, group.share(n_drawn))


@dataclass(frozen=True)
class KeepBest:
    """Network to metrics; the network with the largest mAP is kept as `best.pth`.

    Attributes:
        judging: network to metrics.
        folder: of the run.
    """

    judging: Judging
    folder: Path

    def __call__(self, network: Network) -> dict[str, float]:
        """Return the metrics.

        Args:
            network: in evaluation mode.
        """
        figures = self.judging(network)
        # The table is cut where a run goes on, so that it says what was best up to there.
        before = [row["mAP"] for row in read_scalars(self.folder / "scalars.csv") if "mAP" in row]
        if not before or figures["mAP"] > max(before):
            data = self.judging.clips.dataset
            path = self.folder / BEST
            save(network, path, labels=data.labels, mids=data.mids, overwrite=True)
        return figures


def keep_recipe(recipe: dict[str, Any], folder: Path) -> None:
    """Write a recipe into the folder of its run; one by which nothing was learnt yet is replaced.

    One with more steps goes on with the run, unless its learning rate falls towards the last step.

    Args:
        recipe: tables of the recipe.
        folder: of the run.

    Raises:
        UsageError: if the folder holds other files, or something was learnt by another recipe.
        OutputError: if it cannot be written.
    """
    path = folder / "recipe.toml"
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        is_ours = path.exists() or all(each.name.startswith(".") for each in folder.iterdir())
    if not is_ours:
        raise UsageError(f"{folder} holds other files: give a new folder for the run")
    if (folder / CHECKPOINT).exists():
        before = read_recipe(path, TABLES)
        now, then = recipe["learn"], before["learn"]
        if now.steps > then.steps and not now.decay:  # the steps before are the same
            before["learn"] = replace(then, steps=now.steps)
        changed = differences({**recipe, "machine": before["machine"]}, before)
        if changed:
            raise UsageError(
                f"{folder} is of another recipe: {', '.join(changed)}; go on with what it began "
                "with, or begin in another folder"
            )
    with atomic_write(path) as file:
        file.write(recipe_text(recipe))
