"""Examples in, the windows most like them out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..audio import Reading
from ..batch.progress import OnError
from ..errors import UsageError
from ..inference import AudioTagging
from ..pipeline import EmbeddingTask
from ..wording import argument
from .examples import Example, direction_of, example_of
from .index import Index
from .kept import Kept, keep
from .nearest import Found, nearest
from .tables import ENDINGS, Table

if TYPE_CHECKING:
    from ..model import Model

TOP = 20
"""Hits, where nobody says how many."""

WINDOW = 5.0
"""Seconds of a window, where nobody says how many: of 5, 3, 2 and 1, the best on ESC-10."""

OVERLAP = 2
"""Windows that each moment lies in, where nobody says another hop."""

SILENCE = -80.0
"""Level in dB relative to full scale up to which a window is silence, and like nothing: what
networks make of silence is much like what they make of short sounds in silence."""


@dataclass(frozen=True)
class Hit:
    """A window that is like the examples.

    Attributes:
        filename: the recording, as it was named or found.
        onset: where the window begins in it, in seconds.
        offset: where it ends.
        similarity: cosine of the angle between its embedding and the examples', -1 to 1.
        track: number of the sound track, from 1; None if none was chosen.
        channel: number of the channel, from 1; None if none was chosen.
    """

    filename: str
    onset: float
    offset: float
    similarity: float
    track: int | None = None
    channel: int | None = None


def search_similar(
    examples: str | os.PathLike[str] | Example | Iterable[str | os.PathLike[str] | Example],
    within: str | os.PathLike[str],
    *,
    model: Model | None = None,
    unlike: str | os.PathLike[str] | Example | Iterable[str | os.PathLike[str] | Example] = (),
    top: int | None = TOP,
    min_similarity: float = -1.0,
    all_windows: bool = False,
    window: float | None = None,
    hop: float | None = None,
    embeddings: str | os.PathLike[str] | None = None,
    index: bool = False,
    jobs: int | None = None,
    on_error: OnError = "skip",
    resampler: str = "soxr",
    strict: bool = False,
    track: int | str | None = None,
    channel: int | str = "mix",
    progress: bool = False,
) -> list[Hit]:
    """Return the windows of a folder or table that are most like some examples.

    The embeddings of a folder are computed once, and kept in it; what has changed since is brought
    up to date. They are compared as they are: subtracting the mean of the folder first was measured
    and helps little.

    Args:
        examples: recordings, or stretches of them such as `night.wav:12.5-14`, or a single one; the
            direction that is looked for is their mean.
        within: a folder, a recording, or a table that `panns embed --window` wrote.
        model: embeds; None is PannsMini, or the network of the table.
        unlike: examples of what is not looked for, which are subtracted.
        top: how many hits at most; None is all.
        min_similarity: smallest cosine of a hit.
        all_windows: whether windows of one recording that overlap can all be hits; else the best
            of them is.
        window: seconds of a window; None is 5, or what the table has.
        hop: seconds from a window to the next; None is half a window, or what the table has.
        embeddings: folder where embeddings are kept; None is `.panns-embeddings` in `within`.
        index: whether an index is used, and made if need be: nearly the same hits, sooner where
            there are more than ten million windows.
        jobs: as for `batch.results`, like the next six.
        on_error: as there, for recordings in the folder.
        resampler: as there.
        strict: as there.
        track: as there.
        channel: as there.
        progress: as there.

    Returns:
        The hits, the most similar first.

    Raises:
        AudioError: if an example cannot be used, or there is no recording.
        UsageError: if an argument makes no sense, the table cannot be used, or pyarrow is missing,
            or usearch for an index.
        OutputError: if embeddings cannot be kept there.
    """
    wanted, unwanted = map(_examples, (examples, unlike))
    reading = Reading(resampler, strict, track, channel)
    if index and top is None:
        raise UsageError("an index finds so many hits as are wanted: give top")
    table = Table(within) if is_table(within) else None
    if table:
        given = {"window": window, "hop": hop, "embeddings": embeddings, "index": index or None}
        task = _task_of_table(table, model, given)
    else:
        window = WINDOW if window is None else window
        hop = window / OVERLAP if hop is None else hop
        model = model or AudioTagging("PannsMini")
        task = task_of_windows(model, window, hop)
    # Before hours of sound are embedded: an example may not be there.
    direction = direction_of(task, wanted, unwanted, reading)
    windows = table or keep(
        task,
        [within],
        embeddings,
        jobs=jobs,
        on_error=on_error,
        resampler=resampler,
        strict=strict,
        track=track,
        channel=channel,
        progress=progress,
    )
    found = _found(windows, direction, top, min_similarity, all_windows, index)
    names = windows.recordings
    return [
        Hit(filename, onset, offset, similarity, *chosen)
        for number, onset, offset, similarity in found.tolist()
        for filename, *chosen in [names[number]]
    ]


def task_of_windows(model: Model, window: float, hop: float) -> EmbeddingTask:
    """Return what embeds the windows of a folder; embeddings of silence are zeros.

    Args:
        model: embeds.
        window: seconds of a window.
        hop: seconds from a window to the next.
    """
    # A network may be given shorter windows among silence that is added.
    silence = SILENCE if window >= model.min_clip else None
    return EmbeddingTask(model, window=window, hop=hop, skip_silence=silence)


def is_table(path: str | os.PathLike[str]) -> bool:
    """Return whether a path is that of a table, by its ending.

    Args:
        path: of a folder, a recording or a table.
    """
    return os.fspath(path).lower().endswith(ENDINGS) and not os.path.isdir(path)


def _found(
    windows: Table | Kept,
    direction: NDArray[np.float32],
    top: int | None,
    min_similarity: float,
    all_windows: bool,
    indexed: bool,
) -> Found:
    if indexed and isinstance(windows, Kept) and top is not None:
        index, numbers = Index(windows.store), windows.numbers
        return index.nearest(direction, numbers, top, min_similarity, all_windows=all_windows)
    return nearest(direction, windows.blocks(), top, min_similarity, all_windows=all_windows)


def _examples(
    given: str | os.PathLike[str] | Example | Iterable[str | os.PathLike[str] | Example],
) -> list[Example]:
    those = [given] if isinstance(given, str | os.PathLike | Example) else given
    return [each if isinstance(each, Example) else example_of(each) for each in those]


def _task_of_table(
    table: Table, model: Model | None, settings: Mapping[str, object]
) -> EmbeddingTask:
    """What embeds examples as the windows of a table were embedded."""
    for name, value in settings.items():
        if value is not None:
            raise UsageError(f"{argument(name)} is for folders: {table.path} has its embeddings")
    model = model or AudioTagging(table.model or "PannsMini")
    if table.model not in (None, model.name):
        raise UsageError(
            f"{table.path} has embeddings of {table.model}, not of {model.name}: name that network"
        )
    window, hop = table.window or (None, None)
    task = EmbeddingTask(model, window=window, hop=hop)
    sizes = table.size, model.engine.sizes.get("embedding", table.size)
    if len({*sizes}) > 1:
        raise UsageError(
            f"{table.path} has embeddings of {sizes[0]} values, and those of {model.name} have "
            f"{sizes[1]}: name the network that it was made with"
        )
    return task
