"""Clips cut out of their recordings, each recording decoded once."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...audio import blocks
from ...errors import AudioError
from .clips import Clip

if TYPE_CHECKING:
    from numpy.typing import NDArray


def in_order(clips: Sequence[Clip]) -> list[Clip]:
    """Return clips with those of one recording one after the other, by their onsets.

    Args:
        clips: in any order; recordings stay in that of their first clips.
    """
    first = {clip.path: place for place, clip in reversed([*enumerate(clips)])}
    return sorted(clips, key=lambda clip: (first[clip.path], clip.onset))


def waveforms_of(
    clips: Sequence[Clip], sample_rate: int, n_samples: int
) -> Generator[NDArray[np.float32] | AudioError, None, None]:
    """Yield the waveform of each clip, the same samples as `audio.read` gives of its recording.

    Args:
        clips: in the order of `in_order`.
        sample_rate: of the waveforms in Hz.
        n_samples: length of a waveform; what is longer is cut.

    Yields:
        (samples,) float32, at most `n_samples` of them; or why there is none.
    """
    for path, alike in itertools.groupby(clips, key=lambda clip: clip.path):
        recording = _Recording(path, sample_rate)
        try:
            for clip in alike:
                first = round(clip.onset * sample_rate)
                last = first + n_samples
                if clip.offset is not None:
                    last = min(last, round(clip.offset * sample_rate))
                try:
                    yield recording.cut(first, last)
                except AudioError as error:
                    yield error
        finally:
            recording.close()


class _Recording:
    """A recording that is decoded as far as its clips go, of which little is kept in memory."""

    def __init__(self, path: Path, sample_rate: int) -> None:
        self._path, self._sample_rate = path, sample_rate
        self._blocks = blocks(path, sample_rate)
        self._kept: NDArray[np.float32] = np.zeros(0, np.float32)
        self._start = 0
        self._failure: AudioError | None = None

    @property
    def _end(self) -> int:
        return self._start + len(self._kept)

    def cut(self, first: int, last: int) -> NDArray[np.float32]:
        """Return samples; `first` never goes back."""
        self._forget_before(first)
        while self._end < last and (block := self._next()) is not None:
            self._kept = np.concatenate([self._kept, block])
            self._forget_before(first)
        found = self._kept[first - self._start : last - self._start]
        if self._failure is not None and self._end < last:
            raise self._failure
        if not len(found):
            seconds = self._end / self._sample_rate
            raise AudioError(f"{self._path} ends after {seconds:.2f} s, before this clip begins")
        return found

    def close(self) -> None:
        self._blocks.close()

    def _forget_before(self, first: int) -> None:
        start = min(first, self._end)
        self._kept, self._start = self._kept[start - self._start :], start

    def _next(self) -> NDArray[np.float32] | None:
        """The next block; None behind the last, also where that is a fault of the file."""
        if self._failure is not None:
            return None
        try:
            return next(self._blocks, None)
        except AudioError as error:
            self._failure = error
            return None
