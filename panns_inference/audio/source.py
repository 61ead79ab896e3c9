"""Where a recording comes from: a path, a file that is open, or samples in memory.

Floats in memory are taken as they are, nominally in [-1, 1]. Integers are divided by their full
scale:

| type  | sample                | type   | sample        |
|-------|-----------------------|--------|---------------|
| int8  | `x / 128`             | int16  | `x / 32768`   |
| uint8 | `(x - 128) / 128`     | int32  | `x / 2**31`   |

Other types are refused: an int64 may be anything, and a bool is no sample.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO, TypeGuard

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import AudioError, AudioTypeError
from ._bitstream import Piece, Refused, Section

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

_FULL_SCALE = {"i1": 2.0**7, "u1": 2.0**7, "i2": 2.0**15, "i4": 2.0**31}
"""What integers are divided by, by kind and number of bytes."""

_MAX_CHANNELS = 64
"""An array with more rows is taken for a batch, or for (samples, channels)."""

_PIECE = 1 << 15
"""Values (samples times channels) of one piece."""


def is_file(source: object) -> TypeGuard[File]:
    """Return whether a source is a file, and not samples in memory.

    Args:
        source: as for `read`.
    """
    return isinstance(source, (str, os.PathLike)) or hasattr(source, "read")


def name_of(source: object) -> str | None:
    """Return the name of a recording: the path as it was given, or that of an open file.

    Args:
        source: as for `read`.

    Returns:
        None for samples in memory, and for files without a name.
    """
    name = source if isinstance(source, (str, os.PathLike)) else getattr(source, "name", None)
    return os.fsdecode(name) if isinstance(name, (str, os.PathLike)) else None


def named(source: object) -> str:
    """Return the words by which messages name a recording.

    Args:
        source: as for `read`.
    """
    if not is_file(source):
        return "the array"
    name = name_of(source)
    return "the open file" if name is None else repr(name)


@contextmanager
def opened(source: File, name: str) -> Iterator[Section]:
    """Yield the bytes of a file from its position on; a path is closed afterwards.

    What is found out about the file meanwhile is raised with its name.

    Args:
        source: path of a regular file, or an open binary file that can be rewound.
        name: its name in messages.

    Raises:
        AudioError: if it is no regular file, is not there, is empty, may not be read, is no
            recording, or has no such track; AudioTypeError if it is not binary.
    """
    opening: AbstractContextManager[BinaryIO] = (
        _open(source, name) if isinstance(source, (str, os.PathLike)) else nullcontext(source)
    )
    with opening as file:
        section = _section(file, name)
        try:
            yield section
        except Refused as finding:
            raise AudioError(f"{name} {finding}") from None
        finally:
            for failure in section.failures[:1]:
                if not isinstance(failure, Exception):
                    raise failure
                raise AudioError(f"{name} cannot be read: {failure}") from failure


def _open(path: str | os.PathLike[str], name: str) -> BinaryIO:
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISREG(mode):  # checked before it is opened: a pipe would wait for a writer
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


def float32_samples(array: Any, name: str = "the array") -> NDArray[np.float32]:
    """Return samples of any type as float32, in the shape that they have.

    Args:
        array: NumPy array, list, tensor (also on another device, or one that requires a gradient),
            or anything that NumPy can read; floats, or integers that are divided by their full
            scale.
        name: its name in messages.

    Returns:
        A contiguous, writable array of the same shape. It is the array itself if that is one.

    Raises:
        AudioTypeError: for types that hold no samples.
    """
    samples = _as_numpy(array, name)
    form = f"{samples.dtype.kind}{samples.dtype.itemsize}"
    if samples.dtype.kind != "f" and form not in _FULL_SCALE:
        raise AudioTypeError(
            f"{name} has values of type {samples.dtype}, which are no samples: give floats "
            "nominally in [-1, 1], or int8, uint8, int16 or int32, which are divided by their full "
            "scale; divide other integers by theirs"
        )
    with np.errstate(over="ignore"):  # a value beyond float32 becomes infinite, and is refused
        floats = samples.astype(np.float32, copy=False)
    if form in _FULL_SCALE:
        floats = (floats - 128.0 if form == "u1" else floats) / np.float32(_FULL_SCALE[form])
    return np.require(floats, np.float32, ["C", "W"])


def _as_numpy(array: Any, name: str) -> NDArray[Any]:
    if isinstance(array, (bytes, bytearray)):
        raise AudioTypeError(
            f"{name} is bytes: if they are those of a file, give io.BytesIO(...) of them"
        )
    try:
        if hasattr(array, "detach"):  # a tensor of torch: NumPy knows neither bfloat16 nor devices
            array = array.float() if array.is_floating_point() else array
            array = array.numpy(force=True)
        return np.asarray(array)
    except (TypeError, ValueError, RuntimeError) as error:
        raise AudioTypeError(
            f"{name} is of type {type(array).__name__}, which holds no samples: {error}"
        ) from error


def array_pieces(array: Any, sample_rate: int, name: str) -> Generator[Piece, None, None]:
    """Yield samples in memory, piece by piece.

    Args:
        array: (samples,) or (channels, samples), as for `float32_samples`.
        sample_rate: in Hz.
        name: its name in messages.

    Raises:
        AudioError: for other shapes; AudioTypeError for types that hold no samples.
    """
    samples = float32_samples(array, name)
    if samples.ndim not in (1, 2):
        raise AudioError(
            f"{name} has the shape {samples.shape}; expected (samples,) or (channels, samples)"
        )
    rows = np.atleast_2d(samples)
    n_channels, n_samples = rows.shape
    if samples.size and n_channels > min(n_samples, _MAX_CHANNELS):
        raise AudioError(
            f"{name} has the shape {samples.shape}, which would be {n_channels} channels of "
            f"{n_samples} samples; if it is (samples, channels), give its transpose `.T`; if it is "
            "a batch, give its rows one by one"
        )
    n_piece = max(1, _PIECE // max(1, n_channels))
    for start in range(0, n_samples if n_channels else 0, n_piece):
        yield Piece(sample_rate, rows[:, start : start + n_piece].T)
