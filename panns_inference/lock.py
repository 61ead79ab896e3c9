"""One process at a time: a lock on a file, which the system frees when its holder dies."""

from __future__ import annotations

import contextlib
import errno
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

POLL_SECONDS = 0.1

if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    HELD = PermissionError

    def _lock(file: BinaryIO) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    HELD = BlockingIOError

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def locked(
    path: Path,
    *,
    wait: bool = True,
    watched: Callable[[], object] = time.monotonic,
    patience: float = math.inf,
) -> Iterator[None]:
    """Hold a lock; wait while another process or thread holds it.

    Args:
        path: of the lock file, which is there only while somebody holds or awaits the lock.
        wait: False raises instead of waiting.
        watched: returns what changes as long as the holder works.
        patience: seconds without a change after which waiting ends.

    Raises:
        BlockingIOError: if somebody else holds the lock, and it is not waited for.
        TimeoutError: if the holder did nothing for too long.
        OSError: if the file cannot be made, or its file system knows no locks.
    """
    if (file := _acquire(path)) is None and not wait:
        raise BlockingIOError(errno.EWOULDBLOCK, "somebody else holds this lock", str(path))
    seen, since = watched(), time.monotonic()
    while file is None:
        time.sleep(POLL_SECONDS)
        file = _acquire(path)
        if (now := watched()) != seen:
            seen, since = now, time.monotonic()
        elif file is None and time.monotonic() - since > patience:
            raise TimeoutError(
                errno.ETIMEDOUT, "the process that holds this lock does nothing: end it", str(path)
            )
    with file:
        try:
            yield
        finally:
            # Windows removes no open file; there an empty one stays, which does no harm.
            with contextlib.suppress(PermissionError):
                path.unlink(missing_ok=True)


def _acquire(path: Path) -> BinaryIO | None:
    """Return the locked file, or None if somebody else holds it."""
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(path.open("ab"))
        try:
            _lock(file)
            # The holder before us may have removed the file after we opened it: a lock on a
            # file that has lost its name keeps nobody out.
            has_name = os.path.samestat(os.fstat(file.fileno()), path.stat())
        except (HELD, FileNotFoundError):
            return None
        if has_name:
            stack.pop_all()
        return file if has_name else None
