"""Clips as the pipeline reads them: files, and stretches of files in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from ...audio import Reading
from ...audio.excerpts import Part, excerpts
from ...errors import AudioError
from ...pipeline.recordings import Input
from ..data import Clip

WHOLE = (0.0, None)
"""Onset and offset of a clip that is a whole recording."""

ENDLESS = 1e9
"""Offset in seconds of a clip that goes on to the end of its recording: later than any."""

Numbered = tuple[int, Input | AudioError]
"""A clip by its place in a list, as it is read; or why it cannot be."""


def inputs_of(clips: Sequence[Clip]) -> Iterator[Numbered]:
    """Yield clips as the pipeline reads them; a recording is decoded once for all its stretches.

    Args:
        clips: in any order.
    """
    recordings: defaultdict[Path, list[int]] = defaultdict(list)
    for place, clip in enumerate(clips):
        recordings[clip.path].append(place)
    for path, places in recordings.items():
        stretches = []
        for place in places:
            if (clips[place].onset, clips[place].offset) == WHOLE:
                yield place, Input(path)
            else:
                stretches.append((place, clips[place]))
        if stretches:
            yield from _cut(path, stretches)


def _cut(path: Path, clips: Sequence[tuple[int, Clip]]) -> Iterator[Numbered]:
    waiting = dict(enumerate(clips))
    ends = [ENDLESS if clip.offset is None else clip.offset for _, clip in clips]
    times = [(clip.onset, end) for (_, clip), end in zip(clips, ends, strict=True)]
    error: AudioError | None = None
    held: defaultdict[int, list[Part]] = defaultdict(list)
    try:
        for part in excerpts(path, times):
            held[part.number].append(part)
            if part.is_last and part.number in waiting:
                place, _ = waiting.pop(part.number)
                yield place, _input(held.pop(part.number))
    except AudioError as raised:
        error = raised
    for place, clip in waiting.values():
        yield place, error or AudioError(f"{path} ends before {clip.onset:g} s")


def _input(pieces: Iterable[Part]) -> Input:
    samples, rates = zip(*((part.samples, part.sample_rate) for part in pieces), strict=True)
    return Input(np.concatenate(samples), Reading(), rates[0])
