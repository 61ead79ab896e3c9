"""Files that may hold a recording: how they are named, and opened without waiting for anything."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeGuard

from numpy.typing import ArrayLike

from ..errors import AudioError, AudioTypeError
from ._section import Section

File = str | os.PathLike[str] | BinaryIO
"""A path, or a binary file that is open."""

Source = File | ArrayLike
"""A recording: a file, or samples in memory."""

_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def is_file(source: object) -> TypeGuard[File]:
    """Whether a source is a file, and not samples in memory.

    Args:
        source: as for `read`.
    """
    return isinstance(source, (str, os.PathLike)) or hasattr(source, "read")


def name_of(source: object) -> str | None:
    """What a recording is called: the path as it was given, or that of an open file.

    Args:
        source: as for `read`.

    Returns:
        None for samples in memory, and for files without a name.
    """
    name = source if isinstance(source, (str, os.PathLike)) else getattr(source, "name", None)
    return os.fsdecode(name) if isinstance(name, (str, os.PathLike)) else None


def called(source: object) -> str:
    """What a recording is called in messages.

    Args:
        source: as for `read`.
    """
    if not is_file(source):
        return "the array"
    name = name_of(source)
    return "the open file" if name is None else repr(name)


@contextmanager
def opened(source: File, name: str) -> Iterator[Section]:
    """The bytes of a file from where it stands; a path is closed afterwards, an open file is not.

    Args:
        source: path of a regular file, or an open binary file that can be rewound.
        name: what to call it in messages.

    Raises:
        AudioError: if it is no regular file, is not there, is empty, or may not be read;
            AudioTypeError if it is not binary.
    """
    if isinstance(source, (str, os.PathLike)):
        with _open(source, name) as file:
            yield _section(file, name)
    else:
        yield _section(source, name)


def _open(path: str | os.PathLike[str], name: str) -> BinaryIO:
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISREG(mode):  # asked before it is opened: a pipe would wait for a writer
            return open(path, "rb")
    except FileNotFoundError as error:
        kind = "a link to a file that does not exist" if Path(path).is_symlink() else "no such file"
        raise AudioError(f"{name}: {kind}") from error
    except PermissionError as error:
        raise AudioError(f"{name}: not permitted to read this file") from error
    except (OSError, ValueError) as error:
        raise AudioError(f"{name} cannot be opened: {getattr(error, 'strerror', error)}") from error
    kind = _KINDS.get(stat.S_IFMT(mode), "something else")
    raise AudioError(f"{name} is {kind}; expected a file that holds a recording")


def _section(file: BinaryIO, name: str) -> Section:
    try:
        is_binary = isinstance(file.read(0), bytes)
        start, stop = file.tell(), file.seek(0, io.SEEK_END)
    except (OSError, ValueError, AttributeError) as error:
        raise AudioError(
            f"{name} cannot be read ({error}); if it is a stream that cannot be rewound, read it "
            "into memory first: io.BytesIO(file.read())"
        ) from error
    if not is_binary:
        raise AudioTypeError(f"{name} does not give bytes: open it with mode 'rb'")
    if stop <= start:
        raise AudioError(f"{name} is empty: there are no bytes to read")
    return Section(file, start, stop)
