"""The collection of the recipe: its labels, and who hears which sounds."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from panns_inference.training.distillation.evaluation import soft_label_figures
from panns_inference.training.distillation.recordings import Recordings, decode, write_recordings
from recipes.mini.collection import (
    HELD_OUT,
    WINDOW,
    Window,
    joined,
    read_distill,
    read_sounds,
    waveform_of,
)
from recipes.mini.teacher import read_teacher

RATE = 32000
FOLDERS = ("wild", "everyday")


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x.astype(np.float64)))


@pytest.mark.shared("the recordings that PannsMini was trained on")
def test_no_source_is_in_both_splits(shared: Path) -> None:
    folders = [shared / name for name in FOLDERS]
    learnt, unseen = (read_sounds(folders, held_out) for held_out in (False, True))
    sources = [{window.source for window in part.windows} for part in (learnt, unseen)]
    assert not sources[0] & sources[1]
    with HELD_OUT.open(encoding="utf-8", newline="") as file:
        held_out = {row["source"] for row in csv.DictReader(file)}
    assert held_out == sources[1]
    n_rows = sum(
        len((folder / "windows.csv").read_text(encoding="utf-8").splitlines()) - 1
        for folder in folders
    )
    assert len(learnt.windows) + len(unseen.windows) == n_rows
    for part in (learnt, unseen):
        shape = (len(part.windows), 527)
        assert part.logits.shape == part.in_silence.shape == shape
        assert len(part.named) == len(part.windows)
        assert sum(map(bool, part.named)) > 300
    assert all(0 < window.length <= WINDOW for window in learnt.windows)


@pytest.mark.shared("the recordings that PannsMini was trained on")
def test_no_validation_window_is_trained_on(shared: Path) -> None:
    train, validation = (read_distill(shared / "distill", s) for s in ("train", "validation"))
    assert (len(train.windows), len(validation.windows)) == (5797, 741)
    assert len(train.logits) == 5797
    assert not {w.name for w in train.windows} & {w.name for w in validation.windows}
    both = joined([train, validation])
    assert len(both.windows) == len(both.logits) == len(both.named) == 5797 + 741


@pytest.mark.shared("the teacher of PannsMini")
def test_stored_labels_are_the_teachers(shared: Path) -> None:
    distill = shared / "distill"
    windows = read_distill(distill, "validation")
    part = windows.chosen([k for k, w in enumerate(windows.windows) if "esc10" not in w.name][::60])
    # The name begins with the folder. Not in 16 bits: of near silence that would be noise.
    recordings = {w.name: decode(shared / w.name, RATE) * 32767 for w in part.windows}
    teacher = read_teacher(distill / "teacher" / "mn04_as_mAP_432.pt")
    lengths = set()
    for window, stored in zip(part.windows, part.logits, strict=True):
        waveform = waveform_of(recordings, window)
        lengths.add(len(waveform))
        # Recordings below a third of a second were labelled with zeros behind them.
        waveform = np.pad(waveform, (0, max(0, window.length - len(waveform))))
        with torch.inference_mode():
            logits = teacher(torch.from_numpy(waveform)[None]).logits[0]
        # Stored in half precision, of another build of the decoder; silence is the hardest.
        assert np.abs(logits.numpy() - stored).max() < 0.3
        assert np.abs(logits.numpy() - stored).mean() < 0.05
    assert min(lengths) < 16_000 < max(lengths) == WINDOW


@pytest.mark.shared("the recordings that PannsMini was trained on")
def test_the_yardstick_is_what_its_readme_says(shared: Path) -> None:
    windows = read_distill(shared / "distill", "validation")
    split = np.genfromtxt(
        shared / "distill" / "windows.csv", delimiter=",", skip_header=1, usecols=3, dtype=str
    )
    stored = np.load(shared / "distill" / "soft.npz")["leenet11"][split == "validation"]
    teacher = sigmoid(windows.logits)
    leenet11 = soft_label_figures(teacher, stored.astype(np.float64))
    assert leenet11["cross_entropy"] == pytest.approx(0.01410, abs=5e-6)
    # The README counts equal values one after the other, and the stored ones have few digits.
    tags = teacher > 0.5
    precisions = []
    for truth, scores in zip(tags.T, stored.T, strict=True):
        hits = truth[np.argsort(-scores.astype(np.float64), kind="stable")]
        if hits.any():
            precisions.append((hits.cumsum() / np.arange(1, len(hits) + 1))[hits].mean())
    assert np.mean(precisions) == pytest.approx(0.510, abs=5e-4)
    assert leenet11["top1"] == pytest.approx(0.374, abs=5e-4)
    floor = soft_label_figures(teacher, teacher)
    assert floor["cross_entropy"] == pytest.approx(0.01035, abs=5e-6)


def test_short_windows_are_whole_recordings_or_the_end_of_one(tmp_path: Path) -> None:
    long, short = np.linspace(-0.9, 0.9, 8 * RATE), np.linspace(0, 0.5, 70_001)
    write_recordings([("a/long", long), ("a/short", short)], tmp_path)
    recordings = Recordings(tmp_path)
    for start, length in ((RATE, WINDOW), (6 * RATE, 2 * RATE)):
        found = waveform_of(recordings, Window("a/long", start, length, "a"))
        np.testing.assert_allclose(found, long[start : start + length], atol=1 / 32767)
    # Tables say milliseconds: 70,001 samples are 2.188 s, which is 70,016 samples.
    found = waveform_of(recordings, Window("a/short", 0, 70_016, "a"))
    np.testing.assert_allclose(found, short, atol=1 / 32767)
