"""A file that is read by several threads at once.

New memory comes page by page, each cleared and then written to: one core fills it half as fast as
two do, and most of the published weights are 0.3 GB.
"""

from __future__ import annotations

import io
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

PART = 1 << 23
"""Bytes that a thread reads at a time."""

THREADS = 4
"""More do not help: the memory is what they wait for."""


class InParts(io.BufferedReader):
    """A file of which whatever is long is read in parts, at the same time.

    Args:
        path: the file.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(io.FileIO(path))
        self.pool = ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1), "panns-reader")

    def fileno(self) -> int:
        """Not told: torch would read by itself."""
        raise io.UnsupportedOperation("fileno")

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, and say with how many bytes.

        Args:
            buffer: whatever can be written to.
        """
        view = memoryview(buffer).cast("B")
        if len(view) <= PART or not hasattr(os, "preadv"):
            return super().readinto(buffer)
        start, file = self.tell(), super().fileno()

        def read(part: int) -> int:
            return os.preadv(file, [view[part : part + PART]], start + part)

        parts, n_bytes = range(0, len(view), PART), 0
        for part, size in zip(parts, self.pool.map(read, parts), strict=True):
            # Behind a short one there is nothing, or a gap: whoever asked asks again.
            n_bytes += size if n_bytes == part else 0
        self.seek(start + n_bytes)
        return n_bytes

    def close(self) -> None:
        """Close the file, and end its threads."""
        self.pool.shutdown()
        super().close()
