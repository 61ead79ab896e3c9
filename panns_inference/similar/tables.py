"""The windows of a table that `panns embed --window` wrote, as Parquet or CSV."""

from __future__ import annotations

import contextlib
import csv
import itertools
import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .windows import Block, Named, rows_of_block

if TYPE_CHECKING:
    import pyarrow

WRITTEN = "what `panns embed --window` writes as parquet, csv or tsv"
"""Tables that can be read, for messages."""

SEPARATORS = ",;\t|"
"""What may stand between the cells of CSV."""

ENDINGS = (".parquet", ".csv", ".tsv")
"""How names of such tables end."""


class Table:
    """Embeddings in a table, a window a row.

    Args:
        path: of the file.

    Attributes:
        path: of the file.
        recordings: by their numbers, as far as `blocks` has come.

    Raises:
        UsageError: if it cannot be read, or is no such table.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            import_module("pyarrow")
        except ImportError as error:
            raise UsageError(
                f'tables are searched with pyarrow ({error}): pip install "panns-inference[table]"'
            ) from error
        self.path = Path(path)
        self.recordings: list[Named] = []
        self._numbers: dict[Named, int] = {}

    @cached_property
    def model(self) -> str | None:
        """Name of the network, as Parquet says it; None where the table does not."""
        if self.path.suffix.lower() != ".parquet":
            return None
        from pyarrow.parquet import read_schema

        with _explained(self.path):
            metadata = read_schema(self.path).metadata or {}
        return metadata.get(b"model", b"").decode() or None

    @cached_property
    def size(self) -> int:
        """Values of an embedding."""
        return int(self._first.vectors.shape[1])

    @cached_property
    def _first(self) -> Block:
        return next(self.blocks())

    @cached_property
    def window(self) -> tuple[float, float] | None:
        """Length and hop of the windows in seconds; None where a recording has a single one."""
        first = self._first
        begins = np.flatnonzero(first.recordings[1:] == first.recordings[:-1])
        if not len(begins):
            return None
        at = begins[0]
        hop = first.onsets[at + 1] - first.onsets[at]
        return float(first.offsets[at] - first.onsets[at]), float(hop)

    def blocks(self) -> Iterator[Block]:
        """Yield all windows."""
        with _explained(self.path):
            batches = self._parquet() if self.path.suffix.lower() == ".parquet" else self._csv()
            n_rows = 0
            for batch in batches:
                if len(batch):
                    yield self._block(batch)
                    n_rows += len(batch)
            if not n_rows:
                raise ValueError("it has no row")

    def _parquet(self) -> Iterator[pyarrow.RecordBatch]:
        from pyarrow.parquet import ParquetFile

        with ParquetFile(self.path) as file:
            size = getattr(file.schema_arrow.field("embedding").type, "list_size", 512)
            yield from file.iter_batches(rows_of_block(size))

    def _csv(self) -> Iterator[pyarrow.RecordBatch]:
        from pyarrow.csv import ConvertOptions, ParseOptions, open_csv

        with self.path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
        separator = max(SEPARATORS, key=first.count)
        names = next(csv.reader([first], delimiter=separator), [])
        kinds = {name: "float32" if name.isdecimal() else "float64" for name in names}
        kinds |= {"filename": "string", "track": "int64", "channel": "int64"}
        yield from open_csv(
            self.path,
            parse_options=ParseOptions(delimiter=separator),
            convert_options=ConvertOptions(column_types=kinds),
        )

    def _block(self, batch: pyarrow.RecordBatch) -> Block:
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        if missing := [name for name in ("filename", "onset", "offset") if name not in columns]:
            raise ValueError(f"it has no column {', '.join(missing)}")
        chosen = (
            columns[name].to_pylist() if name in columns else itertools.repeat(None)
            for name in ("track", "channel")
        )
        names = map(Named, columns["filename"].to_pylist(), *chosen)
        numbers = np.fromiter(map(self._number, names), np.int64, len(batch))
        onsets, offsets = (columns[name].to_numpy() for name in ("onset", "offset"))
        return Block(numbers, onsets, offsets, _vectors(columns))

    def _number(self, name: Named) -> int:
        if (number := self._numbers.setdefault(name, len(self.recordings))) == len(self.recordings):
            self.recordings.append(name)
        return number


def _vectors(columns: Mapping[str, pyarrow.Array]) -> NDArray[np.float32]:
    """The embeddings, (rows, size): of one column of lists, or of one for each value."""
    if "embedding" in columns:
        lists = columns["embedding"]
        values = lists.flatten().to_numpy(zero_copy_only=False)
        return np.asarray(values, np.float32).reshape(len(lists), -1)
    values = [column.to_numpy() for name, column in columns.items() if name.isdecimal()]
    if not values:
        raise ValueError("it has no embeddings")
    return np.stack(values, axis=1)


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"the table {path} cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, AttributeError) as error:
        raise UsageError(f"{path} cannot be searched: {error}; expected {WRITTEN}") from error
