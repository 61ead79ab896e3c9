"""A network is transferred to a task, and judged as the paper judges it."""

from __future__ import annotations

from pathlib import Path

from panns_inference.models import Network
from panns_inference.training.batches import Clips
from panns_inference.training.modes import Mode, cross_validated

from .segments import by_recording
from .task import METRICS, Task


def transferred(
    task: Task, clips: Clips, network: Network, mode: Mode, folder: Path, seed: int = 0
) -> list[float]:
    """Return the figure of each fold, or of the split that judges.

    Called again with the same folder, it goes on where it was interrupted.

    Args:
        task: the task.
        clips: of its data set, at the network's sample rate.
        network: with the weights that it starts with.
        mode: how it learns.
        folder: for checkpoints.
        seed: of what is random in learning.
    """
    found = cross_validated(clips, network, mode, folder, seed=seed)
    every, targets = clips.dataset.clips, clips.dataset.targets
    return [
        METRICS[task.metric](
            *by_recording(
                [every[index] for index in division.judging.tolist()],
                targets[division.judging],
                probabilities,
            )
        )
        for division, probabilities in zip(found.divisions, found.probabilities, strict=True)
    ]
