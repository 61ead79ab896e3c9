"""Memory of this program: what a library must not change for its process, and a program may.

What a network gives back is kept for its next forward pass. glibc returns large pieces to the
system as soon as they are free, and gets them again page by page, each filled with zeros first:
LeeNet11 takes 1.5 to 3 times as long by that.

What is imported stays to the end. Torch makes some hundred thousand objects, and Python would look
through them for garbage time and again: a tenth of the time of that import.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
from collections.abc import Iterator

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Names of settings in `malloc.h`."""


def keep_what_is_freed() -> None:
    """Keep freed memory for the process from now on, where that is known: on Linux with glibc."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        allocator = ctypes.CDLL(None)
        allocator.mallopt(TRIM_THRESHOLD, 2**31 - 1)
        # The most that is allowed; larger pieces always come from the system.
        allocator.mallopt(MMAP_THRESHOLD, 2**25)


@contextlib.contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Switch garbage collection off in this context."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
