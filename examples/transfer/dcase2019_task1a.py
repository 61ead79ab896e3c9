"""DCASE 2019 task 1A: acoustic scenes of twelve cities, 10 s each in stereo, read as their mean.

    TAU-urban-acoustic-scenes-2019-development/
        evaluation_setup/fold1_train.csv      filename, scene_label   with tabs; 9,185 clips
        evaluation_setup/fold1_evaluate.csv   filename, scene_label               4,185 clips
        audio/airport-barcelona-0-0-a.wav

The labels of the evaluation set of the challenge were not published: the split is that of the
development set.

A. Mesaros, T. Heittola, T. Virtanen, A multi-device dataset for urban acoustic scene
classification, DCASE 2018.
"""

from __future__ import annotations

from pathlib import Path

from panns_inference.training.data import Clip, Dataset, dataset

from .layout import all_there, rows, top
from .task import Task, row

TABLES = {"train": "fold1_train.csv", "test": "fold1_evaluate.csv"}


def read(folder: Path) -> Dataset:
    """Return the clips of both splits.

    Args:
        folder: the one with `evaluation_setup` and `audio`.
    """
    folder = top(folder, "evaluation_setup")
    return dataset(
        all_there(
            Clip(folder / each["filename"], (each["scene_label"],), split=split)
            for split, name in TABLES.items()
            for each in rows(folder / "evaluation_setup" / name, ("filename", "scene_label"), "\t")
        )
    )


TASK = Task(
    "DCASE 2019 task 1A",
    read,
    n_recordings=9185 + 4185,
    seconds=10,
    paper=row(0.851, 0.691, 0.764, 0.589, 0.607),
)
