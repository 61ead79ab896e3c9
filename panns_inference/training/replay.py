"""Batches that cost much to make, kept on the disk and learnt from several times.

step     0 1 2 3 | 4 5 6 7 | 8 9 10 11 | ...      pool of 4 batches, each heard twice
batch    0 1 2 3 | 2 0 3 1 | 5 7 4 6   | ...      in another order each time
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from .checkpoint import save
from .distillation import LabelledBatch


@dataclass(frozen=True)
class Replay:
    """Step to batch: of a pool of batches, each of which comes several times.

    Attributes:
        make: makes the batch of a number.
        folder: where the batches are kept.
        seed: of their order.
        pool: batches of a pool.
        times: how often a pool is gone through before the next one is made.
    """

    make: Callable[[int], LabelledBatch]
    folder: Path
    seed: int
    pool: int
    times: int

    def number(self, step: int) -> int:
        """Number of the batch of a step.

        Args:
            step: number of the step, from 0.
        """
        epoch, place = divmod(step, self.pool)
        order = np.random.default_rng((self.seed, epoch)).permutation(self.pool)
        return epoch // self.times * self.pool + int(order[place])

    def __call__(self, step: int) -> LabelledBatch:
        return self.stored(self.number(step))

    def stored(self, number: int) -> LabelledBatch:
        """A batch, read if it was made before, and else made and kept.

        Args:
            number: number of the batch.
        """
        path = self.folder / f"{number:06d}.pt"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            batch = self.make(number)
            # Half precision is 0.06 dB at worst: far less than the teacher notices.
            save(batch._replace(decibels=batch.decibels.half())._asdict(), path)
        content = torch.load(path, weights_only=True)
        return LabelledBatch(**{**content, "decibels": content["decibels"].float()})
