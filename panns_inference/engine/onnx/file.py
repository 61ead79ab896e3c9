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
    """A file that `panns export` wrote, and its content as it was when it was opened.

    It is read anew each time, so that memory holds no second copy of the weights. Where the file
    is not there, because its content was sent by another process, that is kept.

    Args:
        path: the file.
        sent: its content, from another process.

    Attributes:
        path: the file.
        checksum: SHA-256 of what stands in front of the checksum, 64 hexadecimal digits.
    """

    def __init__(self, path: Path, sent: bytes | None = None) -> None:
        self.path = path
        self._sent = None if sent is None or _holds(path, sent) else sent
        self.checksum = ""
        self._stamp: Stamp | None = None

    def content(self) -> bytes:
        """All bytes of the file.

        Raises:
            CheckpointError: if it cannot be read, is no ordinary file or too large, has no
                checksum at its end, or is no more what it was when it was opened.
        """
        before = _stamp(self.path)
        found = read(self.path) if self._sent is None else self._sent
        if not self.checksum:
            self._unsealed(found)
        elif self._found(found) != self.checksum:
            raise self._changed()
        self._stamp = before
        return found

    @contextlib.contextmanager
    def given(self) -> Iterator[bytes | str]:
        """The file for another program: its path, or its content if it is not there.

        Raises:
            CheckpointError: if it was changed since it was verified, or meanwhile.
        """
        if self._sent is not None:
            yield self._sent
            return
        if self._stamp != _stamp(self.path):
            self.content()
        yield os.fspath(self.path)
        if self._stamp != _stamp(self.path):
            raise self._changed()

    def _changed(self) -> CheckpointError:
        return CheckpointError(
            f"{self.path} was changed since it was opened: open it again, or put back what it was"
        )

    def verify(self, content: bytes) -> None:
        """Compare a content with its checksum, and remember that.

        Args:
            content: of the file.

        Raises:
            CheckpointError: if they do not fit.
        """
        found, held = self._found(content), self._unsealed(content)
        if found != held:
            raise CheckpointError(
                f"{self.path} is damaged, or was changed after it was written: its sha256 is "
                f"{found}, expected {held}; {EXPORT}"
            )
        self.checksum = found

    def _unsealed(self, content: bytes) -> str:
        """The checksum that a content ends with."""
        held = content[-DIGITS:].decode("ascii", "replace")
        if not content.endswith(checksum_entry(held)):
            raise CheckpointError(
                f"{self.path} is no network in ONNX that this package wrote: there is no checksum "
                f"at its end; {EXPORT}"
            )
        return held

    @staticmethod
    def _found(content: bytes) -> str:
        sealed = len(content) - len(checksum_entry("0" * DIGITS))
        return hashlib.sha256(memoryview(content)[: max(0, sealed)]).hexdigest()


def read(path: Path) -> bytes:
    """The content of an ordinary file.

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
"""On Windows, bytes are read as they are only if one says so."""


Stamp = tuple[int, ...]
"""Who a file is, how large, and when it was last written to, moved or replaced."""


def _stamp(path: Path) -> Stamp | None:
    try:
        found = os.stat(path)
    except (OSError, ValueError):  # the second for a NUL in the name
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _holds(path: Path, content: bytes) -> bool:
    """Whether a file holds a content."""
    try:
        return read(path) == content
    except CheckpointError:
        return False
