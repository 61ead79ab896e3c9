"""The bytes of a file of ONNX, and the checksum at their end."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ...errors import CheckpointError
from .metadata import DIGITS, checksum_entry

EXPORT = "write one with panns export MODEL --to onnx"
"""What to do about a file that cannot be used."""

MOST_BYTES = (1 << 31) - 1
"""A message of Protocol Buffers is no longer."""


class OnnxFile:
    """A file that `panns export` wrote, and its bytes as they were when it was opened.

    It is read anew each time, so that memory holds no second copy of the weights. Where the file
    is not there, because another process has sent its bytes, those are kept.

    Args:
        path: the file.
        sent: its bytes, from another process.

    Attributes:
        path: the file.
        checksum: SHA-256 of what stands in front of the checksum, 64 hexadecimal digits.
    """

    def __init__(self, path: Path, sent: bytes | None = None) -> None:
        self.path = path
        self._sent = None if sent is None or _holds(path, sent) else sent
        self.checksum = ""
        self._stamp: Stamp | None = None

    def read(self) -> bytes:
        """Return all bytes of the file.

        Raises:
            CheckpointError: if it cannot be read, is no ordinary file or too large, has no
                checksum at its end, or is no more what it was when it was opened.
        """
        before = _stamp(self.path)
        found = read_file(self.path) if self._sent is None else self._sent
        if not self.checksum:
            self._stored(found)
        elif _computed(found) != self.checksum:
            raise self._changed()
        self._stamp = before
        return found

    @contextlib.contextmanager
    def source(self) -> Iterator[bytes | str]:
        """Yield the file for another program: its path, or its bytes if it is not there.

        Raises:
            CheckpointError: if it was changed since it was verified, or meanwhile.
        """
        if self._sent is not None:
            yield self._sent
            return
        if self._stamp != _stamp(self.path):
            self.read()
        yield os.fspath(self.path)
        if self._stamp != _stamp(self.path):
            raise self._changed()

    def _changed(self) -> CheckpointError:
        return CheckpointError(
            f"{self.path} was changed since it was opened: open it again, or put back what it was"
        )

    def verify(self, model: bytes) -> None:
        """Compare bytes with the checksum at their end, and remember that.

        Args:
            model: bytes of the file.

        Raises:
            CheckpointError: if they do not fit.
        """
        found, stored = _computed(model), self._stored(model)
        if found != stored:
            raise CheckpointError(
                f"{self.path} is damaged, or was changed after it was written: its sha256 is "
                f"{found}, expected {stored}; {EXPORT}"
            )
        self.checksum = found

    def _stored(self, model: bytes) -> str:
        """Return the checksum at the end of the file."""
        stored = model[-DIGITS:].decode("ascii", "replace")
        if not model.endswith(checksum_entry(stored)):
            raise CheckpointError(
                f"{self.path} is no network in ONNX that this package wrote: there is no checksum "
                f"at its end; {EXPORT}"
            )
        return stored


def read_file(path: Path) -> bytes:
    """Return the bytes of an ordinary file.

    Args:
        path: the file, or a link to one.

    Raises:
        CheckpointError: if it cannot be read, is something else, or is too large for ONNX.
    """
    try:
        # Without O_NONBLOCK, opening a pipe waits until somebody writes to it.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | BINARY)
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise CheckpointError(f"{path} is a device or a pipe, and no file; {EXPORT}")
            if status.st_size > MOST_BYTES:
                raise CheckpointError(
                    f"{path} has {status.st_size} bytes, and a file of ONNX at most {MOST_BYTES}"
                )
            return file.read()
    except (OSError, ValueError) as error:  # the second for a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise CheckpointError(f"{path} cannot be read: {reason}") from error


BINARY = getattr(os, "O_BINARY", 0)
"""On Windows, bytes are read as they are only with this flag."""


Stamp = tuple[int, ...]
"""Which file it is, how large, and when it was last written to, moved or replaced."""


def _stamp(path: Path) -> Stamp | None:
    try:
        found = os.stat(path)
    except (OSError, ValueError):  # the second for a NUL in the name
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _holds(path: Path, sent: bytes) -> bool:
    """Whether a file holds the bytes that were sent."""
    try:
        return read_file(path) == sent
    except CheckpointError:
        return False


def _computed(model: bytes) -> str:
    """Return the checksum of all that stands in front of the stored one."""
    n_bytes = len(model) - len(checksum_entry("0" * DIGITS))
    return hashlib.sha256(memoryview(model)[: max(0, n_bytes)]).hexdigest()
