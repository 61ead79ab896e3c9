"""From clips with classes to a network that knows these classes, in seconds."""

from __future__ import annotations

import os
from dataclasses import replace

from ...audio import Reading
from ...errors import AudioError, UsageError
from ...model import Model
from ...models.mini import PannsMini
from ...pipeline import EmbeddingTask
from ...similar.kept import origin_of
from ..data.reading import DatasetLike, as_dataset
from ..new_classes import activation_for
from .detecting import judged, learn
from .embedding import Embedded, embedded
from .event_results import event_results
from .examples import Examples
from .linear import require
from .network import last_values, trunk_of, with_head
from .partition import partition_of
from .results import results_of
from .segments import segments_of
from .transferred import Transferred
from .unlearnt import warn_of_lost_classes


def transfer(
    dataset: DatasetLike,
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
        dataset: the clips, or what `read_dataset` reads.
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
    dataset = as_dataset(dataset)
    partition_of(dataset, folds)  # what cannot be is an error before the network runs
    found = embedded(dataset, model, embeddings, progress=progress)
    _check(found)
    warn_of_lost_classes(dataset, found.dataset)
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
    method = ""
    data = examples.dataset
    results = results_of(data, chosen.thresholds, judgements) if judgements else None
    if isinstance(network, PannsMini) and isinstance(made, PannsMini):
        origin = origin_of(EmbeddingTask(model, min_clip=0), Reading())
        segments = segments_of(network, data, origin, embeddings, progress=progress)
        detector = learn(segments.of(learnt.dataset.clips))
        detector.head.put_into(made.framewise_head[-1])
        thresholds, method = detector.thresholds, detector.method
        if results:
            held = judged(segments, data, partition)
            events = event_results(data.labels, thresholds, method, held)
            results = replace(results, events=events)
    return Transferred(
        made,
        data.labels,
        data.mids,
        thresholds,
        method,
        results,
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
