"""A network that has learnt new classes, and how good it is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ...batch import Failure
from ...checkpoints import save
from ...models import Network
from .results import Results


@dataclass(frozen=True, eq=False)
class Transferred:
    """A network that has learnt new classes.

    Attributes:
        network: with all of the other one but its last layers.
        labels: display names of the classes.
        mids: an identifier of each; empty if they have none.
        thresholds: of each class, the probability from which on `detect` finds an event.
        method: by which it finds events; '' is the usual one.
        results: how good it is, by clips that had no part in it; None if there are too few.
        n_clips: clips that it has learnt from.
        failures: clips that could not be read.
    """

    network: Network
    labels: tuple[str, ...]
    mids: tuple[str, ...]
    thresholds: tuple[float, ...]
    method: str
    results: Results | None
    n_clips: int
    failures: tuple[Failure, ...]

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write it as one file that needs nothing else, as `checkpoints.save` does.

        Args:
            path: of the file.
            overwrite: whether a file that is there is replaced.

        Returns:
            The path.

        Raises:
            OutputError: if the file is there, or cannot be written.
        """
        return save(
            self.network,
            path,
            labels=self.labels,
            mids=self.mids,
            thresholds=self.thresholds,
            method=self.method,
            overwrite=overwrite,
        )
