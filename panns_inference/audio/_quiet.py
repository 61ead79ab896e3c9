"""Silence from C code that writes to the terminal by itself.

The MP3 decoder inside libsndfile does so wherever a file is damaged, and no option stops it. What
is wrong with a file is said by our own warnings.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_STDERR = 2


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing that is written to the standard error meanwhile gets there.

    That is so for the whole process, so it is done in programs of one thread only: the words of
    another one could be lost.
    """
    if threading.active_count() > 1:
        yield
        return
    try:
        saved = os.dup(_STDERR)
    except OSError:  # there is no standard error
        yield
        return
    try:
        with open(os.devnull, "wb") as nothing:
            os.dup2(nothing.fileno(), _STDERR)
        yield
    finally:
        os.dup2(saved, _STDERR)
        os.close(saved)
