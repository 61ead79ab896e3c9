"""The genuine LeeNet11 (Zenodo record 3987831, CC BY 4.0) on real recordings, end to end.

It is the one published checkpoint that is at hand. The figures are those of the reference code.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from sklearn.metrics import average_precision_score

from panns_inference import AudioTagging
from panns_inference.audioset import labels

pytestmark = pytest.mark.shared("the published weights of LeeNet11")


@pytest.fixture(scope="module")
def tagger(shared: Path) -> AudioTagging:
    return AudioTagging("LeeNet11", shared / "weights" / "LeeNet11_mAP=0.266.pth", "cpu")


def test_the_example_of_the_reference(tagger: AudioTagging, shared: Path) -> None:
    tagging = tagger.tag(shared / "audio" / "R9_ZSCveAHg_7s.wav")
    found = [(tag.label, round(tag.probability, 3)) for tag in tagging.top(4)]
    assert found == [
        ("Speech", 0.544),
        ("Telephone bell ringing", 0.402),
        ("Music", 0.310),
        ("Telephone", 0.290),
    ]


def test_the_outputs_of_the_layers_written_out(tagger: AudioTagging, shared: Path) -> None:
    """LeeNet11 once more, in float64 and line by line as the reference computes it."""
    path = shared / "weights" / "LeeNet11_mAP=0.266.pth"
    state = torch.load(path, map_location="cpu", weights_only=True)["model"]
    weights = {key: value.double() for key, value in state.items() if value.is_floating_point()}
    samples, _ = soundfile.read(shared / "audio" / "R9_ZSCveAHg_7s.wav", dtype="float32")
    x = torch.from_numpy(samples).double()[None, None]
    for number in range(1, 10):
        name = f"conv_block{number}"
        stride = 3 if number == 1 else 1
        x = torch.conv1d(x, weights[f"{name}.conv1.weight"], stride=stride, padding=1)
        norm = [
            weights[f"{name}.bn1.{k}"] for k in ("running_mean", "running_var", "weight", "bias")
        ]
        x = torch.relu(torch.nn.functional.batch_norm(x, *norm, eps=1e-5))
        if number > 1:
            x = torch.nn.functional.max_pool1d(x, 3, stride=3, padding=1)
    pooled = x.amax(dim=2) + x.mean(dim=2)
    embedding = torch.relu(pooled @ weights["fc1.weight"].T + weights["fc1.bias"])
    logits = embedding @ weights["fc_audioset.weight"].T + weights["fc_audioset.bias"]
    clipwise = torch.sigmoid(logits).numpy()[0]
    tagging = tagger.tag(samples, 32000)
    assert np.abs(tagging.clipwise - clipwise).max() <= 1e-5
    assert tagging.embedding is not None
    reference = embedding.numpy()[0]
    assert np.abs(tagging.embedding - reference).max() <= 1e-4 * reference.max()


@pytest.mark.slow
def test_zero_shot_on_esc10(
    tagger: AudioTagging, shared: Path, record_testsuite_property: Callable[[str, object], None]
) -> None:
    """From the .ogg files: the score of a class is the largest of its AudioSet labels."""
    folder = shared / "audio" / "esc10"
    with (folder / "esc10.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    columns = {
        row["class"]: [int(index) for index in row["audioset_indices"].split("|")] for row in rows
    }
    classes = sorted(columns)
    for row in rows:
        named = [labels[index] for index in columns[row["class"]]]
        assert named == row["audioset_labels"].split("|")
    probabilities = np.stack([tagger.tag(folder / row["path"]).clipwise for row in rows])
    scores = np.stack([probabilities[:, columns[each]].max(axis=1) for each in classes], axis=1)
    truth = np.array([classes.index(row["class"]) for row in rows])
    top1 = float((scores.argmax(axis=1) == truth).mean())
    precision = float(average_precision_score(np.eye(len(classes))[truth], scores))
    record_testsuite_property("ESC-10 top-1 and mAP of LeeNet11", (top1, precision))
    assert len(rows) == 320
    assert top1 >= 0.845
    assert precision >= 0.870
