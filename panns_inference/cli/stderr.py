"""Standard error for this program alone: without the words of C code.

The MP3 decoder inside libsndfile writes to the terminal wherever a file is damaged, and no option
stops it. What is wrong with a file is said by our own warnings.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

STDERR = 2


@contextlib.contextmanager
def of_python() -> Iterator[None]:
    """What Python writes to `sys.stderr` gets there, and nothing else."""
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
    with open(own, "w", encoding=before.encoding, errors=before.errors, buffering=1) as stderr:
        sys.stderr = stderr
        try:
            yield
        finally:
            sys.stderr = before
            stderr.flush()
            os.dup2(own, STDERR)
