"""How good a network is in labelled clips, as a run judges it on the way."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch
from torch import nn

from ..files import atomic_write
from ..metrics import TaggingScores, tagging_scores
from ..models import Network
from .batches import Clips
from .supervised import LOSSES

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Judging:
    """Network to metrics, as `Run` takes it.

    Attributes:
        clips: to judge by.
        batch_size: clips that are computed at a time.
        table: a CSV file with the figures of each class, written anew each time; None for none.
    """

    columns: ClassVar[tuple[str, ...]] = ("mAP", "mAUC", "d_prime", "evaluation_loss")
    """Names of the metrics."""

    clips: Clips
    batch_size: int = 32
    table: Path | None = None

    def __call__(self, network: Network) -> dict[str, float]:
        """Return the metrics.

        Args:
            network: in evaluation mode.
        """
        targets, probabilities = self.clips.dataset.targets, self.probabilities(network)
        scores = tagging_scores(targets, probabilities)
        if self.table is not None:
            self._write(scores, self.table)
        loss = LOSSES[network.activation](*map(torch.from_numpy, (probabilities, targets)))
        figures = scores.mean_average_precision, scores.mean_auc, scores.d_prime, float(loss)
        return dict(zip(self.columns, figures, strict=True))

    def probabilities(self, network: nn.Module) -> NDArray[np.float32]:
        """Return the clipwise probabilities, (clips, classes).

        Args:
            network: in evaluation mode.
        """
        device = next(network.parameters()).device
        indices = np.arange(len(self.clips.dataset.clips))
        found = []
        with torch.inference_mode():
            for some in np.split(indices, indices[self.batch_size :: self.batch_size]):
                waveforms = torch.from_numpy(self.clips.waveforms(some)).to(device)
                found.append(network(waveforms)["clipwise_output"].float().cpu().numpy())
        return np.concatenate(found)

    def _write(self, scores: TaggingScores, path: Path) -> None:
        figures = scores.average_precision, scores.auc, scores.class_d_prime
        text = io.StringIO(newline="")
        table = csv.writer(text, lineterminator="\n")
        table.writerow(("label", "AP", "AUC", "d_prime"))
        for label, *row in zip(self.clips.dataset.labels, *figures, strict=True):
            table.writerow((label, *map(_text, row)))
        with atomic_write(path) as file:
            file.write(text.getvalue())


def _text(value: float) -> str:
    """Six digits; nothing for a figure that a class without clips does not have."""
    return "" if math.isnan(value) else f"{value:.6g}"
