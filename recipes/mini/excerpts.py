"""What is kept of a sound of any length: the whole of a short one, the loudest of a long one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from .sounds import SAMPLE_RATE

EXCERPT = 10.0
TRACK = 60.0
WINDOW = 5.0
HOP = 2.5


def is_track(path: PurePosixPath, seconds: float) -> bool:
    """Return whether a sound is a piece of music rather than an effect or a voice.

    Args:
        path: where it was found: what lies in a folder of music is music.
        seconds: its length: what is longer than a minute is music.
    """
    in_music = any("music" in part.lower() for part in path.parts[:-1])
    return seconds > (EXCERPT if in_music else TRACK)


def loudest(waveform: NDArray[np.float32], n_samples: int) -> NDArray[np.float32]:
    """The stretch of a waveform with most energy, (n_samples,), or all of a shorter one.

    Args:
        waveform: (samples,).
        n_samples: length of the stretch.
    """
    if len(waveform) <= n_samples:
        return waveform
    energy = np.cumsum(np.pad(waveform, (1, 0)).astype(np.float64) ** 2)
    start = int((energy[n_samples:] - energy[:-n_samples]).argmax())
    return waveform[start : start + n_samples]


def excerpts(waveform: NDArray[np.float32], track: bool) -> list[NDArray[np.float32]]:
    """The loudest 10 s of a sound, (samples,), or those of each half of a piece of music.

    Args:
        waveform: (samples,) at 32 kHz.
        track: whether it is a piece of music; one of less than 20 s has no halves.
    """
    longest = round(EXCERPT * SAMPLE_RATE)
    halves = 2 if track and len(waveform) >= 2 * longest else 1
    return [loudest(half, longest) for half in np.array_split(waveform, halves)]


def windows(seconds: float) -> Iterator[tuple[float, float]]:
    """Start and length in seconds of each window: 5 s every 2.5 s, the last as long as is left.

    Args:
        seconds: length of the sound; a rest of at most 2.5 s is in the window before.
    """
    yield 0.0, min(seconds, WINDOW)
    start = HOP
    while start + HOP < seconds:
        yield start, min(seconds - start, WINDOW)
        start += HOP


def spread(paths: Iterable[PurePosixPath], most: int) -> list[PurePosixPath]:
    """Some of the files of a tree, about as many of each folder, in the order of their names.

    Args:
        paths: the files.
        most: how many.
    """
    folders = groupby(sorted(paths, key=_by_folder), key=lambda path: path.parent)
    ranked = [(rank, path) for _, inside in folders for rank, path in enumerate(inside)]
    return sorted(path for _, path in sorted(ranked)[:most])


def _by_folder(path: PurePosixPath) -> tuple[PurePosixPath, str]:
    return path.parent, path.name
