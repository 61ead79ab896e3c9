"""Batches that cost much to make, kept on the disk and learnt from several times.

step     0 1 2 3 | 4 5 | 6 7 | 8 9 | ...      each batch is used twice, four batches apart:
batch    0 0 1 0 | 2 1 | 3 0 | 4 0 | ...      a new one at every second step, then an old one
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from ..checkpoint import save

Batch = TypeVar("Batch", bound=tuple[object, ...])


@dataclass(frozen=True)
class Replay(Generic[Batch]):
    """Step to batch: a new one at every `times`-th step, old ones between.

    New batches come evenly, so that what makes them and what learns from them work side by side.

    Attributes:
        make: makes the batch of a number, a named tuple.
        kind: class of the batches.
        folder: where the batches are kept.
        seed: of which batches come again.
        pool: how many of the last batches are kept and may come again.
        times: how often a batch is used, on average.
    """

    make: Callable[[int], Batch]
    kind: type[Batch]
    folder: Path
    seed: int
    pool: int
    times: int

    def number(self, step: int) -> int:
        """Return the number of the batch of a step.

        Args:
            step: number of the step, from 0.
        """
        newest, old = divmod(step, self.times)
        if not old:
            return newest
        oldest = max(0, newest + 1 - self.pool)
        return int(np.random.default_rng((self.seed, step)).integers(oldest, newest + 1))

    def __call__(self, step: int) -> Batch:
        return self.stored(self.number(step))

    def stored(self, number: int) -> Batch:
        """Return a batch, read if it was made before, and else made and kept.

        Args:
            number: number of the batch.
        """
        path = self._path(number)
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            fields = self.make(number)._asdict()  # type: ignore[attr-defined]
            # Half precision is 0.06 dB of a log-mel at worst: far less than a teacher notices.
            save({name: _half(value) for name, value in fields.items()}, path)
            # A run that goes on after an earlier checkpoint makes what it needs once more.
            self._path(number - self.pool).unlink(missing_ok=True)
        stored = torch.load(path, weights_only=True)
        return self.kind(**{name: _single(value) for name, value in stored.items()})

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06d}.pt"


def _half(value: object) -> object:
    return value.half() if isinstance(value, Tensor) and value.is_floating_point() else value


def _single(value: object) -> object:
    return value.float() if isinstance(value, Tensor) and value.is_floating_point() else value
