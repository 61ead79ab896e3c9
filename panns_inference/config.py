"""Constants of panns-inference 0.1 under their old names; new code takes them from `audioset`."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from .audioset import CSV_PATH, labels
from .audioset import mids as ids

__all__ = [
    "classes_num",
    "id_to_ix",
    "ids",
    "ix_to_id",
    "ix_to_lb",
    "labels",
    "labels_csv_path",
    "lb_to_ix",
    "sample_rate",
]

sample_rate = 32000
classes_num = len(labels)
lb_to_ix = {label: index for index, label in enumerate(labels)}
ix_to_lb = dict(enumerate(labels))
id_to_ix = {mid: index for index, mid in enumerate(ids)}
ix_to_id = dict(enumerate(ids))

labels_csv_path: str
"""Path of the table of classes: the one that 0.1 left in the home folder if it is whole, else the
packaged one."""


def __getattr__(name: str) -> str:
    # Looked up on first use: no import opens a file of the user's.
    if name == "labels_csv_path":
        legacy = Path(os.path.expanduser("~/panns_data")) / CSV_PATH.name
        return str(legacy if _is_whole(legacy) else CSV_PATH)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _is_whole(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error):
        return False
    return [row[1:2] for row in rows] == [["mid"], *([mid] for mid in ids)]
