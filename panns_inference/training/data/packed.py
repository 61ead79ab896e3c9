"""A pack read: any clips at once, from a disk or from a store of objects.

    folder/pack.json            sample rate, length, classes; the files with their clips and offsets
    folder/manifest.csv         the clips
    folder/broken.csv           those that could not be decoded, and why
    folder/waveforms_00000.h5   HDF5, see `shard`

Where the samples of a clip are follows from `pack.json`: they are mapped into memory, or fetched by
the range of their bytes. HDF5 is for other readers, and is not needed here.
"""

from __future__ import annotations

import json
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import UsageError
from ..int16 import FULL_SCALE
from .clips import Dataset
from .manifest import of_text
from .storage import SAMPLE_BYTES, Place, Storage, storage_of
from .tables import decoded, rows_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

INDEX, MANIFEST, BROKEN = "pack.json", "manifest.csv", "broken.csv"
"""Files of a pack beside the samples."""

FIELDS = frozenset({"fingerprint", "sample_rate", "n_samples", "labels", "mids", "files"})
"""Of the index; `files` are missing until all is packed."""


class Packed:
    """Clips that were packed, for random access; a copy in another process opens them anew.

    Args:
        folder: where `pack` wrote them, or an address such as `s3://bucket/folder`, for which
            fsspec and what it needs are installed.

    Attributes:
        folder: as it was given.
        sample_rate: of the waveforms in Hz.
        n_samples: of a waveform.

    Raises:
        UsageError: if there is no pack, or packing was not finished.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = os.fspath(folder)
        self._storage = storage_of(self.folder)
        index = index_of(self._storage)
        if index is None:
            raise UsageError(f"{self.folder} is no pack: it has no {INDEX}; `panns pack` makes one")
        if not index["files"]:
            raise UsageError(
                f"{self.folder} is not packed to the end: the command that began it goes on"
            )
        self.sample_rate: int = index["sample_rate"]
        self.n_samples: int = index["n_samples"]
        self._classes = index["labels"], tuple(index["mids"])
        self._files = [file["name"] for file in index["files"]]
        self._offsets = np.array([file["offset"] for file in index["files"]])
        self._ends = np.cumsum([file["clips"] for file in index["files"]])

    def __len__(self) -> int:
        return int(self._ends[-1])

    def __reduce__(self) -> tuple[type[Packed], tuple[str]]:
        return Packed, (self.folder,)

    @cached_property
    def dataset(self) -> Dataset:
        """The clips and their classes; the paths are those of the recordings, wherever they are."""
        labels, mids = self._classes
        found = of_text(self._text(MANIFEST), MANIFEST, Path(self.folder), labels)
        return Dataset(found.clips, found.labels, mids)

    @property
    def broken(self) -> list[tuple[str, str]]:
        """Paths of the clips that could not be decoded, and why."""
        return [(row["path"], row["cause"]) for _, row in rows_of(self._text(BROKEN))]

    def waveforms(self, indices: ArrayLike) -> NDArray[np.float32]:
        """Return waveforms of clips.

        Args:
            indices: (n,) places of the clips in the data set, in any order.

        Returns:
            (n, samples) float32 in [-1, 1]; zeros stand behind the end of a clip that is shorter.

        Raises:
            IndexError: if there is no such clip.
            OSError: if a file cannot be read.
        """
        wanted = np.asarray(indices)
        if wanted.size and (wanted.min() < 0 or wanted.max() >= len(self)):
            raise IndexError(f"{self.folder} has clips from 0 to {len(self) - 1}: {wanted}")
        files = np.searchsorted(self._ends, wanted, side="right")
        rows = wanted - np.concatenate([[0], self._ends])[files]
        offsets = self._offsets[files] + rows * self.n_samples * SAMPLE_BYTES
        places = [Place(self._files[k], int(at)) for k, at in zip(files, offsets, strict=True)]
        waveforms = np.empty((len(places), self.n_samples), np.float32)
        found = self._storage.samples(places, self.n_samples)
        for samples, waveform in zip(found, waveforms, strict=True):
            np.divide(samples, FULL_SCALE, out=waveform, dtype=np.float32)
        return waveforms

    def _text(self, name: str) -> str:
        return decoded(self._storage.whole(name), name)


def index_of(storage: Storage) -> dict[str, Any] | None:
    """Return what is in the index of a pack; None if there is none.

    Args:
        storage: of the folder.

    Raises:
        UsageError: if it is the index of something else.
    """
    try:
        index = json.loads(storage.whole(INDEX))
    except FileNotFoundError:
        return None
    except ValueError:
        index = None
    if not isinstance(index, dict) or FIELDS - index.keys():
        raise UsageError(f"{INDEX} is not that of a pack of this version")
    return index
