"""From clips with classes to a network that knows them, as in the paper: in minutes to hours."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import compress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...batch import Failure
from ...errors import UsageError
from ...model import Model
from ...models import Network
from ...models.hidden import check_hidden
from ...models.mini import PannsMini
from ...registry import DEFAULT_THRESHOLD
from ..batches import Clips, Selection
from ..data import Dataset, Packed, pack
from ..data.reading import DatasetLike, as_dataset
from ..judging import Judging
from ..modes import Features, Mode, learnt
from ..modes.features import digest
from ..new_classes import Activation, activation_for
from .detecting import learn
from .event_results import event_results
from .groups import ALWAYS, stratified
from .partition import Mask, Partition, partition_of
from .results import Judgement, Results, results_of
from .segments import segments_of
from .thresholds import best_thresholds
from .transferred import Transferred
from .unlearnt import warn_of_long_clips, warn_of_lost_classes

AT_ONCE = 64
"""Clips that are in memory at the same time, while nothing is learnt."""

Found = tuple[NDArray[np.intp], NDArray[np.float32]]
"""Rows of clips, and the probabilities of the classes in them, (clips, classes)."""


def transfer_in_mode(
    dataset: DatasetLike,
    model: Model,
    mode: Mode,
    folder: str | os.PathLike[str],
    *,
    seconds: float = 5.0,
    folds: int | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> Transferred:
    """Return a network that has learnt the classes of some clips in a mode, such as fine-tuning.

    It is judged as by `transfer`, but for two things. Learning takes long, so the network that was
    judged is the one that is returned: it has not learnt from the held-out part. With `folds`, and
    without clips that can judge, one more learns from all. And the thresholds by which a held-out
    clip is judged are chosen by the other half of the held-out clips.

    Called again with the same folder, it goes on where it was interrupted; from other sounds, by
    another network or in another mode, it begins anew.

    Args:
        dataset: the clips, or what `read_dataset` reads.
        model: a network of `models` with its weights.
        mode: one of `modes.MODES`.
        folder: for the clips, packed, and for checkpoints.
        seconds: to which clips are cut, or padded with silence.
        folds: number of groups, each of which judges in its turn; None is one time.
        overwrite: whether the clips of an earlier call may be replaced by others.
        progress: whether stderr shows how far it is, if that is a terminal.

    Raises:
        AudioError: if no clip can be read.
        OutputError: if the folder cannot be written.
        UsageError: if the network or the clips do not fit, or the folder is that of other ones.
    """
    network, folder = model.network, Path(folder)
    if not isinstance(network, Network):
        raise UsageError(f"{model.name} cannot learn: give one of `panns models`, or its weights")
    # What cannot be is an error before anything is decoded.
    check_hidden(network, mode.hidden)
    dataset = as_dataset(dataset)
    partition_of(dataset, folds)
    warn_of_long_clips(dataset, seconds)
    packed = pack(
        dataset,
        folder / "clips",
        sample_rate=network.sample_rate,
        seconds=seconds,
        overwrite=overwrite,
        progress=progress,
    )
    warn_of_lost_classes(dataset, packed.dataset)
    lessons = _Lessons(packed, network, mode, folder / sounds_of(packed))
    data = _timed(packed.dataset, dataset)
    partition = partition_of(data, folds)
    made, taught, found = lessons.judged(partition)
    results, thresholds = _results(data, found)
    method = ""
    if isinstance(made, PannsMini):
        segments = segments_of(made, data)
        detector = learn(segments.of(compress(data.clips, taught)))
        detector.head.put_into(made.framewise_head[-1])
        thresholds, method = detector.thresholds, detector.method
        if results and len(partition.judging) == 1:
            held = detector.judge(segments.of(compress(data.clips, *partition.judging)))
            events = event_results(data.labels, thresholds, method, held)
            results = replace(results, events=events)
    failures = tuple(Failure(path, cause) for path, cause in packed.broken)
    count = int(taught.sum())
    return Transferred(made, data.labels, data.mids, thresholds, method, results, count, failures)


@dataclass(frozen=True, eq=False)
class _Lessons:
    """What networks learn from, and how."""

    clips: Packed
    network: Network
    mode: Mode
    folder: Path

    @property
    def activation(self) -> Activation:
        """Follows from all clips, so that it does not hang on which of them are held out."""
        is_single_label = self.clips.dataset.is_single_label
        return activation_for(self.network, is_single_label=is_single_label)

    @cached_property
    def features(self) -> Features | None:
        """Those of the frozen network, for stages in which it is frozen."""
        if all(stage.whole for stage in self.mode.stages):
            return None
        return Features(self.clips, self.network, self.folder)

    def judged(self, partition: Partition) -> tuple[Network, Mask, list[Found]]:
        """A network, what it has learnt from, and what was found in the clips that judge."""
        found: list[Found] = []
        for judging in partition.judging:
            taught, rows = partition.learning(judging), np.flatnonzero(judging)
            made = self.learn(taught)
            found.append((rows, Judging(Selection(self.clips, rows)).probabilities(made)))
        if len(found) != 1:
            taught, made = partition.learnt, self.learn(partition.learnt)
        return made, taught, found

    def learn(self, taught: Mask) -> Network:
        """A network that has learnt from some of the clips."""
        rows = np.flatnonzero(taught)
        clips = Selection(self.clips, rows)
        features = self.features and Selection(self.features, rows)
        mark = digest(clips, self.network, self.mode, self.activation)
        return learnt(
            clips,
            self.network,
            self.mode,
            self.folder / f"{self.mode.name} {mark}",
            activation=self.activation,
            features=features,
        )


def sounds_of(clips: Clips) -> str:
    """Return a digest of the waveforms of clips, 16 hexadecimal digits.

    Args:
        clips: of one length.
    """
    found, rows = hashlib.sha256(), np.arange(len(clips.dataset.clips))
    for some in np.split(rows, rows[AT_ONCE::AT_ONCE]):
        found.update(clips.waveforms(some).tobytes())
    return found.hexdigest()[:16]


def _timed(packed: Dataset, dataset: Dataset) -> Dataset:
    """What was packed, with the times of events, which a pack does not hold."""
    events = {Path(os.path.abspath(clip.path)): clip.events for clip in dataset.clips}
    clips = (replace(clip, events=events.get(clip.path)) for clip in packed.clips)
    return replace(packed, clips=tuple(clips))


def _results(data: Dataset, found: Sequence[Found]) -> tuple[Results | None, tuple[float, ...]]:
    """How good the networks are, and the thresholds that all held-out clips choose."""
    if not found:
        return None, (DEFAULT_THRESHOLD,) * len(data.labels)
    rows, probabilities = map(np.concatenate, zip(*found, strict=True))
    targets = data.targets[rows]
    thresholds = tuple(best_thresholds(targets, probabilities))
    halves = stratified(targets, [data.clips[row].path for row in rows], 2)
    decided = probabilities >= thresholds
    for half in {*halves.tolist()} - {ALWAYS}:
        held = halves == half
        others = best_thresholds(targets[~held], probabilities[~held])
        decided[held] = probabilities[held] >= others
    judgement = Judgement(targets, probabilities, decided)
    return results_of(data, thresholds, [judgement]), thresholds
