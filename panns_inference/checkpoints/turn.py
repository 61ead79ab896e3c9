"""Whose turn it is to download a file: a lock that is given away while nothing comes."""

from __future__ import annotations

import contextlib
from pathlib import Path

from .lock import locked
from .stream import Stream

GRACE = 5.0
"""Seconds without a byte after which another process may try its luck."""


class Turn:
    """The lock of a download.

    Args:
        lock: path of the lock file.
        partial: what is written by whose turn it is.
        patience: seconds without a byte, from whoever it may be, after which waiting ends.
    """

    def __init__(self, lock: Path, partial: Path, patience: float) -> None:
        self.lock = lock
        self.partial = partial
        self.patience = patience
        self._held = contextlib.ExitStack()
        self._is_held = False

    def take(self) -> None:
        """Wait until it is our turn.

        Raises:
            TimeoutError: if whose turn it is writes nothing for too long.
            OSError: if there can be no lock.
        """
        if not self._is_held:
            waiting = locked(self.lock, watched=self._state, patience=self.patience + GRACE)
            self._held.enter_context(waiting)
            self._is_held = True

    def give(self) -> None:
        """Let others have their turn."""
        self._held.close()
        self._is_held = False

    def next_of(self, stream: Stream) -> object:
        """The next item of a stream; the lock is given away while none comes.

        Args:
            stream: what comes from the server.

        Raises:
            TimeoutError: if none comes in time.
            InterruptedError: if another process has gone on with the file meanwhile.
        """
        try:
            return stream.next(min(GRACE, self.patience))
        except TimeoutError:
            before = self._state()
            self.give()
        item = stream.next(self.patience - GRACE)
        self.take()
        if self._state() != before:
            raise InterruptedError("another process has gone on with it")
        return item

    def _state(self) -> tuple[int, ...]:
        """What changes when somebody writes to the partial file."""
        try:
            status = self.partial.lstat()
        except OSError:
            return ()
        return status.st_ino, status.st_size, status.st_mtime_ns
