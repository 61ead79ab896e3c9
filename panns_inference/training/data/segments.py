"""The lists of AudioSet: which ten seconds of which video, and the mids of what sounds in them.

    # Segments csv created Sun Mar  5 10:54:31 2017
    # num_ytids=22160, num_segs=22160, num_unique_labels=527, num_positive_labels=52882
    # YTID, start_seconds, end_seconds, positive_labels
    --PJHxphWEs, 30.000, 40.000, "/m/09x0r,/t/dd00088"

What is in a folder are clips that were cut already, called as the tools call them that fetch them.
"""

from __future__ import annotations

import csv
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from ...audioset import labels, mids
from ...batch import find
from ...errors import UsageError
from .clips import Clip, Dataset
from .manifest import LABEL_OF
from .tables import text_of

LOG = logging.getLogger("panns_inference")


def is_segments(text: str) -> bool:
    """Return whether a table is a list of AudioSet.

    Args:
        text: the table.
    """
    return any(line.startswith("#") and "YTID" in line for line in text.splitlines()[:3])


def read_segments(
    path: str | os.PathLike[str], root: str | os.PathLike[str] | None = None
) -> Dataset:
    """Return the clips of a list of AudioSet that are in a folder; the others are counted.

    A clip is found in any subfolder and of any format, by the name of its file without the ending:
    `Y<id>`, `<id>`, `<id>_<start>` or `<id>_<start>_<end>`, the times in seconds or milliseconds.

    Args:
        path: of the list.
        root: folder of the clips; None is that of the list.

    Returns:
        The clips in the order of the list, with the 527 classes of AudioSet.

    Raises:
        UsageError: if the list cannot be read, is none, or has a mid that AudioSet does not have;
            or if no clip is there.
        AudioError: if there is no recording in the folder.
    """
    folder = Path(path).parent if root is None else Path(root)
    files = {Path(each.path).stem: Path(each.path) for each in find([folder])}
    lines = [line for line in text_of(path).splitlines() if not line.startswith("#")]
    clips, n_missing = [], 0
    for number, row in enumerate(csv.reader(lines, skipinitialspace=True), start=1):
        try:
            name, start, end, found = row
            labels_of = tuple(LABEL_OF[mid.strip()] for mid in found.split(","))
            times = float(start), float(end)
        except (ValueError, KeyError) as error:
            raise UsageError(f"{path}: clip {number} cannot be read: {error} in {row}") from error
        file = next((files[stem] for stem in _stems(name, *times) if stem in files), None)
        if file is None:
            n_missing += 1
        else:
            clips.append(Clip(file, labels_of))
    if n_missing:
        LOG.warning(
            "warning: %d of the %d clips of %s are not in %s",
            n_missing, n_missing + len(clips), path, folder,
        )  # fmt: skip
    if not clips:
        raise UsageError(f"none of the {n_missing} clips of {path} is in {folder}")
    return Dataset(tuple(clips), tuple(labels), tuple(mids))


def _stems(name: str, *times: float) -> Iterator[str]:
    """What a clip may be called."""
    for prefix in ("Y", ""):
        yield f"{prefix}{name}"
        for written in (
            [f"{time:g}" for time in times],
            [f"{time:.3f}" for time in times],
            [f"{round(1000 * time)}" for time in times],
        ):
            yield f"{prefix}{name}_{written[0]}"
            yield f"{prefix}{name}_{'_'.join(written)}"
