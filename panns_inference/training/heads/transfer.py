"""From clips with classes to a network that knows these classes, in seconds."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ...batch import Failure
from ...checkpoints import save
from ...errors import AudioError, UsageError
from ...model import Model
from ...models import Network
from ...models.mini import PannsMini
from ..data import Dataset
from ..new_classes import activation_for
from .embedding import Embedded, embedded
from .examples import Examples
from .framewise import segments_of
from .linear import require
from .network import last_values, trunk_of, with_head
from .partition import partition_of
from .results import Results, results_of


@dataclass(frozen=True, eq=False)
class Transferred:
    """A network that has learnt new classes.

    Attributes:
        network: with all of the other one but its last layers.
        labels: display names of the classes.
        mids: an identifier of each; empty if they have none.
        thresholds: of each class, the probability from which on `detect` finds an event.
        results: how good it is, by clips that had no part in it; None if there are too few.
        n_clips: clips that it has learnt from.
        failures: clips that could not be read.
    """

    network: Network
    labels: tuple[str, ...]
    mids: tuple[str, ...]
    thresholds: tuple[float, ...]
    results: Results | None
    n_clips: int
    failures: tuple[Failure, ...]

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write it as one file that needs nothing else, as `checkpoints.save` does.

        Args:
            path: of the file.
            overwrite: whether a file that is there is replaced.

        Returns:
            The path.

        Raises:
            OutputError: if the file is there, or cannot be written.
        """
        return save(
            self.network,
            path,
            labels=self.labels,
            mids=self.mids,
            thresholds=self.thresholds,
            overwrite=overwrite,
        )


def transfer(
    dataset: Dataset,
    model: Model,
    *,
    folds: int | None = None,
    embeddings: str | os.PathLike[str] | None = None,
    progress: bool = False,
) -> Transferred:
    """Return a network that has learnt the classes of some clips.

    Its last layer is learnt anew, by logistic regression on embeddings. A part of the clips is
    held out, and judges what the others teach: recordings that the split or the fold of the data
    set names, or else a fifth. Then all are learnt from, but those of a split for tests.

    Args:
        dataset: the clips.
        model: a network with its weights.
        folds: number of groups, each of which judges in its turn; None is one time.
        embeddings: folder in which embeddings are kept, so that they are computed once; None is
            `.panns-embeddings` in the folder that all recordings share.
        progress: whether stderr shows how far it is, if that is a terminal.

    Raises:
        OutputError: if embeddings cannot be kept.
        UsageError: if scikit-learn or pyarrow is not installed, the network cannot learn, or the
            clips cannot be learnt from.
        AudioError: if no clip can be read.
    """
    require()
    network = trunk_of(model)
    partition_of(dataset, folds)  # what cannot be is an error before the network runs
    found = embedded(dataset, model, embeddings, progress=progress)
    _check(found)
    activation = activation_for(network, is_single_label=found.dataset.is_single_label)
    examples = Examples(found.dataset, last_values(network, found.embeddings), activation)
    partition = partition_of(examples.dataset, folds)
    judgements = [
        examples.where(partition.learning(judging)).learn().judge(examples.where(judging))
        for judging in partition.judging
    ]
    learnt = examples.where(partition.learnt)
    chosen = learnt.learn()
    made, thresholds = with_head(network, chosen.head), chosen.thresholds
    if isinstance(made, PannsMini):
        head, thresholds = segments_of(made, learnt.dataset).learn()
        head.put_into(made.framewise_head[-1])
    return Transferred(
        made,
        examples.dataset.labels,
        examples.dataset.mids,
        thresholds,
        results_of(examples.dataset, chosen.thresholds, judgements) if judgements else None,
        len(learnt.values),
        found.failures,
    )


def _check(found: Embedded) -> None:
    clips, labels = found.dataset.clips, found.dataset.labels
    if not clips:
        raise AudioError(f"none of the clips can be read: {found.failures[0].cause}")
    if len(labels) == 1 and all(clip.labels for clip in clips):
        raise UsageError(
            f"all clips are of the one class {labels[0]!r}: give clips without it, too, such as "
            "recordings of what it might be taken for"
        )
