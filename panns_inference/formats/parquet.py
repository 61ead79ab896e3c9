"""Parquet tables: the columns of CSV with their types (extra `table`).

An embedding is one list of float32, bit for bit. A recording in which nothing was found has a row
that is null but for its name and the numbers of the track or the channel that was chosen, which
are int32. The metadata of the schema name the network
(`model`) and the version of this package (`panns_inference`).

Rows are gathered over recordings and written in groups. A group for each recording would be read
slowly, and a table of a large folder would be smaller than the list of its groups at its end, which
is held until the table is done.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from .. import __version__
from ..results import Detection, Embedding, Tagging
from .spans import Selection, spans_or_none, unicode

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
    schema = _schema(first)
    n_rows = VECTORS if isinstance(first, Embedding) else SPANS
    rows = itertools.chain(_rows([first], selection), _rows(results, selection))
    del first  # Its rows are all that is needed.
    with ParquetWriter(file, schema, compression="zstd") as writer:
        for group in _groups(rows, n_rows):
            columns = map(_column, zip(*group, strict=True), schema.types)
            writer.write_batch(RecordBatch.from_arrays(list(columns), schema=schema))


def _groups(rows: Iterable[tuple[Any, ...]], n_rows: int) -> Iterator[list[tuple[Any, ...]]]:
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


def _schema(result: Tagging | Detection | Embedding) -> pyarrow.Schema:
    """Names and types of the columns, for results of one type and network."""
    from pyarrow import float32, float64, int32, list_, schema, string

    chosen = [(name, int32()) for name in result.chosen]
    where = [("filename", string()), *chosen, ("onset", float64()), ("offset", float64())]
    what = [
        ("event_label", string()),
        ("mid", string()),
        ("index", int32()),
        ("probability", float32()),
    ]
    what += [("clock", string())] * result.is_clocked
    if isinstance(result, Embedding):
        what = [("embedding", list_(float32(), len(result.vector)))]
    origin = {"model": result.model, "panns_inference": __version__}
    return schema([*where, *what], metadata=origin)


def _rows(
    results: Iterable[Tagging | Detection | Embedding], selection: Selection
) -> Iterator[tuple[Any, ...]]:
    for result in results:
        name = unicode(result.source or ""), *result.chosen.values()
        if isinstance(result, Embedding):
            for each in result.stretches or (result,):
                yield *name, each.onset, each.offset, each.vector
        else:
            for span in spans_or_none(result, selection):
                if span is None:
                    yield *name, *[None] * (6 + result.is_clocked)
                    continue
                what = unicode(span.label), span.mid, span.index, span.probability
                clock = [result.clock_text(span.onset)] * result.is_clocked
                yield *name, span.onset, span.offset, *what, *clock


def _column(values: tuple[Any, ...], kind: pyarrow.DataType) -> pyarrow.Array:
    from pyarrow import FixedSizeListArray, array, types

    if types.is_fixed_size_list(kind):
        return FixedSizeListArray.from_arrays(np.concatenate(values), kind.list_size)
    return array(values, kind)
