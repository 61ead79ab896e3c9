"""The 527 classes of AudioSet, in the order of the networks' outputs.

Not called `labels`: `panns_inference.labels` is the public list, and a submodule
of that name would take its place in the package as soon as it is imported.
"""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

CSV_PATH = Path(str(files("panns_inference") / "data" / "class_labels_indices.csv"))
"""The packaged table: header `index,mid,display_name` and one row a class."""

with CSV_PATH.open(encoding="utf-8", newline="") as _file:
    _rows = list(csv.DictReader(_file))

labels: list[str] = [row["display_name"] for row in _rows]
"""Display names: `labels[0] == "Speech"`."""

mids: list[str] = [row["mid"] for row in _rows]
"""AudioSet ids: `mids[0] == "/m/09x0r"`."""

_mid_of_label = dict(zip(labels, mids, strict=True))


def mid_of(label: str) -> str:
    """Return the AudioSet id of a display name; empty if AudioSet has no class of that name."""
    return _mid_of_label.get(label, "")


def search(text: str) -> list[int]:
    """Return the indices of classes whose label contains `text` or whose mid it is, in any case."""
    wanted = text.casefold()
    return [
        index
        for index, (label, mid) in enumerate(zip(labels, mids, strict=True))
        if wanted in label.casefold() or wanted == mid.casefold()
    ]
