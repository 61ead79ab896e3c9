"""A file of kept embeddings: a Parquet table of the windows of some whole recordings.

    filename     the recording, below the folder of the store's root, with `/` between names
    onset        where the window begins in it, in seconds
    offset       where it ends
    embedding    float32, little-endian: `numpy.frombuffer(value, "<f4")`

The metadata of the schema hold what the embeddings depend on (`origin`), and the recordings in the
order of their windows (`entries`), so that a store is opened without reading a window.

Embeddings are bytes of one length, uncompressed: of 100,000 with 512 values, that reads in 0.2 s,
as lists of float32 in 1.4 s, and compressed in 2.6 s. They are float32, so that they are those of
the network to the bit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..files import atomic_write
from ..formats.spans import unicode
from .windows import rows_of_block

Origin = Mapping[str, Any]
"""What embeddings depend on beside their recordings, ready for JSON."""

Key = tuple[str, int | None, int | None]
"""What a recording is known by in a store: its name below the root, track and channel."""


@dataclass(frozen=True)
class Entry:
    """A recording whose windows are in a fragment.

    Attributes:
        filename: below the root, with `/` between names.
        size: of the file, in bytes.
        mtime_ns: when it was last changed, in nanoseconds.
        n_windows: how many windows it has.
        track: number of one of its sound tracks, where each has windows of its own.
        channel: number of one of its channels, where each has windows of its own.
    """

    filename: str
    size: int | None
    mtime_ns: int
    n_windows: int
    track: int | None = None
    channel: int | None = None

    @property
    def key(self) -> Key:
        """What it is known by."""
        return self.filename, self.track, self.channel


class Rows(NamedTuple):
    """Windows of a recording.

    Attributes:
        onsets: in seconds, (n,).
        offsets: in seconds, (n,).
        vectors: their embeddings, (n, size).
    """

    onsets: NDArray[np.float64]
    offsets: NDArray[np.float64]
    vectors: NDArray[np.float32]


def require() -> None:
    """Make sure that fragments can be written and read.

    Raises:
        UsageError: if pyarrow is not installed.
    """
    try:
        import_module("pyarrow")
    except ImportError as error:
        raise UsageError(
            f'embeddings are kept with pyarrow ({error}): pip install "panns-inference[table]"'
        ) from error


def write(path: Path, origin: Origin, entries: Sequence[Entry], rows: Sequence[Rows]) -> None:
    """Write a fragment; its name never stands for half of it.

    Args:
        path: of the file.
        origin: what the embeddings depend on.
        entries: the recordings.
        rows: the windows of each.

    Raises:
        OutputError: if it cannot be written.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    onsets, offsets, vectors = map(np.concatenate, zip(*rows, strict=True))
    owners = np.repeat(np.arange(len(entries), dtype=np.int32), [len(each.onsets) for each in rows])
    names = pa.array([unicode(each.filename) for each in entries])
    kind = pa.binary(4 * vectors.shape[1])
    raw = pa.py_buffer(np.ascontiguousarray(vectors, "<f4"))
    columns = {
        "filename": pa.DictionaryArray.from_arrays(owners, names),
        "onset": pa.array(onsets),
        "offset": pa.array(offsets),
        "embedding": pa.FixedSizeBinaryArray.from_buffers(kind, len(onsets), [None, raw]),
    }
    described = {"origin": origin, "entries": [asdict(each) for each in entries]}
    metadata = {name: json.dumps(value) for name, value in described.items()}
    table = pa.table(columns, metadata=metadata)
    with (
        atomic_write(path, binary=True) as file,
        ParquetWriter(
            file, table.schema, compression="none", use_dictionary=["filename"]
        ) as writer,
    ):
        writer.write_table(table, row_group_size=rows_of_block(vectors.shape[1]))


def read_entries(path: Path, origin: Origin) -> list[Entry]:
    """Return the recordings of a fragment in the order of their windows.

    Args:
        path: of the file.
        origin: what its embeddings must depend on.

    Raises:
        ValueError: if it is damaged, or depends on something else.
    """
    from pyarrow.parquet import read_schema

    try:
        metadata = read_schema(path).metadata
        if json.loads(metadata[b"origin"]) != json.loads(json.dumps(origin)):
            raise ValueError("its embeddings depend on something else")
        return [Entry(**values) for values in json.loads(metadata[b"entries"])]
    except (TypeError, KeyError) as error:
        raise ValueError(f"it has no list of recordings: {error}") from error


def read_times(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the onsets and offsets of all windows of a fragment, (n,) each.

    Args:
        path: of the file.
    """
    from pyarrow.parquet import read_table

    times = read_table(path, columns=["onset", "offset"], use_threads=False)
    onsets, offsets = (column.to_numpy() for column in times.columns)
    return onsets, offsets


def read_rows(path: Path) -> Iterator[Rows]:
    """Yield all windows of a fragment, in blocks.

    Args:
        path: of the file.
    """
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path, memory_map=True) as file:
        for number in range(file.num_row_groups):
            table = file.read_row_group(number, ["onset", "offset", "embedding"])
            onsets, offsets, raw = (column.combine_chunks() for column in table.columns)
            size = raw.type.byte_width // 4
            values = np.frombuffer(raw.buffers()[1], "<f4", len(raw) * size, 4 * size * raw.offset)
            yield Rows(onsets.to_numpy(), offsets.to_numpy(), values.reshape(-1, size))
