"""Recordings with annotations beside them, cut into clips.

Clips have a length of their own, whatever the length of the events:

    recording  |----------------------------------------------------------------|
    events             [dog]  [rain                          ]
    clips          [dog     ] [rain       ][rain      ][rain ]
    negatives  [  ]                                            [none     ][none ]

- An event is in the middle of its clip, with the sound around it. One that is longer than a clip is
  cut into several, side by side.
- A clip has the classes of all events of which it holds at least half, or which fill at least half
  of it.
- All clips of a recording know when its events are, if each has a length.
- What lies between the events is cut into clips without a class, the negatives; what is shorter
  than half a clip is left out. A class that sounds there without being annotated would be learnt to
  be absent: annotate all of it, or leave the negatives out; then the times of what is there are
  not taken for known either.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ...audio import length_of
from ...batch import find
from ...errors import AudioError, UsageError
from ...evaluation import aligned, of_the_only_recording, read_annotations
from ...events import Event
from ...metrics import Annotation
from .clips import Clip, Dataset, dataset

LOG = logging.getLogger("panns_inference")

CLIP_SECONDS = 5.0
"""Length of a clip: longer than any network here needs, of which LeeNet11 needs most with 3 s, and
short enough that an event of a second is a good piece of its clip."""


def read_annotated(
    path: str | os.PathLike[str],
    root: str | os.PathLike[str] | None = None,
    *,
    labels: Sequence[str] = (),
    seconds: float = CLIP_SECONDS,
    negatives: bool = True,
) -> Dataset:
    """Return clips of recordings with annotations.

    Args:
        path: of annotations in any form that `evaluation.read_annotations` reads, such as label
            tracks of Audacity, selection tables of Raven and tables, or a folder of them; those of
            a single recording are called as it is.
        root: folder of the recordings; None is that of the annotations.
        labels: the classes in their order; none for those of the annotations, sorted.
        seconds: length of a clip.
        negatives: whether what lies between the events is learnt from, too.

    Returns:
        The clips by recording, in each by their onsets. Recordings without annotations have none;
        one that cannot be read has a single clip, by which it is named where clips are decoded.

    Raises:
        UsageError: if annotations cannot be read, none of their recordings is there, or none has an
            event.
        AudioError: if there is no recording in the folder.
    """
    if not 0 < seconds < math.inf:
        raise UsageError(f"seconds={seconds} is no length of a clip")
    path = Path(path)
    folder = Path(root) if root is not None else path if path.is_dir() else path.parent
    events = read_annotations(path)
    files = [each.path for each in find([folder], silent=True)]
    annotated, known = aligned(events, dict.fromkeys(files, ()))
    annotated = of_the_only_recording(annotated, known)
    missing = annotated.keys() - known.keys()
    if len(missing) == len(annotated):
        others = f", but such as {min(missing)!r}" if missing else ""
        raise UsageError(
            f"{path} annotates none of the {len(files)} recordings in {folder}{others}: call "
            "annotations as their recordings, or name these in a column filename"
        )
    if missing:
        LOG.warning(
            "warning: %d of %d annotated recordings are not in %s, such as %r",
            len(missing), len(annotated), folder, min(missing),
        )  # fmt: skip
    clips: list[Clip] = []
    behind: list[tuple[str, Event, float]] = []
    for file, name in zip(files, known, strict=True):
        if (there := annotated.get(name)) is not None:
            if (length := _length(Path(file))) is None:
                clips.append(Clip(Path(file), tuple(sorted({event.label for event in there}))))
                continue
            clips += clips_of(Path(file), there, length, seconds, negatives=negatives)
            behind += [(file, event, length) for event in there if event.onset >= length]
    if behind:
        file, event, length = behind[0]
        LOG.warning(
            "warning: %d annotated events begin behind the end of their recordings, and are left "
            "out, such as %r at %g s of %s, which lasts %.2f s: times are in seconds",
            len(behind), event.label, event.onset, file, length,
        )  # fmt: skip
    return dataset(clips, labels)


def clips_of(
    path: Path, events: Sequence[Event], length: float, seconds: float, *, negatives: bool = True
) -> list[Clip]:
    """Return the clips of a recording, by their onsets.

    Args:
        path: of the recording.
        events: what is annotated in it.
        length: of the recording, in seconds.
        seconds: length of a clip.
        negatives: whether there are clips between the events, too.
    """
    there = [
        Annotation(each.onset, min(each.offset, length), each.label)
        for each in events
        if each.onset < length
    ]
    windows = {
        window for event in there for window in _around(event.onset, event.offset, seconds, length)
    }
    if negatives:
        windows |= {window for gap in _gaps(there, length) for window in _cut(*gap, seconds)}
    timed = negatives and all(each.onset < each.offset for each in there)
    known = tuple(there) if timed else None
    return [
        Clip(path, tuple(sorted(_labels_in(onset, offset, there))), onset, offset, events=known)
        for onset, offset in sorted(windows)
    ]


def _length(path: Path) -> float | None:
    """Seconds of a recording; None of one that cannot be read."""
    try:
        return length_of(path)
    except AudioError:
        return None


def _around(
    onset: float, offset: float, seconds: float, length: float
) -> Iterator[tuple[float, float]]:
    """Windows that hold an event, within the recording."""
    if offset - onset > seconds:
        yield from _cut(onset, offset, seconds)
    else:
        start = max(0.0, min((onset + offset - seconds) / 2, length - seconds))
        yield start, min(start + seconds, length)


def _cut(onset: float, offset: float, seconds: float) -> Iterator[tuple[float, float]]:
    """Windows side by side, without a last one of less than half the length."""
    for number in range(math.ceil((offset - onset) / seconds)):
        start = onset + number * seconds
        if (end := min(start + seconds, offset)) - start >= seconds / 2:
            yield start, end


def _gaps(events: Iterable[Annotation], length: float) -> Iterator[tuple[float, float]]:
    at = 0.0
    for event in sorted(events, key=lambda each: each.onset):
        yield at, event.onset
        at = max(at, event.offset)
    yield at, length


def _labels_in(onset: float, offset: float, events: Iterable[Annotation]) -> set[str]:
    return {event.label for event in events if _holds(onset, offset, event)}


def _holds(onset: float, offset: float, event: Annotation) -> bool:
    if event.onset == event.offset:  # a label at a point, where a sound begins
        return onset <= event.onset < offset
    shared = min(offset, event.offset) - max(onset, event.onset)
    return shared > 0 and shared >= min(offset - onset, event.offset - event.onset) / 2
