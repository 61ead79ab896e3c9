"""Standard error without what C code writes.

The MP3 decoder inside libsndfile writes to the terminal wherever a file is damaged, and no option
stops it. What is wrong with a file is in our own warnings.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

STDERR = 2


@contextlib.contextmanager
def of_python() -> Iterator[None]:
    """Let what Python writes to `sys.stderr` through, and nothing else."""
    before = sys.stderr
    try:
        is_own = before.fileno() == STDERR
        own = os.dup(STDERR) if is_own else -1
    except (OSError, ValueError, AttributeError):  # it is closed, or a test's
        is_own = False
    if not is_own:
        yield
        return
    before.flush()
    with open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), STDERR)
    sys.stderr = stderr = open(  # noqa: SIM115 what cannot be written at the end is lost
        own, "w", encoding=before.encoding, errors="backslashreplace", buffering=1, closefd=False
    )
    try:
        yield
    finally:
        sys.stderr = before
        with contextlib.suppress(OSError):
            stderr.close()
        os.dup2(own, STDERR)
        os.close(own)
