"""`panns eval --tags` through the program, against scikit-learn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, average_precision_score, roc_auc_score

from panns_inference.cli import main
from panns_inference.metrics import d_prime

Capture = pytest.CaptureFixture[str]

LABELS = ("bell", "dog", "rain")


@pytest.fixture
def folder(tmp_path: Path, street: Path) -> Path:
    """Four recordings of each class, in a folder of its name."""
    for label in LABELS:
        (tmp_path / "sounds" / label).mkdir(parents=True)
        for number in range(4):
            (tmp_path / "sounds" / label / f"{label}{number}.flac").symlink_to(street)
    return tmp_path / "sounds"


@pytest.fixture
def probabilities(folder: Path, tmp_path: Path) -> np.ndarray:
    """Those in a table as `panns tag` writes it, in the order of the recordings."""
    files = sorted(folder.rglob("*.flac"))
    draw = np.random.default_rng(0).uniform(0, 0.5, (len(files), len(LABELS))).round(6)
    values: np.ndarray = draw + 0.3 * (np.arange(12)[:, None] // 4 == np.arange(3))
    rows = [
        f"{file},{label.upper()},{values[row, column]:.6f},9.0"
        for row, file in enumerate(files)
        for column, label in enumerate(LABELS)
    ]
    text = "\n".join(["filename,event_label,probability,duration", *rows])
    (tmp_path / "tags.csv").write_text(text, "utf-8")
    return values


def evaluate(capsys: Capture, reference: Path, estimate: Path, *more: str) -> list[dict[str, Any]]:
    words = ["eval", "--tags", "--reference", reference, "--estimate", estimate, "-f", "json"]
    assert main([*map(str, words), *more]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def test_figures_are_those_of_scikit_learn(
    folder: Path, probabilities: np.ndarray, tmp_path: Path, capsys: Capture
) -> None:
    mean, *classes = evaluate(capsys, folder, tmp_path / "tags.csv", "--per-class")
    targets = np.repeat(np.eye(3), 4, axis=0)
    precisions = [
        average_precision_score(*each) for each in zip(targets.T, probabilities.T, strict=True)
    ]
    areas = [roc_auc_score(*each) for each in zip(targets.T, probabilities.T, strict=True)]
    for row, precision, area in zip(classes, precisions, areas, strict=True):
        assert row["average_precision"] == pytest.approx(precision, abs=1e-9)
        assert row["auc"] == pytest.approx(area, abs=1e-9)
        assert row["recordings"] == 4
    assert [row["classes"] for row in classes] == [*LABELS]
    assert mean["average_precision"] == pytest.approx(np.mean(precisions), abs=1e-9)
    assert mean["d_prime"] == pytest.approx(d_prime(np.mean(areas)), abs=1e-9)
    first = probabilities.argmax(axis=1)
    assert mean["accuracy"] == pytest.approx(accuracy_score(targets.argmax(axis=1), first))
    assert classes[1]["accuracy"] == pytest.approx(np.mean(first[4:8] == 1))
    # Two classes alone: what is of none of them has no class.
    [mean] = evaluate(capsys, folder, tmp_path / "tags.csv", "--classes", "dog,bell")
    assert mean["average_precision"] == pytest.approx(np.mean(precisions[:2]), abs=1e-9)
    assert mean["accuracy"] is None


def test_a_table_of_clips_with_several_classes(
    folder: Path, probabilities: np.ndarray, tmp_path: Path, capsys: Capture
) -> None:
    targets = np.random.default_rng(1).random(probabilities.shape) < 0.5
    targets[:, 2] = True
    files = sorted(folder.rglob("*.flac"))
    rows = [
        f"{file},{';'.join(label for label, there in zip(LABELS, row, strict=True) if there)}"
        for file, row in zip(files, targets, strict=True)
    ]
    (table := tmp_path / "truth.csv").write_text("\n".join(["path,labels", *rows[:-1]]))
    assert (
        main(
            ["eval", "--tags", "--reference", str(table), "--estimate", str(tmp_path / "tags.csv")]
        )
        == 0
    )
    out, err = capsys.readouterr()
    pairs = [*zip(targets[:-1].T, probabilities[:-1].T, strict=True)]
    mean = np.mean([average_precision_score(*each) for each in pairs])
    assert out.splitlines()[1].split()[1] == f"{mean:.3f}"
    assert out.splitlines()[1].split()[-2:] == ["-", "11"]
    assert "only one of both has do not count: 'rain3'" in err


@pytest.mark.usefixtures("probabilities")
def test_what_cannot_be_compared_is_refused(folder: Path, tmp_path: Path, capsys: Capture) -> None:
    lines = (tmp_path / "tags.csv").read_text().splitlines()
    (few := tmp_path / "few.csv").write_text("\n".join([*lines[:3], lines[6]]))
    (twice := tmp_path / "twice.csv").write_text("\n".join([*lines, lines[-1]]))
    (without := tmp_path / "without.csv").write_text("\n".join(lines[:3]))
    (others := tmp_path / "others.csv").write_text(f"{lines[0]}\nb.wav,dog,0.5,1\n")
    (stretches := tmp_path / "clips.csv").write_text(
        f"path,labels,start,end\n{folder}/dog/dog1.flac,dog,1,2\n"
    )
    for reference, estimate, more, message in (
        (folder, few, (), "no probability of 'rain' in 'bell0': write all classes"),
        (folder, twice, (), "a class several times in 'rain3': it is for tags of whole recordings"),
        (folder, without, (), "knows no class 'rain': take a network that has it, or leave it out"),
        (folder, others, (), "have no recording in common"),
        (stretches, few, (), "--tags is for whole recordings, not for stretches"),
        (folder, few, ("--collar", "1"), "only --per-class has a meaning"),
    ):
        words = ["eval", "--tags", "--reference", str(reference), "--estimate", str(estimate)]
        assert main([*words, *more]) == 2
        assert message in capsys.readouterr().err
