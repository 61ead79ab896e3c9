"""Print the figures of PannsMini that the model card gives.

    python -m recipes.mini.evaluate --shared ../shared [--weights FILE]

Without --weights the packaged ones are judged. The validation windows are untouched by training;
ESC-10 is a check on audio that was trained on (its labels were not used).
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from panns_inference.audioset import labels
from panns_inference.checkpoints import CHECKPOINTS, cached, load
from panns_inference.models import build
from panns_inference.models.mini import PannsMini
from panns_inference.training.evaluation import clip_probabilities
from panns_inference.training.recordings import decode

from .detection import detected, f1_scores
from .duets import Scene, Sound, duets
from .sounds import SAMPLE_RATE
from .train import Validation, read_windows

THRESHOLDS = (0.1, 0.2, 0.3, 0.5)
"""Of the framewise probability: all are printed, none is chosen by the result."""


def main() -> None:
    """Read the command line and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, required=True, help="folder that holds distill/")
    packaged = cached(CHECKPOINTS["PannsMini"])
    parser.add_argument("--weights", type=Path, default=packaged)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    network = load(build("PannsMini"), given.weights).eval()
    for figures in (validation, zero_shot, example, detection):
        for line in figures(network, given.shared):
            print(line)


def validation(network: PannsMini, shared: Path) -> list[str]:
    """Figures on the validation windows.

    Args:
        network: the student.
        shared: folder of the test data.
    """
    distill = shared / "distill"
    windows = read_windows(distill, "validation")
    names = dict.fromkeys(window.name for window in windows.windows)
    recordings = {name: decode(distill / name, SAMPLE_RATE) for name in names}
    judge = Validation(recordings, windows)
    floor = judge.figures_of(judge.teacher)
    ours = judge(network)
    return [
        f"validation: {len(windows.windows)} windows",
        "  cross-entropy {cross_entropy:.5f}, mAP {mAP:.3f}, same first {top1:.3f}".format(**ours),
        "  (the teacher itself: cross-entropy {cross_entropy:.5f})".format(**floor),
    ]


def zero_shot(network: PannsMini, shared: Path) -> list[str]:
    """ESC-10, each class scored by the largest probability of its labels.

    Args:
        network: the student.
        shared: folder of the test data.
    """
    esc10 = shared / "audio" / "esc10"
    rows = _rows(esc10 / "esc10.csv")
    columns = _columns(rows)
    clips = [decode(esc10 / row["path"], SAMPLE_RATE) for row in rows]
    scores = _class_scores(clip_probabilities(network, clips), columns)
    names = list(columns)
    right = np.mean([names[k] == r["class"] for k, r in zip(scores.argmax(1), rows, strict=True)])
    return [f"ESC-10 zero-shot: {len(rows)} clips (audio trained on), top-1 {right:.3f}"]


def example(network: PannsMini, shared: Path) -> list[str]:
    """The reference's example.

    Args:
        network: the student.
        shared: folder of the test data.
    """
    waveform = decode(shared / "audio" / "R9_ZSCveAHg_7s.wav", SAMPLE_RATE)
    probabilities = clip_probabilities(network, [waveform])[0]
    first = np.argsort(-probabilities)[:5]
    tags = ", ".join(f"{labels[k]} {probabilities[k]:.3f}" for k in first)
    return [f"R9_ZSCveAHg_7s.wav: {tags}"]


def detection(network: PannsMini, shared: Path) -> list[str]:
    """Framewise output on mixed clips and on the soundscape.

    Args:
        network: the student.
        shared: folder of the test data.
    """
    audio = shared / "audio"
    columns = _columns(_rows(audio / "esc10" / "esc10.csv"))
    sounds = [
        Sound(float(row["onset"]), float(row["offset"]), row["class"])
        for row in _rows(audio / "soundscape_120s.csv")
    ]
    soundscape = [Scene(decode(audio / "soundscape_120s.flac", SAMPLE_RATE), sounds)]
    lines = []
    for name, scenes in (
        ("30 mixed clips", duets(audio / "esc10", 30, seed=1)),
        ("soundscape", soundscape),
    ):
        framewise = [_framewise(network, scene.waveform) for scene in scenes]
        for threshold in THRESHOLDS:
            found = [
                [
                    s
                    for kind, p in zip(columns, scores.T, strict=True)
                    for s in detected(p, kind, threshold)
                ]
                for scores in (_class_scores(f, columns) for f in framewise)
            ]
            event, segment = f1_scores(scenes, found)
            lines.append(
                f"{name}, threshold {threshold}: event F1 {event:.3f}, segment F1 {segment:.3f}"
            )
    return lines


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _columns(rows: list[dict[str, str]]) -> dict[str, list[int]]:
    return {row["class"]: [int(k) for k in row["audioset_indices"].split("|")] for row in rows}


def _class_scores(
    probabilities: NDArray[np.float32], columns: dict[str, list[int]]
) -> NDArray[np.float32]:
    return np.stack([probabilities[:, k].max(axis=1) for k in columns.values()], axis=1)


def _framewise(network: PannsMini, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    with torch.inference_mode():
        framewise = network(torch.from_numpy(waveform)[None])["framewise_output"][0]
    return np.asarray(framewise.numpy(), np.float32)


if __name__ == "__main__":
    main()
