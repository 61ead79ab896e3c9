"""What a server sends, waited for no longer than is allowed.

A thread asks the server and reads; whoever wants the items waits for the thread. Whatever a server
can draw out, a handshake, headers, redirects or single bytes, keeps that thread alone, which ends
with its connection.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

AHEAD = 8
"""Items that wait to be taken."""

STOP_SECONDS = 0.1
"""How soon the thread notices that nobody wants its items any more."""

WINDOW = 30.0
"""Seconds over which a speed is measured."""

END = object()
"""Stands behind the last item."""


class Stream:
    """Items that are made by a thread of their own.

    Args:
        items: makes them; it is closed when they end or are not wanted any more.
    """

    def __init__(self, items: Generator[Any, None, None]) -> None:
        self._waiting: queue.Queue[Any] = queue.Queue(AHEAD)
        self._stopped = threading.Event()
        threading.Thread(
            target=self._run, args=(items,), name="panns-download", daemon=True
        ).start()

    def next(self, seconds: float) -> Any:
        """The next item, or `END`; an error of the thread is raised here.

        Args:
            seconds: how long it is waited for.

        Raises:
            TimeoutError: if it does not come in that time.
        """
        try:
            item = self._waiting.get(timeout=max(0.0, seconds))
        except queue.Empty:
            raise TimeoutError from None
        if isinstance(item, BaseException):
            raise item
        return item

    def stop(self) -> None:
        """Nothing more is wanted."""
        self._stopped.set()

    def _run(self, items: Generator[Any, None, None]) -> None:
        with contextlib.closing(items):
            try:
                for item in items:
                    if not self._put(item):
                        return
                self._put(END)
            except BaseException as error:
                self._put(error)

    def _put(self, item: Any) -> bool:
        """Hand on an item; False if nobody wants it."""
        while not self._stopped.is_set():
            with contextlib.suppress(queue.Full):
                self._waiting.put(item, timeout=STOP_SECONDS)
                return True
        return False


@dataclass
class Pace:
    """How fast bytes have to come.

    Args:
        floor: bytes a second, over `WINDOW` seconds.
    """

    floor: float

    def __post_init__(self) -> None:
        self._began = time.monotonic()
        self._received = 0

    def is_kept(self, n_bytes: int) -> bool:
        """Whether bytes come fast enough.

        Args:
            n_bytes: that have come now.
        """
        self._received += n_bytes
        seconds = time.monotonic() - self._began
        if seconds < WINDOW:
            return True
        is_kept = self._received >= self.floor * seconds
        self._began, self._received = time.monotonic(), 0
        return is_kept
