"""Which clips are in a batch: all alike, as many of rare classes as of common ones, or in turn.

What is drawn follows from the seed and the number of the draw, so that a batch can be made by any
process, in any order, and nothing has to be kept of what was drawn before.

    queue     B A C | A C B | C B A | ...       all classes, in another order each time
    clip of A   2   | 1     |     2 | ...       all clips of a class, in another order each time
    clip of B 7     |     8 |   9   | ...
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..errors import UsageError
from .data import Dataset

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Indices = NDArray[np.int64]


class Passes:
    """Items without end: all of them in a random order, then all of them in another, and so on.

    Args:
        items: at least one.
        seed: of the orders.
    """

    def __init__(self, items: Sequence[int], seed: tuple[int, ...]) -> None:
        self.items = np.asarray(items, np.int64)
        self._seed = seed
        self._pass, self._order = -1, self.items

    def __getitem__(self, number: int) -> int:
        """Return an item by its number, from 0."""
        turn, place = divmod(number, len(self.items))
        if turn != self._pass:
            self._order = np.random.default_rng((*self._seed, turn)).permutation(self.items)
            self._pass = turn
        return int(self._order[place])


class Sampler(ABC):
    """Step to indices of clips.

    Args:
        dataset: the clips, at least one of which has a class.
        batch_size: clips of a batch.
        seed: of all draws.
    """

    kind: ClassVar[str]
    """Its name in `SAMPLERS`."""

    def __init__(self, dataset: Dataset, batch_size: int, seed: int) -> None:
        self.batch_size, self.seed = batch_size, seed
        self.digest = _digest(dataset)

    @abstractmethod
    def draw(self, number: int) -> int:
        """Return the index of a clip.

        Args:
            number: of the draw, from 0.
        """

    def batch(self, step: int) -> Indices:
        """Return the indices of the clips of a batch, (batch_size,).

        Args:
            step: number of the batch, from 0.
        """
        first = step * self.batch_size
        return np.array([self.draw(first + k) for k in range(self.batch_size)], np.int64)

    def state_dict(self) -> dict[str, Any]:
        """Return what the batches follow from, beside their number."""
        names = ("kind", "batch_size", "seed", "digest")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Compare with the sampler of a checkpoint: there is nothing to be set.

        Args:
            state: what `state_dict` returned.

        Raises:
            UsageError: if this sampler draws other clips.
        """
        ours = self.state_dict()
        if differing := [name for name in ours if state.get(name) != ours[name]]:
            raise UsageError(
                "a run cannot go on with other draws: "
                + ", ".join(f"{NAMES[k]} was {state.get(k)}, is {ours[k]}" for k in differing)
                + "; go on with what it began with, or begin in another folder"
            )


NAMES = {
    "kind": "sampler",
    "batch_size": "batch size",
    "seed": "seed",
    "digest": "digest of the clips",
}
"""What the entries of a state are, for messages."""


class Uniform(Sampler):
    """All clips, again and again.

    Args:
        dataset: the clips, at least one.
        batch_size: clips of a batch.
        seed: of all draws.
    """

    kind = "uniform"

    def __init__(self, dataset: Dataset, batch_size: int, seed: int) -> None:
        super().__init__(dataset, batch_size, seed)
        self._clips = Passes(range(len(dataset.clips)), (seed, 0))

    def draw(self, number: int) -> int:
        return self._clips[number]


class Balanced(Sampler):
    """A clip of each class in turn, as for PANNs; classes without clips have no turn.

    Args:
        dataset: the clips, at least one of which has a class.
        batch_size: clips of a batch.
        seed: of all draws.
    """

    kind = "balanced"

    def __init__(self, dataset: Dataset, batch_size: int, seed: int) -> None:
        super().__init__(dataset, batch_size, seed)
        of_class: dict[str, list[int]] = {label: [] for label in dataset.labels}
        for index, clip in enumerate(dataset.clips):
            for label in clip.labels:
                of_class[label].append(index)
        lists = [clips for clips in of_class.values() if clips]
        if not lists:
            raise UsageError("no clip has a class: there is nothing to be balanced")
        self._classes = Passes(range(len(lists)), (seed, 1))
        self._clips = [Passes(clips, (seed, 2, k)) for k, clips in enumerate(lists)]

    def draw(self, number: int) -> int:
        # A class comes once in each pass over the classes: passes done are clips drawn of it.
        return self._clips[self._classes[number]][number // len(self._clips)]


class Alternate(Sampler):
    """Even batches uniform, odd ones balanced.

    Args:
        dataset: the clips, at least one of which has a class.
        batch_size: clips of a batch.
        seed: of all draws.
    """

    kind = "alternate"

    def __init__(self, dataset: Dataset, batch_size: int, seed: int) -> None:
        super().__init__(dataset, batch_size, seed)
        self._kinds = tuple(kind(dataset, batch_size, seed) for kind in (Uniform, Balanced))

    def draw(self, number: int) -> int:
        step, place = divmod(number, self.batch_size)
        turn, is_odd = divmod(step, 2)
        return self._kinds[is_odd].draw(turn * self.batch_size + place)


SAMPLERS: dict[str, type[Sampler]] = {each.kind: each for each in (Uniform, Balanced, Alternate)}
"""The samplers by their names in a recipe."""


def _digest(dataset: Dataset) -> str:
    """Return a digest of clips in their order, wherever their files lie."""
    found = hashlib.sha256()
    for clip in dataset.clips:
        found.update(repr((clip.path.name, clip.onset, clip.offset, clip.labels)).encode())
    return found.hexdigest()
