"""The classes of a data set, in an order of one's own."""

from __future__ import annotations

import os

from ... import audioset
from ...errors import UsageError
from .tables import heading_of, rows_of, text_of

AUDIOSET = "audioset"
"""Stands for the 527 classes of AudioSet."""


def read_labels(path: str | os.PathLike[str]) -> list[str]:
    """Return the labels in a file, in their order.

    Args:
        path: of a text with one label a line, or of a table with the column `display_name`, as the
            one of AudioSet; or the word `audioset`.

    Raises:
        UsageError: if it cannot be read, or holds no label.
    """
    if path == AUDIOSET:
        return audioset.labels
    text = text_of(path)
    if "display_name" in heading_of(text):
        found = [row["display_name"] for _, row in rows_of(text)]
    else:
        found = [line.strip() for line in text.splitlines() if line.strip()]
    if not found:
        raise UsageError(f"{path} holds no label: write one a line")
    return found
