"""ESC-50: 2,000 clips of 5 s in 50 classes, five folds; and ESC-10, the ten of them that are free.

    meta/esc50.csv    filename,fold,target,category,esc10,src_file,take
    audio/1-100032-A-0.wav

Karol J. Piczak, ESC: Dataset for Environmental Sound Classification, ACM Multimedia 2015.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from panns_inference.training.data import Clip, Dataset, dataset

from .layout import all_there, rows, top
from .task import Task, row

TABLE = "meta/esc50.csv"


def read(folder: Path, esc10: bool) -> Dataset:
    """Return the clips with their folds, classes in the order of their targets.

    Args:
        folder: the one with `meta` and `audio`.
        esc10: whether to take the clips of ESC-10 alone.
    """
    folder = top(folder, TABLE)
    columns = ("filename", "fold", "target", "category", "esc10")
    found = [
        each
        for each in rows(folder / TABLE, columns)
        if not esc10 or each["esc10"].casefold() == "true"
    ]
    clips = [
        Clip(folder / "audio" / each["filename"], (each["category"],), fold=each["fold"])
        for each in found
    ]
    targets = {each["category"]: int(each["target"]) for each in found}
    return dataset(all_there(clips), sorted(targets, key=targets.__getitem__))


ESC50 = Task(
    "ESC-50",
    partial(read, esc10=False),
    n_recordings=2000,
    seconds=5,
    paper=row(0.865, 0.833, 0.947, 0.908, 0.918),
)

ESC10 = Task("ESC-10", partial(read, esc10=True), n_recordings=400, seconds=5)
"""It is not in the paper."""
