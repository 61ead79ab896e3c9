"""Recordings that are not learnt from, such as those by which the network will be judged."""

from __future__ import annotations

import os
import re

from ...errors import UsageError
from .clips import Clip, Dataset
from .tables import text_of

YOUTUBE = re.compile(r"Y?([\w-]{11})(_[\d.]+){0,2}")
"""Names of the files of AudioSet, without the ending."""


def without(data: Dataset, black_list: str | os.PathLike[str]) -> Dataset:
    """Return a data set without the recordings that a list names.

    Args:
        data: the clips.
        black_list: a text with one name a line: a path as in the data set, the name of a file with
            or without its ending, or an identifier of AudioSet. What follows a tab is left alone,
            and so are lines that begin with `#`.

    Raises:
        UsageError: if the list cannot be read, or nothing is left.
    """
    lines = [line.partition("\t")[0].strip() for line in text_of(black_list).splitlines()]
    names = {line for line in lines if line and not line.startswith("#")}
    left = data.where(lambda clip: names.isdisjoint(_names(clip)))
    if not left.clips:
        raise UsageError(f"{black_list} leaves none of the {len(data.clips)} clips to learn from")
    return left


def _names(clip: Clip) -> list[str]:
    path = clip.path
    video = YOUTUBE.fullmatch(path.stem)
    return [str(path), path.name, path.stem, *([video[1], f"Y{video[1]}"] if video else [])]
