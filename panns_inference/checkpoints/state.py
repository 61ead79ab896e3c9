"""The state dict in a file of weights, read without running code that somebody put into it."""

from __future__ import annotations

import contextlib
import io
import os
import re
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .layout import layout, unusable

if TYPE_CHECKING:
    from torch import Tensor

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


def read_state(path: str | os.PathLike[str]) -> dict[str, Tensor]:
    """Return the state dict in a checkpoint, on the CPU.

    A file contains it bare or under `model` or `state_dict`; a prefix `module.` of all keys, which
    `DataParallel` leaves, is taken off. Only tensors, plain containers and the NumPy arrays of a
    sampler are unpickled, never other objects. A file of the zip layout is mapped, not read:
    copy its tensors before you write to it.

    Args:
        path: the file; it is only read.

    Raises:
        CheckpointError: if there is no such file, or it holds no state dict.
    """
    path = Path(path)
    loaded = _unpickled(path, mmap=layout(path) == "zip")
    return _without_prefix(_state_of(loaded, path))


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


def _state_of(loaded: Any, path: Path) -> Mapping[str, Tensor]:
    outer = loaded if isinstance(loaded, Mapping) else {}
    inner = (outer[name] for name in ("model", "state_dict") if name in outer)
    state = next((each for each in inner if isinstance(each, Mapping)), outer)
    if state and all(_is_entry(*item) for item in state.items()):
        if odd := {key: kind for key, value in state.items() if (kind := _odd(value))}:
            key, kind = next(iter(odd.items()))
            more = f" and {len(odd) - 1} more" if len(odd) > 1 else ""
            raise unusable(path, f"holds {kind} in {key!r}{more}, where plain tensors belong")
        return state
    keys = f" with {', '.join(map(repr, list(state)[:6]))}" if state else ""
    raise unusable(path, f"holds no state dict, but a {type(loaded).__name__}{keys}")


def _is_entry(key: Any, value: Any) -> bool:
    from torch import Tensor

    return isinstance(key, str) and isinstance(value, Tensor)


def _odd(value: Tensor) -> str:
    """Return the kind of a tensor whose values do not simply lie in memory; else nothing."""
    import torch

    kinds = {
        "a nested tensor": value.is_nested,
        "a quantised tensor": value.is_quantized,
        "a tensor without values, on the meta device,": value.is_meta,
        f"a tensor of layout {value.layout}": value.layout != torch.strided,
        f"a tensor on {value.device}": value.device.type != "cpu",
    }
    return next((kind for kind, is_so in kinds.items() if is_so), "")


def _without_prefix(state: Mapping[str, Tensor], prefix: str = "module.") -> dict[str, Tensor]:
    if all(key.startswith(prefix) for key in state):
        return {key.removeprefix(prefix): value for key, value in state.items()}
    return dict(state)
