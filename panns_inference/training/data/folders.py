"""A folder with a subfolder for each class."""

from __future__ import annotations

import os
from pathlib import Path

from ...batch import find
from ...errors import UsageError
from .clips import Clip, Dataset, dataset


def read_folders(folder: str | os.PathLike[str]) -> Dataset:
    """Return the recordings of a folder as clips; the class of each is its first subfolder.

        sounds/wren/2021/a.wav    a clip of the class `wren`
        sounds/robin/b.flac       a clip of the class `robin`

    Args:
        folder: a folder with a subfolder for each class, at least two.

    Raises:
        UsageError: if recordings lie outside the subfolders, or there are fewer than two classes.
        AudioError: if there is no recording.
    """
    top = Path(os.path.abspath(folder))
    clips = []
    for recording in find([top]):
        path = Path(recording.path)
        below = path.relative_to(top).parts
        if len(below) == 1:
            raise UsageError(
                f"{path} lies in no subfolder of {top}: put it into that of its class, or give "
                "annotations that are called as their recordings"
            )
        clips.append(Clip(path, below[:1]))
    found = dataset(clips)
    if len(found.labels) < 2:
        raise UsageError(
            f"{top} has one subfolder with recordings, {found.labels[0]!r}: give at least two "
            "classes, such as one for the sounds and one for what is none of them"
        )
    return found
