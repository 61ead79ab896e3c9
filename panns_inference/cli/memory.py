"""Memory of this program: what a library must not change for its process, and a program may.

What a network gives back is kept for its next forward pass. glibc returns large pieces to the
system as soon as they are free, and gets them again page by page, each filled with zeros first:
LeeNet11 takes 1.5 to 3 times as long by that.

What is imported stays to the end. Torch brings some hundred thousand objects, through which Python
would look for garbage time and again while they are made, and at the exit: a quarter of a second.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
from collections.abc import Iterator

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Names of settings in `malloc.h`."""


def keep_what_is_freed() -> None:
    """Change how memory is managed from now on, where that is known: on Linux with glibc."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        allocator = ctypes.CDLL(None)
        allocator.mallopt(TRIM_THRESHOLD, 2**31 - 1)
        # The most that is allowed; larger pieces always come from the system.
        allocator.mallopt(MMAP_THRESHOLD, 2**25)


@contextlib.contextmanager
def kept_to_the_end() -> Iterator[None]:
    """What is made in this context is no garbage, and is never looked through for any."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
