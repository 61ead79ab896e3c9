"""Items from a server, waited for no longer than allowed, and the lock that is held meanwhile.

A thread talks to the server; whoever wants the items waits for the thread. Whatever a server can
draw out, a handshake, headers, redirects or single bytes, keeps that thread alone, which ends with
its connection.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from ..lock import locked

LOG = logging.getLogger("panns_inference")

T = TypeVar("T")

QUEUE_SIZE = 8
"""Items that wait to be taken."""

STOP_SECONDS = 0.1
"""Time after which the thread notices that nobody wants its items any more."""

SPEED_SECONDS = 30.0
"""Time over which a speed is measured."""

GRACE_SECONDS = 5.0
"""Time without a byte after which another process may try its luck."""


class Stream(Generic[T]):
    """Items that are made by a thread of their own.

    Args:
        items: makes them; it is closed when they end or are not wanted any more.
    """

    def __init__(self, items: Generator[T, None, None]) -> None:
        self._queue: queue.Queue[T | BaseException | None] = queue.Queue(QUEUE_SIZE)
        self._stopped = threading.Event()
        threading.Thread(
            target=self._run, args=(items,), name="panns-download", daemon=True
        ).start()

    def next(self, seconds: float) -> T | None:
        """Return the next item, None behind the last one; an error of the thread is raised here.

        Args:
            seconds: how long it is waited for.

        Raises:
            TimeoutError: if it does not come in that time.
        """
        try:
            item = self._queue.get(timeout=max(0.0, seconds))
        except queue.Empty:
            raise TimeoutError from None
        if isinstance(item, BaseException):
            raise item
        return item

    def stop(self) -> None:
        """End the thread: nothing more is wanted."""
        self._stopped.set()

    def _run(self, items: Generator[T, None, None]) -> None:
        with contextlib.closing(items):
            try:
                for item in items:
                    if not self._put(item):
                        return
                self._put(None)
            except BaseException as error:
                self._put(error)

    def _put(self, item: T | BaseException | None) -> bool:
        """Hand on an item; False if nobody wants it."""
        while not self._stopped.is_set():
            with contextlib.suppress(queue.Full):
                self._queue.put(item, timeout=STOP_SECONDS)
                return True
        return False


@dataclass
class SpeedCheck:
    """A check that bytes come fast enough.

    Args:
        min_speed: bytes a second, over `SPEED_SECONDS`.
    """

    min_speed: float

    def __post_init__(self) -> None:
        self._began = time.monotonic()
        self._received = 0

    def passes(self, n_bytes: int) -> bool:
        """Return False if too few bytes came in the time that has just ended.

        Args:
            n_bytes: that have come now.
        """
        self._received += n_bytes
        seconds = time.monotonic() - self._began
        if seconds < SPEED_SECONDS:
            return True
        is_fast_enough = self._received >= self.min_speed * seconds
        self._began, self._received = time.monotonic(), 0
        return is_fast_enough


class DownloadLock:
    """The lock of a download, which is released while nothing comes.

    Args:
        target: path of the file when it is whole; its lock and the partial file lie beside it.
        timeout: seconds without a byte, from whoever it may be, after which waiting ends.
    """

    def __init__(self, target: Path, timeout: float) -> None:
        self.path = target.with_name(f"{target.name}.lock")
        self.partial = target.with_name(f"{target.name}.partial")
        self.timeout = timeout
        self._held = contextlib.ExitStack()
        self._is_held = False

    def acquire(self) -> None:
        """Wait until the lock is ours.

        Raises:
            TimeoutError: if the process that holds it writes nothing for too long.
            OSError: if there can be no lock.
        """
        if self._is_held:
            return
        try:
            self._held.enter_context(locked(self.path, wait=False))
        except BlockingIOError:
            LOG.info("another process downloads the same file: waiting for it")
            patience = self.timeout + GRACE_SECONDS
            waiting = locked(self.path, watched=self._partial_state, patience=patience)
            self._held.enter_context(waiting)
        self._is_held = True

    def release(self) -> None:
        """Let other processes have the lock."""
        self._held.close()
        self._is_held = False

    def next_of(self, stream: Stream[T]) -> T | None:
        """Return the next item of a stream, None behind the last one.

        The lock is released while none comes.

        Args:
            stream: what comes from the server.

        Raises:
            TimeoutError: if none comes in time.
            InterruptedError: if another process has gone on with the file meanwhile.
        """
        try:
            return stream.next(min(GRACE_SECONDS, self.timeout))
        except TimeoutError:
            before = self._partial_state()
            self.release()
        item = stream.next(self.timeout - GRACE_SECONDS)
        self.acquire()
        if self._partial_state() != before:
            raise InterruptedError("another process has gone on with it")
        return item

    def _partial_state(self) -> tuple[int, ...]:
        """Return what changes when somebody writes to the partial file."""
        try:
            status = self.partial.lstat()
        except OSError:
            return ()
        return status.st_ino, status.st_size, status.st_mtime_ns
