"""A run of a few steps on made-up data, as a process of its own that can be killed.

python small_run.py FOLDER STEPS WORKERS
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import torch

from panns_inference.models.mini import PannsMini
from panns_inference.training import Distillation, LabelledBatch, Replay, Run, Settings, prefetched

COLUMNS = ("loss", "clipwise", "framewise", "weight")
STEPS = 6


def small_batch(seed: int, number: int) -> LabelledBatch:
    """Two clips of half a second and two sounds, with labels that follow from their loudness.

    Of the second clip it is not known when they sound.
    """
    draw = torch.Generator().manual_seed(seed * 1000 + number)
    level = torch.randn(2, 1, generator=draw)
    image = level[:, :, None, None] + torch.randn(2, 1, 48, 32, generator=draw) / 2
    clipwise = (4 * level * torch.linspace(-1, 1, 12)).sigmoid()
    active = torch.rand(2, 2, 3, generator=draw)
    sounds = torch.stack([clipwise, clipwise.flip(1)], dim=1)
    return LabelledBatch(image, clipwise, sounds, active, torch.tensor([1.0, 0.0]))


def small_network() -> PannsMini:
    """The network on twelve classes and 32 mel bins."""
    torch.manual_seed(5)
    return PannsMini(32000, 800, 320, 32, 0, 15000, 12)


def weight_of(network: PannsMini) -> dict[str, float]:
    """A figure that stands for an evaluation: one weight."""
    return {"weight": float(network.fc1.weight[0, 0])}


def small_run(folder: Path, steps: int = STEPS) -> Run[PannsMini, LabelledBatch]:
    """The run; it evaluates and writes its state every two steps."""
    settings = Settings(
        seed=1,
        steps=steps,
        optimizer="adamw",
        warm_up=2,
        decay=2,
        weight_decay=0.01,
        gradient_norm=1.0,
        average_decay=0.999,
        evaluation_interval=2,
        checkpoint_interval=2,
    )
    return Run(small_network(), Distillation(), weight_of, COLUMNS, settings, folder)


def main() -> None:
    """Run to the end, from wherever the folder's state is."""
    folder, steps, n_workers = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(1)
    run = small_run(folder, steps)
    replay = Replay(
        partial(small_batch, 1), LabelledBatch, folder / "batches", seed=1, pool=3, times=2
    )
    run.learn(prefetched(replay, run.step, steps, n_workers))


if __name__ == "__main__":
    main()
