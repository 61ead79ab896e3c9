"""The settings of a run: how it learns, and when it writes."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..errors import UsageError
from .optimizers import OPTIMIZERS

AUTOCAST = {"": None, "bfloat16": torch.bfloat16, "float16": torch.float16}
"""Name to the type in which most of a network is computed; nothing leaves all in float32."""


@dataclass(frozen=True)
class Settings:
    """Settings of a run; those of the paper, unless others are given.

    Attributes:
        seed: of every draw of the run.
        steps: length of the run.
        learning_rate: learning rate of the plateau.
        warm_up: steps of the rise of the learning rate, see `Schedule`.
        decay: steps of its fall.
        optimizer: 'adam', which is the paper's, with amsgrad, or 'adamw'.
        weight_decay: that of the optimizer.
        gradient_norm: largest norm of the gradient of a step; 0 does not limit it.
        average_decay: decay of the moving average of the weights in a step; 0 keeps none.
        accumulate: micro-batches of a step; each has an equal share of the batch's clips.
        autocast: 'bfloat16', or 'float16' on GPUs, for mixed precision; empty for float32.
        scalar_interval: steps between rows of the scalars; a row holds the means since the last.
        evaluation_interval: steps between evaluations, a multiple of `scalar_interval`.
        checkpoint_interval: steps between checkpoints, a multiple of `scalar_interval`.

    Raises:
        UsageError: if a name is none of these, or a row of the scalars would be incomplete.
    """

    seed: int
    steps: int
    learning_rate: float = 1e-3
    warm_up: int = 0
    decay: int = 0
    optimizer: str = "adam"
    weight_decay: float = 0.0
    gradient_norm: float = 0.0
    average_decay: float = 0.0
    accumulate: int = 1
    autocast: str = ""
    scalar_interval: int = 1
    evaluation_interval: int = 500
    checkpoint_interval: int = 500

    def __post_init__(self) -> None:
        for name, allowed in (("optimizer", OPTIMIZERS), ("autocast", AUTOCAST)):
            if getattr(self, name) not in allowed:
                names = ", ".join(map(repr, allowed))
                raise UsageError(f"{name} must be one of {names}, not {getattr(self, name)!r}")
        check_least(self, 1, "steps", "accumulate")
        check_least(self, 1, "scalar_interval", "evaluation_interval", "checkpoint_interval")
        for name in ("evaluation_interval", "checkpoint_interval", "steps"):
            if getattr(self, name) % self.scalar_interval:
                raise UsageError(
                    f"{name} must be a multiple of scalar_interval ({self.scalar_interval}), so "
                    f"that every row of scalars is whole; got {getattr(self, name)}"
                )


def check_least(table: object, least: int, *names: str) -> None:
    """Refuse numbers that are too small; None is none.

    Args:
        table: what has them.
        least: the smallest that is allowed.
        names: of its attributes.

    Raises:
        UsageError: if one is smaller.
    """
    for name in names:
        value = getattr(table, name)
        if value is not None and not value >= least:  # NaN is not, either
            raise UsageError(f"{name} must be {least} or more, not {value}")
