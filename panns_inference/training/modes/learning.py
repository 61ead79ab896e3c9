"""A network learns new classes from clips, stage by stage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ...models import Network
from ..batches import Batches, ClipBatch, Clips
from ..distributed import ALONE, Processes
from ..interruption import stopped_by_signals
from ..loop import Run
from ..new_classes import Activation, activation_for, with_new_classes
from ..prefetch import prefetched
from ..samplers import Uniform
from ..settings import Settings
from ..supervised import Supervised
from .features import FIRST, Features, OnFeatures
from .mode import ROW_STEPS, Mode, Stage

CHECKPOINT_STEPS = 2 * ROW_STEPS
"""Steps of a whole network between checkpoints."""

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)

Loss = Callable[[Any, ClipBatch], dict[str, Tensor]]


def learnt(
    clips: Clips,
    network: Network,
    mode: Mode,
    folder: Path,
    *,
    seed: int = 0,
    activation: Activation | None = None,
    features: Clips | None = None,
    processes: Processes = ALONE,
) -> Network:
    """Return a network that has learnt the classes of clips.

    Called again with the same folder, it goes on where it was interrupted: Ctrl-C and SIGTERM write
    a checkpoint first.

    Args:
        clips: to learn from, of one length, at the network's sample rate.
        network: with its weights; it stays as it is.
        mode: how it learns, such as one of `MODES`.
        folder: for checkpoints and scalars of each stage.
        seed: of all draws.
        activation: what makes probabilities of the classes; None follows from the clips, see
            `activation_for`.
        features: those of the clips, if they were computed before, see `Features`.
        processes: that learn the network.

    Returns:
        A new network, on the CPU and in evaluation mode, with an output for each class.

    Raises:
        UsageError: if the network cannot learn so.
        CheckpointError: if the folder has checkpoints of something else.
    """
    is_single_label = clips.dataset.is_single_label
    torch.manual_seed(seed)
    made = with_new_classes(
        network,
        len(clips.dataset.labels),
        activation or activation_for(network, is_single_label=is_single_label),
        hidden=mode.hidden,
        pretrained=mode.pretrained,
    )
    learning = {name for name, each in made.network.named_parameters() if each.requires_grad}
    n_samples = clips.waveforms(FIRST).shape[1]
    for number, stage in enumerate(mode.stages, 1):
        for name, parameter in made.network.named_parameters():
            parameter.requires_grad_(name in (learning if stage.whole else learning & made.new))
        taught: nn.Module = made.network
        given = clips
        if not stage.whole:
            taught = OnFeatures(made.network, n_samples)
            given = features or Features(clips, network, folder)
        _learn(taught, given, stage, folder / f"stage {number}", seed, processes)
    return made.network.cpu().requires_grad_(False).eval()


def _learn(
    network: nn.Module, clips: Clips, stage: Stage, folder: Path, seed: int, processes: Processes
) -> None:
    """Let a network go through a stage, or what is left of it."""
    steps = stage.steps(len(clips.dataset.clips))
    settings = Settings(
        seed=seed,
        steps=steps,
        learning_rate=stage.learning_rate,
        decay=steps // 2,
        scalar_interval=ROW_STEPS,
        evaluation_interval=steps,
        checkpoint_interval=CHECKPOINT_STEPS if stage.whole else steps,
    )
    is_mixed = stage.mixup != "none"
    sampler = Uniform(clips.dataset, stage.batch_size * (1 + is_mixed), seed)
    run = Run(
        network,
        _loss(stage),
        lambda network: {},
        ("loss",),
        settings,
        folder,
        sampler=sampler,
        processes=processes,
    )
    batches = Batches(clips, sampler, is_mixed, processes.share(sampler.batch_size))
    with stopped_by_signals(run.stop, several=processes.count > 1):
        run.learn(prefetched(batches, run.step, steps, 0))


def _loss(stage: Stage) -> Loss:
    supervised: Loss = Supervised(stage.mixup)

    def with_old_statistics(network: nn.Module, batch: ClipBatch) -> dict[str, Tensor]:
        for layer in network.modules():
            if isinstance(layer, NORMS):
                layer.eval()
        return supervised(network, batch)

    return supervised if stage.statistics else with_old_statistics
