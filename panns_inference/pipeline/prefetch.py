"""Prefetching: recordings are decoded in threads; what is decoded is handed out in its order.

soundfile, PyAV and soxr leave Python free while they work, so that some threads decode while
another one computes.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from math import inf
from typing import TypeVar

from .batches import MOST, Sized

Item = TypeVar("Item")
Made = TypeVar("Made", bound=Sized)

CHUNKS = 3
"""Chunks of a long recording that wait."""


def made_in_threads(
    make: Callable[[Item], Made], items: Iterable[Item], jobs: int, n_samples: int
) -> Iterator[Made]:
    """Yield what is made of each item, in the order of the items.

    Args:
        make: called in other threads.
        items: what something is made of.
        jobs: threads.
        n_samples: nothing new is begun while what waits is as long as this.
    """
    room = _Room(n_samples)

    def work(number: int, item: Item) -> Made:
        room.enter(number)
        made = make(item)
        room.hold(made.n_samples)
        return made

    def handed_out() -> Made:
        made = waiting.popleft().result()
        room.hand_out(made.n_samples)
        return made

    waiting: deque[Future[Made]] = deque()
    pool = ThreadPoolExecutor(jobs, "panns-decoder")
    try:
        for number, item in enumerate(items):
            waiting.append(pool.submit(work, number, item))
            if len(waiting) > MOST + jobs:
                yield handed_out()
        while waiting:
            yield handed_out()
    finally:
        room.open()
        pool.shutdown(cancel_futures=True)


def buffered(items: Iterator[Item]) -> Iterator[Item]:
    """Yield the same items, `CHUNKS` of which are always made before they are wanted.

    Args:
        items: an iterator that is advanced in another thread; None is none of its items.
    """
    pool = ThreadPoolExecutor(1, "panns-reader")
    try:
        waiting = deque(pool.submit(next, items, None) for _ in range(CHUNKS))
        while (item := waiting.popleft().result()) is not None:
            waiting.append(pool.submit(next, items, None))
            yield item
    finally:
        pool.shutdown(cancel_futures=True)


class _Room:
    """Bounds what waits: while there is enough, only what is wanted next may begin."""

    def __init__(self, n_samples: int) -> None:
        self._enough: float = n_samples
        self._held = self._next = 0
        self._changed = threading.Condition()

    def enter(self, number: int) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._held < self._enough or number <= self._next)

    def hold(self, n_samples: int) -> None:
        with self._changed:
            self._held += n_samples

    def hand_out(self, n_samples: int) -> None:
        with self._changed:
            self._held -= n_samples
            self._next += 1
            self._changed.notify_all()

    def open(self) -> None:
        """Let all threads go that wait: nothing is taken any more."""
        with self._changed:
            self._enough = inf
            self._changed.notify_all()
