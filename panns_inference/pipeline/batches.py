"""Which clips go through the network in one batch: decided by the list of recordings alone.

    recordings a  b  c  X  d  e  f         a, c, d and f are of one length, X is long
    batches    [a c] [b]  [X]  [d f] [e]

Clips that are padded to one length are of one length.

What a network gives for a clip differs in the last bits with what else is in its batch. So batches
depend neither on the time that decoding takes nor on what an earlier run has done already: a run
that was killed and goes on gives the bytes of one that was not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

MOST = 32
"""Clips that wait for others of their length."""


class Sized(Protocol):
    """A recording whose length is known."""

    @property
    def n_samples(self) -> int:
        """Length at the network's rate."""


Clip = TypeVar("Clip", bound=Sized)


def batches(clips: Iterable[Clip], at_most: int, at_least: int = 0) -> Iterator[list[Clip]]:
    """Yield batches of clips of one length, as soon as they are known; each clip is in one.

    Clips wait until there are `MOST` of them, or until one comes with which they would be longer
    than `at_most` in all. What is longer by itself is alone.

    Args:
        clips: in the order of the recordings.
        at_most: samples of all clips that wait, and so of a batch.
        at_least: samples to which shorter clips are padded.
    """
    waiting: dict[int, list[Clip]] = {}
    count = n_samples = 0
    for clip in clips:
        length = max(clip.n_samples, at_least)
        if count == MOST or n_samples + length > at_most:
            yield from waiting.values()
            waiting, count, n_samples = {}, 0, 0
        waiting.setdefault(length, []).append(clip)
        count, n_samples = count + 1, n_samples + length
    yield from waiting.values()
