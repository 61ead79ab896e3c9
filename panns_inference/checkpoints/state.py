"""What a file of weights holds, read without running code that somebody put into it."""

from __future__ import annotations

import contextlib
import io
import os
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from .layout import layout, unusable
from .safetensors import safe_tensors

_READING = threading.Lock()
"""Torch's list of what may be unpickled is one for all threads."""

NUMPY_HOMES = ("numpy.core.multiarray", "numpy._core.multiarray")
"""The module that makes an array, before and since NumPy 2, as pickles name it."""

REFUSAL = re.compile(r"GLOBAL (\S+) (?:was not an allowed global|whose module)")
"""The message of torch for an object that it does not unpickle."""


PART_BYTES = 1 << 23
"""Bytes that a thread reads at a time."""

THREADS = 4
"""More do not help: the memory is what they wait for."""


class ParallelReader(io.BufferedReader):
    """A file from which several threads read a long buffer at once.

    New memory comes page by page, each cleared and then written to: one core fills it half as fast
    as two do, and most of the published weights are 0.3 GB.

    Args:
        path: the file.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(io.FileIO(path))
        self.pool = ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1), "panns-reader")

    def fileno(self) -> int:
        """Refuse to say: torch would read by itself."""
        raise io.UnsupportedOperation("fileno")

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, and return the number of bytes.

        Args:
            buffer: whatever can be written to.
        """
        view = memoryview(buffer).cast("B")
        if len(view) <= PART_BYTES or not hasattr(os, "preadv"):
            return super().readinto(buffer)
        start, file = self.tell(), super().fileno()

        def read(offset: int) -> int:
            return os.preadv(file, [view[offset : offset + PART_BYTES]], start + offset)

        offsets, n_bytes = range(0, len(view), PART_BYTES), 0
        for offset, size in zip(offsets, self.pool.map(read, offsets), strict=True):
            # Behind a short one there is nothing, or a gap: the caller reads again from there.
            n_bytes += size if n_bytes == offset else 0
        self.seek(start + n_bytes)
        return n_bytes

    def close(self) -> None:
        """Close the file, and end its threads."""
        self.pool.shutdown()
        super().close()


def loaded_from(path: Path) -> Any:
    """Return what a file of weights holds, its tensors on the CPU.

    Only tensors, plain containers and the NumPy arrays of a sampler are unpickled, never other
    objects. Files of the zip layout and of safetensors are mapped, not read: copy their tensors
    before you write to them.

    Args:
        path: the file; it is only read.

    Raises:
        CheckpointError: if there is no such file, or it is damaged or something else.
        UsageError: if it needs a package that is not installed.
    """
    found = layout(path)
    return safe_tensors(path) if found == "safetensors" else _unpickled(path, found == "zip")


def _unpickled(path: Path, mmap: bool) -> Any:
    import torch

    # Torch maps a path, or nothing.
    opened = contextlib.nullcontext(path) if mmap else ParallelReader(path)
    with _READING, torch.serialization.safe_globals(_sampler_globals()), opened as file:
        try:
            return torch.load(file, map_location="cpu", weights_only=True, mmap=mmap)
        except Exception as error:  # a damaged file fails anywhere in the unpickler
            if refused := REFUSAL.search(str(error)):
                found = f"holds {refused[1]}, an object that could run code when it is read"
            else:
                found = f"was cut off or damaged ({type(error).__name__} while reading it)"
            raise unusable(path, found) from error


def _sampler_globals() -> list[Any]:
    """Return the types of the state of the training's sampler: arrays of int64."""
    import numpy as np
    from torch.serialization import get_safe_globals

    make = np.empty(0).__reduce__()[0]
    makers = [_member(make, module) for module in NUMPY_HOMES]
    wanted = [*makers, np.ndarray, np.dtype, type(np.dtype(np.int64))]
    # What the caller has allowed already would be forbidden afterwards.
    return [each for each in wanted if each not in get_safe_globals()]


def _member(make: Any, module: str) -> Callable[..., Any]:
    """Return NumPy's function that makes an empty array, as a member of the given module."""

    def _reconstruct(*given: Any) -> Any:
        return make(*given)

    _reconstruct.__module__, _reconstruct.__qualname__ = module, "_reconstruct"
    return _reconstruct
