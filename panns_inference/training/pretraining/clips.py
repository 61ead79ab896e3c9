"""The clips of a recipe: where they are, packed if need be, and which of them are for what."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import UsageError
from ..batches import Clips, Selection
from ..data import Packed, pack, read_dataset
from ..data.packed import INDEX
from ..distributed import Processes
from ..loop import CHECKPOINT


def read_clips(recipe: dict[str, Any], folder: Path, group: Processes) -> tuple[Clips, Clips]:
    """Return the clips that are learnt from, and those to judge by.

    Args:
        recipe: tables of the recipe.
        folder: of the run; clips that are not packed yet are packed there.
        group: the processes that learn.

    Raises:
        UsageError: if there are none of either, or their classes or sample rates do not fit.
        AudioError: if none can be decoded.
    """
    data = recipe["data"]
    learnt = judged = _packed(data.clips, recipe, folder / "clips", group)
    if data.evaluation:
        labels = learnt.dataset.labels
        judged = _packed(data.evaluation, recipe, folder / "evaluation", group, labels)
        if judged.dataset.labels != labels:
            raise UsageError(f"{data.evaluation} has other classes than {data.clips}")
    elif not any(clip.split for clip in learnt.dataset.clips):
        raise UsageError(
            f"the clips of {data.clips} have no split: give others to judge by as data.evaluation, "
            "or a table of clips with a column split"
        )
    return of_split(learnt, data.split), of_split(judged, data.evaluation_split)


def of_split(clips: Clips, split: str) -> Clips:
    """Return the clips of a split; all of them, if none has one.

    Args:
        clips: the clips.
        split: name of the split.

    Raises:
        UsageError: if no clip is of this split, but some of others.
    """
    splits = [clip.split for clip in clips.dataset.clips]
    if not any(splits):
        return clips
    rows = np.flatnonzero([each == split for each in splits])
    if not len(rows):
        raise UsageError(f"no clip is of the split {split!r}; there are {sorted({*splits})}")
    return Selection(clips, rows)


def _packed(
    path: str, recipe: dict[str, Any], folder: Path, group: Processes, labels: Sequence[str] = ()
) -> Packed:
    data, rate = recipe["data"], recipe["network"].needed_rate
    if "://" not in path and not Path(path, INDEX).exists():
        if group.is_first:
            black_list = data.black_list or None
            found = read_dataset(path, labels=labels, black_list=black_list, seconds=data.seconds)
            # What a run that has learnt nothing has packed is of no use to another recipe.
            has_learnt = (folder.parent / CHECKPOINT).exists()
            pack(
                found,
                folder,
                sample_rate=rate,
                seconds=data.seconds,
                overwrite=not has_learnt,
                progress=True,
            )
        group.agree(0)  # the others wait until all is packed
        path = str(folder)
    packed = Packed(path)
    if packed.sample_rate != rate:
        raise UsageError(
            f"the clips in {path} have {packed.sample_rate} Hz, the network takes {rate}: pack "
            "them at that rate, or set network.sample_rate"
        )
    return packed
