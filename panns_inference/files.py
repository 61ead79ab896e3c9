"""Writing a file so that its name never stands for half of it.

It is written under a temporary name in the same folder and renamed when it is whole and on the
disk. Whoever reads sees the old file or the new one, also after a crash; after `kill -9` or a power
cut a file `.panns-*.tmp` may be left beside it.
"""

from __future__ import annotations

import contextlib
import io
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from .errors import OutputError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str], *, binary: bool = False) -> Iterator[IO[Any]]:
    r"""Open a file that appears under its name when the `with` block ends without an error.

    A link stays a link: the file that it points to is replaced. Text is UTF-8, and `\n` is written
    as it is on every system.

    Args:
        path: a new file, or one to replace.
        binary: whether it takes bytes instead of text.

    Returns:
        A context manager that gives the open file. An error in its block leaves the folder as it
        was.

    Raises:
        OutputError: if the folder does not exist or cannot be written, the disk is full, or the
            path is a folder, a device or a pipe; an OSError too.
    """
    target = Path(os.path.realpath(path))
    with _explained(path):
        ordinary = target.is_file() or not target.exists()
    if not ordinary:
        kind = "a folder" if target.is_dir() else "a device or a pipe"
        raise OutputError(f"{path} is {kind}: give the name of a file")
    # Of a length of its own: the file's name may already be as long as the system allows.
    temporary = target.with_name(f".panns-{secrets.token_hex(8)}.tmp")
    raw = _Output(temporary, path)
    try:
        with raw:
            buffer = io.BufferedWriter(raw)
            file: IO[Any] = (
                buffer if binary else io.TextIOWrapper(buffer, encoding="utf-8", newline="")
            )
            yield file
            file.flush()
            with _explained(path):
                os.fsync(raw.fileno())
        with _explained(path):
            os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


class _Output(io.FileIO):
    """A new file whose errors speak of the path that the user gave.

    The block of `atomic_write` may meet errors of the system that have nothing to do with its
    output, a recording that cannot be opened for one: only here can they be told apart.
    """

    def __init__(self, temporary: Path, path: str | os.PathLike[str]) -> None:
        self.path = path
        with _explained(path):
            super().__init__(temporary, "x")

    def write(self, data: ReadableBuffer) -> int:
        with _explained(self.path):
            return super().write(data)


@contextlib.contextmanager
def _explained(path: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error
