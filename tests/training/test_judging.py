"""How good a network is in labelled clips, by scikit-learn."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score
from torch import Tensor, nn

from panns_inference.training import Judging
from panns_inference.training.data import Clip, Dataset

LABELS = ("a", "b", "c", "nowhere")


class InMemory:
    """Waveforms that are the probabilities that a network is to find in them."""

    def __init__(self) -> None:
        draw = np.random.default_rng(3)
        self.values = draw.uniform(0.01, 0.99, (23, 4)).astype(np.float32)
        chosen = draw.integers(0, 2, (23, 3))
        clips = [
            Clip(Path(f"{k}.wav"), tuple(LABELS[c] for c in np.flatnonzero(row)))
            for k, row in enumerate(chosen)
        ]
        self.dataset = Dataset(tuple(clips), LABELS)

    def waveforms(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        return self.values[indices]


class Repeating(nn.Module):
    """A network whose output is its input."""

    activation = "sigmoid"

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Parameter(torch.ones(()))
        self.sizes: list[int] = []

    def forward(self, input: Tensor) -> dict[str, Tensor]:
        self.sizes.append(len(input))
        return {"clipwise_output": input * self.one}


@pytest.fixture
def clips() -> InMemory:
    return InMemory()


def test_figures_are_those_of_scikit_learn(clips: InMemory, tmp_path: Path) -> None:
    network = Repeating()
    judging = Judging(clips, batch_size=10, table=tmp_path / "classes.csv")
    figures = judging(network)  # type: ignore[arg-type]
    assert network.sizes == [10, 10, 3]
    truth, values = clips.dataset.targets[:, :3], clips.values
    precisions = average_precision_score(truth, values[:, :3], average=None)
    areas = roc_auc_score(truth, values[:, :3], average=None)
    assert list(figures) == [*Judging.columns]
    assert figures["mAP"] == pytest.approx(np.mean(precisions))
    assert figures["mAUC"] == pytest.approx(np.mean(areas))
    assert figures["d_prime"] == pytest.approx(2**0.5 * norm.ppf(np.mean(areas)))
    binary = [log_loss(clips.dataset.targets[:, k], values[:, k], labels=[0, 1]) for k in range(4)]
    assert figures["evaluation_loss"] == pytest.approx(np.mean(binary), rel=1e-5)
    with (tmp_path / "classes.csv").open(encoding="utf-8", newline="") as file:
        rows = [*csv.DictReader(file)]
    assert [row["label"] for row in rows] == [*LABELS]
    assert [float(row["AP"]) for row in rows[:3]] == pytest.approx(precisions.tolist(), rel=1e-5)
    assert [float(row["AUC"]) for row in rows[:3]] == pytest.approx(areas.tolist(), rel=1e-5)
    assert [rows[3][name] for name in ("AP", "AUC", "d_prime")] == ["", "", ""]


def test_no_table_is_written_unless_it_is_wanted(
    clips: InMemory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Judging(clips)(Repeating())  # type: ignore[arg-type]
    assert not [*tmp_path.iterdir()]
