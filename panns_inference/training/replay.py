"""Batches that cost much to make, kept on the disk and learnt from several times.

step     0 1 2 3 | 4 5 | 6 7 | 8 9 | ...      each batch is heard twice, four batches apart:
batch    0 0 1 0 | 2 1 | 3 0 | 4 0 | ...      a new one at every second step, then an old one
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
    """Step to batch: a new one at every `times`-th step, old ones between.

    New batches come evenly, so that who makes them and who learns from them work side by side.

    Attributes:
        make: makes the batch of a number.
        folder: where the batches are kept.
        seed: of which batches come again.
        pool: how many of the last batches are kept and may come again.
        times: how often a batch is heard, on average.
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
        newest, old = divmod(step, self.times)
        if not old:
            return newest
        oldest = max(0, newest + 1 - self.pool)
        return int(np.random.default_rng((self.seed, step)).integers(oldest, newest + 1))

    def __call__(self, step: int) -> LabelledBatch:
        return self.stored(self.number(step))

    def stored(self, number: int) -> LabelledBatch:
        """A batch, read if it was made before, and else made and kept.

        Args:
            number: number of the batch.
        """
        path = self._path(number)
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            batch = self.make(number)
            # Half precision is 0.06 dB at worst: far less than the teacher notices.
            small = batch._replace(decibels=batch.decibels.half(), local=batch.local.half())
            save(small._asdict(), path)
            # A run that goes on behind an earlier checkpoint makes what it needs once more.
            self._path(number - self.pool).unlink(missing_ok=True)
        content = torch.load(path, weights_only=True)
        whole = {name: content[name].float() for name in ("decibels", "local")}
        return LabelledBatch(**{**content, **whole})

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06d}.pt"
