"""Writing a file so that its name never stands for half of it, and never for less than before.

It is written under a temporary name in the same folder and renamed when it is whole and on the
disk. Whoever reads sees the old file or the new one, also after a crash; after `kill -9` or a power
cut a file `.panns-*.tmp` may be left beside it. What another program put under the name is replaced
only where the caller allows it.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO

from .errors import OutputError, PathError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

AT_FAULT = frozenset(
    {
        errno.EACCES, errno.EEXIST, errno.EILSEQ, errno.EINVAL, errno.EISDIR, errno.ELOOP,
        errno.ENAMETOOLONG, errno.ENOTDIR, errno.ENXIO, errno.EPERM,
    }
)  # fmt: skip
"""Errors of the system that concern one path: a file of another name can still be written."""

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Fingerprint:
    """The size, time and checksum by which a file is recognised.

    Attributes:
        size: in bytes.
        mtime_ns: when it was last changed, in nanoseconds.
        sha256: of its bytes, 64 hexadecimal digits.
    """

    size: int
    mtime_ns: int
    sha256: str


def fingerprint(path: str | os.PathLike[str]) -> Fingerprint:
    """Return the fingerprint of a file, which is read for it.

    Args:
        path: a regular file.

    Raises:
        OSError: if it cannot be read.
    """
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        state = os.fstat(file.fileno())
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return Fingerprint(state.st_size, state.st_mtime_ns, digest.hexdigest())


def unchanged(path: str | os.PathLike[str], written: Fingerprint) -> bool:
    """Return whether a file is as it was: of the same size and time, or else of the same bytes.

    Args:
        path: where it was.
        written: its fingerprint.
    """
    with contextlib.suppress(OSError, ValueError):
        state = os.stat(path)
        if stat.S_ISREG(state.st_mode) and state.st_size == written.size:
            same_time = state.st_mtime_ns == written.mtime_ns
            return same_time or fingerprint(path).sha256 == written.sha256
    return False


Replace = bool | Callable[[Fingerprint], bool]
"""Whether a file that is there may be replaced, or what decides that by its fingerprint."""


@contextlib.contextmanager
def atomic_write(
    path: str | os.PathLike[str],
    *,
    binary: bool = False,
    replace: Replace = True,
    announce: Callable[[Fingerprint], object] | None = None,
) -> Iterator[IO[Any]]:
    r"""Open a file that appears under its name when the `with` block ends without an error.

    A link stays a link: the file that it points to is written. Text is UTF-8, and `\n` is written
    as it is on every system. A file that holds the same bytes already is left as it is.

    Args:
        path: a new file, or one to replace.
        binary: whether it takes bytes instead of text.
        replace: whether a file that is there when the block ends may be replaced; a function is
            given its fingerprint.
        announce: called with the fingerprint of the file when all of it is on the disk, before it
            gets its name.

    Returns:
        A context manager that gives the open file. An error in its block leaves the folder as it
        was.

    Raises:
        PathError: if a file is there that may not be replaced, or the path is a folder, a device or
            a pipe, too long, or in a folder that may not be written.
        OutputError: if the folder does not exist, or the disk is full; an OSError too.
    """
    target = checked(path)
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
            with explained(path):
                os.fsync(raw.fileno())
        with explained(path):
            _settle(temporary, target, path, replace, announce)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def checked(path: str | os.PathLike[str]) -> Path:
    """Return the file that is written under a path, behind all links; it need not exist.

    Args:
        path: as for `atomic_write`.

    Raises:
        PathError: if no file can be written there, whatever it holds.
    """
    try:
        target = Path(os.path.realpath(path))
        with explained(path), contextlib.suppress(FileNotFoundError):
            mode = os.stat(target).st_mode
            if not stat.S_ISREG(mode):
                kind = "a folder" if stat.S_ISDIR(mode) else "a device or a pipe"
                raise PathError(f"{path} is {kind}: give the name of a file")
    except ValueError as error:
        raise PathError(f"{os.fspath(path)!r} is no path: {error}") from error
    return target


def open_partial(path: str | os.PathLike[str], *, append: bool = False) -> BinaryIO:
    """Open a file of this package's own that grows over several calls, such as a download.

    Nothing is written through a link, symbolic or hard, and a pipe is not waited for.

    Args:
        path: of the file; made if need be.
        append: whether what it holds stays, and is written behind.

    Raises:
        PathError: if something else than a regular file of one name is there.
        OutputError: if it cannot be opened for another reason.
    """
    special = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | special | getattr(os, "O_BINARY", 0)
    with explained(path), contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(os.fdopen(os.open(path, flags, 0o666), "ab"))
            state = os.fstat(file.fileno())
            is_own = stat.S_ISREG(state.st_mode) and state.st_nlink == 1
        except OSError as error:
            if error.errno not in (errno.ELOOP, errno.ENXIO):
                raise
            is_own = False
        if not is_own:
            raise PathError(f"{path} is a link or no regular file, and is not written: remove it")
        if not append:  # only now: what a link leads to must not be emptied
            file.truncate(0)
        stack.pop_all()
    return file


def sync_folder(folder: str | os.PathLike[str]) -> None:
    """Bring the names in a folder to the disk, so that a power cut takes none of them away.

    Args:
        folder: of the files; systems that cannot do this are left to themselves.
    """
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def explained(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn errors of the system into errors of an output.

    Args:
        path: what the user calls it.

    Raises:
        PathError: for an error that concerns this path alone.
        OutputError: for another one.
    """
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        kind = PathError if error.errno in AT_FAULT else OutputError
        raise kind(f"{path} cannot be written: {error.strerror or error}") from error


class _Output(io.FileIO):
    """A new file whose errors speak of the path that the user gave.

    The block of `atomic_write` may meet errors of the system that have nothing to do with its
    output, a recording that cannot be opened for one: only here can they be distinguished.
    """

    def __init__(self, temporary: Path, path: str | os.PathLike[str]) -> None:
        self.path = path
        with explained(path):
            super().__init__(temporary, "x")

    def write(self, data: ReadableBuffer) -> int:
        with explained(self.path):
            return super().write(data)


def _settle(
    temporary: Path,
    target: Path,
    path: str | os.PathLike[str],
    replace: Replace,
    announce: Callable[[Fingerprint], object] | None,
) -> None:
    """Give a whole file its name, unless another one has it that must stay."""
    if replace is not True or announce:
        new = fingerprint(temporary)
        old = fingerprint(target) if checked(path).exists() else None
        if old and old.sha256 == new.sha256:
            new = old
        elif old and not (replace(old) if callable(replace) else replace):
            raise PathError(
                f"{path} is there already, and is not replaced: overwrite it, or move it"
            )
        if announce:
            announce(new)
        if new is old:
            temporary.unlink()
            return
        if not old and replace is not True:
            _name_first(temporary, target, path)
            return
    os.replace(temporary, target)
    sync_folder(target.parent)


def _name_first(temporary: Path, target: Path, path: str | os.PathLike[str]) -> None:
    """Give a file a name that nothing has, also if another program is about to do the same."""
    try:
        os.link(temporary, target)
    except FileExistsError as error:
        raise PathError(f"{path} appeared a moment ago, and is not replaced") from error
    except OSError:  # a file system without hard links
        os.replace(temporary, target)
    else:
        temporary.unlink()
    sync_folder(target.parent)
