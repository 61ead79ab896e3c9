"""The 527 classes of AudioSet, in the order of the networks' outputs.

Not called `labels`: `panns_inference.labels` is the public list, and a submodule
of that name would take its place in the package as soon as it is imported.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
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


class Label(str):
    """A display name that has an id of its own, which may be another than AudioSet's.

    Attributes:
        mid: the id; empty if there is none.
    """

    mid: str


def with_mids(labels: Sequence[str], mids: Sequence[str]) -> list[str]:
    """Return display names with ids of their own.

    Args:
        labels: the names.
        mids: as many ids, or none: then the names have AudioSet's.
    """
    if not mids:
        return list(labels)
    found = []
    for label, mid in zip(labels, mids, strict=True):
        found.append(Label(label))
        found[-1].mid = mid
    return [*found]


def mid_of(label: str) -> str:
    """Return the id of a display name: its own, AudioSet's, or nothing."""
    return label.mid if isinstance(label, Label) else _mid_of_label.get(label, "")


def search(text: str) -> list[int]:
    """Return the indices of classes whose label contains `text` or whose mid it is, in any case."""
    wanted = text.casefold()
    return [
        index
        for index, (label, mid) in enumerate(zip(labels, mids, strict=True))
        if wanted in label.casefold() or wanted == mid.casefold()
    ]
