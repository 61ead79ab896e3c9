"""Parquet tables: the columns of CSV with their types (extra `table`).

An embedding is one list of float32, bit for bit. The metadata of the schema name its version
(`schema`), the network (`model`) and the version of this package (`panns_inference`).

Rows are gathered over recordings and written in groups. A group for each recording would be read
slowly, and a table of a large folder would be smaller than the list of its groups at its end, which
is held until the table is done.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from .. import __version__
from ..results import Detection, Embedding, Tagging
from .schema import SCHEMA, Column, Kind, columns_of, rows_of_all
from .spans import Selection, unicode

if TYPE_CHECKING:
    import pyarrow

SPANS = 50_000
"""Tags or events in a group: 10 MB while they are gathered."""

VECTORS = 1000
"""Embeddings in a group: 8 MB while they are gathered."""


def write(
    results: Iterable[Tagging | Detection | Embedding], file: IO[bytes], selection: Selection
) -> None:
    """Write the table; without any result, nothing.

    Args:
        results: results of one type.
        file: open for bytes.
        selection: which tags.
    """
    from pyarrow import RecordBatch
    from pyarrow.parquet import ParquetWriter

    results = iter(results)
    first = next(results, None)
    if first is None:
        return
    size = len(first.vector) if isinstance(first, Embedding) else 0
    columns = columns_of(first, spread=False)
    schema = _schema(columns, first.model, size)
    rows = rows_of_all(first, results, columns, selection)
    del first  # Its rows are all that is needed.
    with ParquetWriter(file, schema, compression="zstd") as writer:
        for group in _groups(rows, VECTORS if size else SPANS):
            arrays = map(_column, zip(*group, strict=True), schema.types)
            writer.write_batch(RecordBatch.from_arrays(list(arrays), schema=schema))


def write_rows(kinds: Mapping[str, Kind], rows: Sequence[Sequence[Any]], file: IO[bytes]) -> None:
    """Write a table of figures.

    Args:
        kinds: of the columns, by their names.
        rows: a text or a number for each column; None is an empty cell.
        file: open for bytes.
    """
    from pyarrow import table
    from pyarrow.parquet import write_table

    types = _types()
    columns = zip(*rows, strict=True) if rows else itertools.repeat(())
    arrays = {
        name: _column(values, types[kind])
        for (name, kind), values in zip(kinds.items(), columns, strict=bool(rows))
    }
    metadata = {"schema": str(SCHEMA), "panns_inference": __version__}
    write_table(table(arrays, metadata=metadata), file, compression="zstd")


def _groups(rows: Iterable[list[Any]], n_rows: int) -> Iterator[list[list[Any]]]:
    """Rows in groups, none of them empty; those that came before an error are among them."""
    group = []
    try:
        for row in rows:
            group.append(row)
            if len(group) == n_rows:
                yield group
                group = []
    except (Exception, KeyboardInterrupt):
        if group:
            yield group
        raise
    if group:
        yield group


def _schema(columns: Sequence[Column], model: str, size: int) -> pyarrow.Schema:
    """Names and types of the columns, for results of one type and network."""
    from pyarrow import float32, list_, schema

    types = {**_types(), Kind.VECTOR: list_(float32(), size)}
    origin = {"schema": str(SCHEMA), "model": model, "panns_inference": __version__}
    return schema([(each.name, types[each.kind]) for each in columns], metadata=origin)


def _types() -> dict[Kind, pyarrow.DataType]:
    """What columns of one number or text a row are made of."""
    from pyarrow import float32, float64, int32, string

    return {
        Kind.TEXT: string(),
        Kind.NUMBER: int32(),
        Kind.SECONDS: float64(),
        Kind.PROBABILITY: float32(),
        Kind.SIMILARITY: float32(),
        Kind.THRESHOLD: float64(),
    }


def _column(values: tuple[Any, ...], kind: pyarrow.DataType) -> pyarrow.Array:
    from pyarrow import FixedSizeListArray, array, types

    if types.is_fixed_size_list(kind):
        return FixedSizeListArray.from_arrays(np.concatenate(values), kind.list_size)
    if types.is_string(kind):
        values = tuple(None if value is None else unicode(value) for value in values)
    return array(values, kind)
