"""What mn04_as says of ESC-10 in bf16 and in int8, against float32."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from panns_inference import AudioTagging
from panns_inference.engine.cpu import onednn
from panns_inference.export import to_onnx

pytestmark = pytest.mark.shared("the weights of mn04_as, and ESC-10")

EVERY = 8
"""Each clip of that number is judged; int8 is calibrated on some of the others."""


@pytest.fixture(scope="module")
def esc10(shared: Path) -> list[dict[str, str]]:
    folder = shared / "audio" / "esc10"
    with (folder / "esc10.csv").open(encoding="utf-8", newline="") as file:
        return [{**row, "path": str(folder / row["path"])} for row in csv.DictReader(file)]


Opened = Callable[..., AudioTagging]


@pytest.fixture(scope="module")
def opened(shared: Path) -> Opened:
    weights = shared / "distill" / "teacher" / "mn04_as_mAP_432.pt"
    return lambda **settings: AudioTagging("mn04_as", weights, "cpu", **settings)


def probabilities(model: AudioTagging, rows: list[dict[str, str]]) -> np.ndarray:
    return np.stack([model.tag(row["path"]).clipwise for row in rows[::EVERY]])


@pytest.fixture(scope="module")
def in_float32(opened: Opened, esc10: list[dict[str, str]]) -> np.ndarray:
    return probabilities(opened(), esc10)


def right(found: np.ndarray, rows: list[dict[str, str]]) -> float:
    """Share of clips whose class has the most probable of its labels."""
    columns = {row["class"]: [int(k) for k in row["audioset_indices"].split("|")] for row in rows}
    best = np.stack([found[:, each].max(axis=1) for each in columns.values()], axis=1)
    return float(
        np.mean(
            [
                [*columns][k] == row["class"]
                for k, row in zip(best.argmax(axis=1), rows[::EVERY], strict=True)
            ]
        )
    )


def check(found: np.ndarray, expected: np.ndarray, rows: list[dict[str, str]]) -> None:
    """Of single classes a probability may change by a quarter; what is said of a clip does not."""
    difference = np.abs(found - expected)
    assert 1e-6 < difference.max() < 0.4
    assert difference.mean() < 5e-4
    assert (found.argmax(axis=1) == expected.argmax(axis=1)).mean() > 0.85
    assert right(expected, rows) > 0.9
    assert abs(right(found, rows) - right(expected, rows)) < 0.03  # one clip


def test_bf16(opened: Opened, esc10: list[dict[str, str]], in_float32: np.ndarray) -> None:
    if not onednn.has_bf16():
        pytest.skip("needs a processor with bf16 instructions")
    check(probabilities(opened(precision="bf16"), esc10), in_float32, esc10)


def test_int8(
    opened: Opened, esc10: list[dict[str, str]], in_float32: np.ndarray, tmp_path: Path
) -> None:
    (tmp_path / "clips").mkdir()
    for row in esc10[1::16]:
        shutil.copy(row["path"], tmp_path / "clips")
    path = to_onnx(opened(), tmp_path / "mn04.onnx", calibrate=tmp_path / "clips")
    file = AudioTagging(path, verbose=False)
    assert file.window == 320_000
    check(probabilities(file, esc10), in_float32, esc10)
