"""How good a way of transfer is: fold by fold, by clips that had no part in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError
from ...files import atomic_write
from ...models import Network
from ..batches import Clips, Selection
from ..data import Dataset
from ..judging import Judging
from ..new_classes import activation_for
from .features import Features, OnFeatures, digest
from .learning import learnt
from .mode import Mode

Metric = Callable[[NDArray[Any], NDArray[Any]], float]
"""Targets and probabilities, both (clips, classes), to a figure."""


@dataclass(frozen=True, eq=False)
class Division:
    """Two sides of a data set, which share no clip.

    Attributes:
        name: such as `fold 3`.
        learnt: indices of the clips that are learnt from.
        judging: indices of those that judge.
    """

    name: str
    learnt: NDArray[np.int64]
    judging: NDArray[np.int64]


def divisions(dataset: Dataset) -> Iterator[Division]:
    """Yield each fold against the others; without folds, the split `test` against all others.

    Args:
        dataset: clips with folds or splits.

    Raises:
        UsageError: if it has neither, or one of two sides would be empty.
    """
    folds = np.array([clip.fold for clip in dataset.clips])
    names = sorted({*folds.tolist()}, key=lambda name: (len(name), name))
    judging = {f"fold {name}": folds == name for name in names}
    if len(names) < 2:
        judging = {"test": np.array([clip.split == "test" for clip in dataset.clips])}
    for name, mask in judging.items():
        if mask.all() or not mask.any():
            raise UsageError(
                "a network is judged by clips that it has not learnt from: give clips at least two "
                "folds, or some of them the split 'test'"
            )
        yield Division(name, np.flatnonzero(~mask), np.flatnonzero(mask))


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """What was found in clips that had no part in learning.

    Attributes:
        dataset: all clips.
        divisions: how they were divided.
        probabilities: of the clips that judge in each division, (clips, classes) each.
    """

    dataset: Dataset
    divisions: tuple[Division, ...]
    probabilities: tuple[NDArray[np.float32], ...]

    def figures(self, metric: Metric) -> list[float]:
        """Return a figure for each division.

        Args:
            metric: such as `metrics.accuracy`.
        """
        targets = self.dataset.targets
        pairs = zip(self.divisions, self.probabilities, strict=True)
        return [metric(targets[each.judging], found) for each, found in pairs]

    def mean(self, metric: Metric) -> tuple[float, float]:
        """Return the mean over the divisions, and their standard deviation.

        Args:
            metric: such as `metrics.accuracy`.
        """
        figures = self.figures(metric)
        return fmean(figures), pstdev(figures)


def cross_validated(
    clips: Clips, network: Network, mode: Mode, folder: Path, *, seed: int = 0
) -> CrossValidation:
    """Return what networks find in each fold, that have learnt from the other ones.

    Called again with the same folder, it goes on where it was interrupted. Features of the network
    are computed once for all modes and seeds of a folder.

    Args:
        clips: of one length, at the network's sample rate, with folds or a split `test`.
        network: with its weights; it stays as it is.
        mode: how it learns, such as one of `MODES`.
        folder: for features, checkpoints and probabilities.
        seed: of all draws.

    Raises:
        UsageError: if there is nothing to judge by, or the network cannot learn so.
        CheckpointError: if the folder has checkpoints of something else.
    """
    divided = tuple(divisions(clips.dataset))
    uses_features = not all(stage.whole for stage in mode.stages)
    features = Features(clips, network, folder) if uses_features else None
    activation = activation_for(network, is_single_label=clips.dataset.is_single_label)
    mark = digest(clips, network, mode)
    run = folder / f"{type(network).__name__} {mode.name} seed {seed} {mark}"
    found = []
    for division in divided:
        path = run / division.name / "probabilities.npy"
        if not path.exists():
            made = learnt(
                Selection(clips, division.learnt),
                network,
                mode,
                path.parent,
                seed=seed,
                activation=activation,
                features=Selection(features, division.learnt) if features else None,
            )
            if features and mode.is_frozen:
                judging = Judging(Selection(features, division.judging))
                probabilities = judging.probabilities(OnFeatures(made, features.n_samples).eval())
            else:
                probabilities = Judging(Selection(clips, division.judging)).probabilities(made)
            _write(probabilities, path)
        found.append(np.load(path))
    return CrossValidation(clips.dataset, divided, tuple(found))


def _write(array: NDArray[np.float32], path: Path) -> None:
    with atomic_write(path, binary=True) as file:
        np.save(file, array)
