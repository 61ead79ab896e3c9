"""Embeddings of clips, which are computed once and kept on the disk.

whole recordings --similar.keep-----------.
                                           >--> embeddings
stretches --decoded once a recording--> store
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...audio import Reading
from ...batch import Failure
from ...errors import AudioError, PannsError
from ...model import Model
from ...pipeline import EmbeddingTask
from ...pipeline.recordings import Input
from ...pipeline.run import run
from ...pipeline.workers import default_jobs
from ...similar import keep
from ...similar.kept import origin_of
from ..data import Clip, Dataset
from ..data.cutting import in_order, waveforms_of
from .stretches import WHOLE, OnError, Place, Values, kept_stretches, place_of

AT_ONCE = 64
"""Stretches that are in memory at the same time."""


@dataclass(frozen=True, eq=False)
class Embedded:
    """Clips with their embeddings.

    Attributes:
        dataset: the clips that could be read.
        embeddings: of them, (clips, n) float32.
        failures: the others.
    """

    dataset: Dataset
    embeddings: NDArray[np.float32]
    failures: tuple[Failure, ...]


def embedded(
    dataset: Dataset,
    model: Model,
    folder: str | os.PathLike[str] | None = None,
    *,
    progress: bool = False,
) -> Embedded:
    """Return the embeddings of the clips of a data set; those that cannot be read are left out.

    Those that were computed before, of the same files by the same network, are not computed again.

    Args:
        dataset: the clips.
        model: that computes the embeddings.
        folder: where they are kept; None is `.panns-embeddings` in the folder that all recordings
            share.
        progress: whether stderr shows how far it is, if that is a terminal.

    Raises:
        UsageError: if the network has no embedding of a whole recording, or pyarrow is not
            installed.
        OutputError: if the folder cannot be written, or another process is at work on it.
    """
    # As the network with its new classes takes clips: none is padded that is not padded then.
    task = EmbeddingTask(model, min_clip=0)
    is_whole = [(clip.onset, clip.offset) == WHOLE for clip in dataset.clips]
    wholes = [clip for clip, whole in zip(dataset.clips, is_whole, strict=True) if whole]
    cut = [clip for clip, whole in zip(dataset.clips, is_whole, strict=True) if not whole]
    failures: list[Failure] = []
    origin = {**origin_of(task, Reading()), "stretches": True}
    shared: Any = {"progress": progress, "on_error": failures.append}
    found = {
        **_kept_wholes(task, wholes, folder, **shared),
        **kept_stretches(origin, cut, partial(_computed, task), folder, **shared),
    }
    read = tuple(clip for clip in dataset.clips if place_of(clip) in found)
    vectors = [found[place_of(clip)] for clip in read]
    return Embedded(
        replace(dataset, clips=read),
        np.concatenate(vectors) if vectors else np.empty((0, 0), np.float32),
        tuple(failures),
    )


def _kept_wholes(
    task: EmbeddingTask, clips: Sequence[Clip], folder: str | os.PathLike[str] | None, **more: Any
) -> dict[Place, Values]:
    if not clips:
        return {}
    kept = keep(task, [str(clip.path) for clip in clips], folder, **more)
    paths = [each.filename for each in kept.recordings]
    return {
        (paths[number], *WHOLE): vector[None]
        for block in kept.blocks()
        for number, vector in zip(block.recordings.tolist(), block.vectors, strict=True)
    }


def _computed(
    task: EmbeddingTask, clips: Sequence[Clip], on_error: OnError
) -> Iterator[tuple[Place, Values]]:
    rate, ordered = task.model.sample_rate, in_order(clips)
    read = zip(ordered, waveforms_of(ordered, rate, sys.maxsize), strict=True)
    while taken := [*itertools.islice(read, AT_ONCE)]:
        given = [(clip, one) for clip, one in taken if not isinstance(one, AudioError)]
        failed: list[tuple[Clip, PannsError]] = [
            (clip, one) for clip, one in taken if isinstance(one, AudioError)
        ]
        inputs = [Input(waveform, Reading(), rate) for _, waveform in given]
        for outcome in run(task, inputs, jobs=default_jobs(task)):
            clip = given[outcome.number][0]
            if isinstance(outcome.result, PannsError):
                failed.append((clip, outcome.result))
            else:
                yield place_of(clip), outcome.result.vector[None]
        for clip, error in failed:
            on_error(Failure(str(clip.path), str(error)))
