"""The state of a long recording while it is processed, on the disk.

    NAME.npz       the accumulator's state, written every few seconds
    NAME.frames    framewise probabilities so far, float32; what lies behind the state is cut off

A run that was killed decodes the recording again up to where the state ends, and processes it from
there on.
"""

from __future__ import annotations

import io
import os
import stat
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..files import atomic_write
from ..pipeline import Accumulator, DetectionTask, Task
from ..results import Result
from .records import set_aside

R = TypeVar("R", bound=Result)

INTERVAL = 5.0
"""Seconds of work that a kill may take away."""

ROWS = 6000
"""Frames that are read at once: a minute."""

DAMAGE = (ValueError, TypeError, KeyError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error)
"""What `numpy.load` raises for a file that is damaged."""

PREFIX = "accumulator/"
"""Of the names of the accumulator's own arrays."""


class StateFiles:
    """The state of an accumulator, and its frames, in two files.

    Args:
        path: of the files, without their extensions; the folder is made when it is needed.
        identity: of the recording, any numbers: the state of another one is not used.
    """

    def __init__(self, path: Path, identity: tuple[int, ...]) -> None:
        self.path = path
        self.identity = identity
        self.state_file = path.with_name(f"{path.name}.npz")
        self.frames_file = path.with_name(f"{path.name}.frames")
        self._saved = time.monotonic()

    def accumulator(self, task: Task[R], name: str | None) -> Accumulator[R]:
        """Return an accumulator that goes on where the state ends; without a state, a new one.

        Args:
            task: what is computed.
            name: of the recording.
        """
        found = self._read()
        state = {k.removeprefix(PREFIX): v for k, v in found.items() if k.startswith(PREFIX)}
        accumulator: Any  # of the task's own kind
        if isinstance(task, DetectionTask) and task.framewise:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.frames_file.open("ab") as file:
                file.truncate(int(found.get("n_bytes", 0)))
            accumulator = task.accumulator(name, state, self._add_frames)
        else:
            accumulator = task.accumulator(name, state)
        self._saved = time.monotonic()
        made: Accumulator[R] = accumulator
        return made

    def save(self, accumulator: Accumulator[R]) -> None:
        """Write the state down, if it is time.

        Args:
            accumulator: of the recording.
        """
        if time.monotonic() - self._saved < INTERVAL:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        n_bytes = 0
        if self.frames_file.exists():
            with self.frames_file.open("ab") as file:
                os.fsync(file.fileno())
                n_bytes = file.tell()
        state: dict[str, Any] = {
            f"{PREFIX}{name}": value for name, value in accumulator.state().items()
        }
        buffer = io.BytesIO()
        state |= {"identity": self.identity, "n_bytes": n_bytes, "n_samples": accumulator.n_samples}
        np.savez(buffer, **state)
        with atomic_write(self.state_file, binary=True) as file:
            file.write(buffer.getbuffer())
        self._saved = time.monotonic()

    @property
    def n_samples(self) -> int:
        """Samples of the recording that the state on the disk is of; 0 without one."""
        return int(self._read().get("n_samples", 0))

    def rows(self, n_classes: int) -> Iterator[NDArray[np.float32]]:
        """Yield the framewise probabilities, (frames, classes), a minute at a time.

        Args:
            n_classes: columns.
        """
        with self.frames_file.open("rb") as file:
            while rows := file.read(ROWS * n_classes * 4):
                yield np.frombuffer(rows, np.float32).reshape(-1, n_classes)

    def remove(self) -> None:
        """Remove the files: the recording is done."""
        self.state_file.unlink(missing_ok=True)
        self.frames_file.unlink(missing_ok=True)

    def _read(self) -> dict[str, NDArray[Any]]:
        """The arrays of the state; nothing if they are of another recording, or damaged."""
        for path in (self.state_file, self.frames_file):
            set_aside(path, stat.S_ISREG, [])
        try:
            with np.load(io.BytesIO(self.state_file.read_bytes())) as file:
                found = dict(file)
            n_bytes = int(found["n_bytes"])
            held = self.frames_file.stat().st_size if n_bytes else 0
            whole = held >= n_bytes and tuple(found["identity"].tolist()) == self.identity
        except (*DAMAGE, OSError):
            return {}
        return found if whole else {}

    def _add_frames(self, rows: NDArray[np.float32]) -> None:
        with self.frames_file.open("ab") as file:
            file.write(rows.tobytes())
