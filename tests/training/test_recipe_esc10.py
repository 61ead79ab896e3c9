"""The recipe of ESC-10: its table of results, and a fold for real."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from panns_inference import AudioTagging
from panns_inference.metrics import accuracy
from panns_inference.training import Judging, Selection
from panns_inference.training.data import pack, read_manifest
from panns_inference.training.modes import MODES, divisions, learnt
from recipes.esc10.results import TABLE, Result, read_results, summary, write_results
from recipes.esc10.run import ROWS

ROOT = Path(__file__).resolve().parents[2]


def result(seed: int, fold: str, rate: float) -> Result:
    return Result("LeeNet11", "freeze-l1", 80, seed, fold, rate, rate / 2)


def test_a_table_keeps_the_later_of_two(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    assert read_results(path) == []
    write_results([result(0, "2", 0.5), result(0, "1", 0.75), result(0, "2", 1.0)], path)
    assert read_results(path) == [result(0, "1", 0.75), result(0, "2", 1.0)]


def test_means_are_over_folds_and_deviations_over_seeds() -> None:
    rates = {(0, "1"): 0.9, (0, "2"): 0.7, (1, "1"): 0.8, (1, "2"): 0.6}
    *_, line = summary(result(seed, fold, rate) for (seed, fold), rate in rates.items())
    cells = "LeeNet11 | freeze-l1 | 80 | 2 | 0.750 ± 0.050 | 0.375 ± 0.025 | 0.850, 0.650"
    assert line == f"| {cells} |"


def test_the_documentation_has_the_results_of_the_recipe() -> None:
    text = (ROOT / "docs" / "transfer.md").read_text("utf-8")
    assert "\n".join(summary(read_results())) in text


def test_the_results_are_those_of_the_rows_and_reach_what_they_should() -> None:
    results = read_results(TABLE)
    rows = {(row.network, row.mode): row for row in ROWS}
    for each in results:
        row = rows[each.network, each.mode]
        assert each.epochs == row.epochs
        assert each.seed < row.seeds
        assert re.fullmatch("[1235]", each.fold)
    least = {"freeze-l1": 0.85, "freeze-l3": 0.85, "fine-tune": 0.88}
    for mode, goal in least.items():
        rates = [r.accuracy for r in results if (r.network, r.mode) == ("LeeNet11", mode)]
        assert len(rates) == 4 * rows["LeeNet11", mode].seeds
        assert sum(rates) / len(rates) >= goal


@pytest.mark.slow
@pytest.mark.shared("the clips of ESC-10, and the weights of LeeNet11")
def test_real_sounds_are_known_after_a_minute(tmp_path: Path, shared: Path) -> None:
    dataset = read_manifest(shared / "audio" / "esc10" / "esc10.csv")
    clips = pack(dataset, tmp_path / "clips", seconds=5)
    weights = shared / "weights" / "LeeNet11_mAP=0.266.pth"
    network = AudioTagging("LeeNet11", weights, device="cpu", verbose=False).network
    division = next(divisions(clips.dataset))
    made = learnt(Selection(clips, division.learnt), network, MODES["freeze-l1"], tmp_path)
    judging = Selection(clips, division.judging)
    assert accuracy(judging.dataset.targets, Judging(judging).probabilities(made)) > 0.8
