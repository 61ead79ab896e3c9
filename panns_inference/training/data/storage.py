"""Where a pack is: the samples of its clips on a disk, or in a store of objects."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from ...errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_BYTES = 2
"""Of int16."""


class Place(NamedTuple):
    """Where the samples of a clip are.

    Attributes:
        file: name of a file of the pack.
        offset: bytes of it before the first sample.
    """

    file: str
    offset: int


class Storage(Protocol):
    """A folder whose files are read in pieces."""

    def whole(self, name: str) -> bytes:
        """Return a whole file.

        Args:
            name: of the file.

        Raises:
            OSError: if it cannot be read.
        """

    def samples(self, places: Sequence[Place], n_samples: int) -> Sequence[NDArray[np.int16]]:
        """Return the samples of clips, (n_samples,) each.

        Args:
            places: of the clips.
            n_samples: of each.

        Raises:
            OSError: if a file cannot be read.
        """


def storage_of(folder: str) -> Storage:
    """Return the storage of a folder.

    Args:
        folder: a path, or an address of fsspec, such as `s3://bucket/folder`.
    """
    return Stored(folder) if "://" in folder else Mapped(folder)


class Mapped(Storage):
    """Files on a disk, mapped into memory: all processes share what the system has read.

    Args:
        folder: of the files.
    """

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._maps: dict[str, NDArray[np.uint8]] = {}

    def whole(self, name: str) -> bytes:
        return (self._folder / name).read_bytes()

    def samples(self, places: Sequence[Place], n_samples: int) -> list[NDArray[np.int16]]:
        n_bytes = n_samples * SAMPLE_BYTES
        return [
            self._mapped(file)[offset : offset + n_bytes].view("<i2") for file, offset in places
        ]

    def _mapped(self, name: str) -> NDArray[np.uint8]:
        if name not in self._maps:
            self._maps[name] = np.memmap(self._folder / name, np.uint8, "r")
        return self._maps[name]


class Stored(Storage):
    """Objects of a store, of which ranges of bytes are fetched, those of a batch at once.

    Args:
        address: of the folder.

    Raises:
        UsageError: if fsspec, or what it needs for such addresses, is not installed.
    """

    def __init__(self, address: str) -> None:
        try:
            from fsspec.core import url_to_fs

            self._files, self._folder = url_to_fs(address)
        except (ImportError, ValueError) as error:
            raise UsageError(f"{address} cannot be opened: {error}") from error

    def whole(self, name: str) -> bytes:
        data: bytes = self._files.cat_file(f"{self._folder}/{name}")
        return data

    def samples(self, places: Sequence[Place], n_samples: int) -> list[NDArray[np.int16]]:
        names = [f"{self._folder}/{file}" for file, _ in places]
        starts = [offset for _, offset in places]
        ends = [start + n_samples * SAMPLE_BYTES for start in starts]
        pieces = self._files.cat_ranges(names, starts, ends, on_error="raise")
        return [np.frombuffer(piece, "<i2") for piece in pieces]
