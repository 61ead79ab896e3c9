"""Graphs of kept embeddings, for libraries so large that comparing all of them takes too long.

    000001.parquet    windows
    000001.usearch    a graph of their embeddings in float16 (HNSW): a search looks at few of them

Each fragment of a store has a graph of its own. It is made once, stays as it is while the library
grows, and goes with its fragment. What a search finds is nearly always the nearest, and its
similarities are right to three decimals.

The graphs are those of usearch, which maps them from the disk, so that a library need not fit into
memory; hnswlib does not, and has no wheels. The inverted lists of faiss are made in a third of the
time, and a search of a cold disk reads far less of them (benchmarks/RESULTS.md, Indexes); but
faiss brings an OpenMP of its own, and on macOS a process that has that of torch, too, can crash.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..files import atomic_write
from .fragments import Key, read_rows, read_times
from .nearest import FOUND, Found, best
from .store import Store

LOG = logging.getLogger("panns_inference")

ENDING = ".usearch"
"""How names of graphs end."""

FEWEST = 64
"""Windows that a graph is searched for at least."""

SPARE = 4
"""How many times as many windows as hits are looked for: some overlap, some are gone."""


class Index:
    """The graphs of a store; those that are not there are made.

    Args:
        store: with the embeddings.

    Raises:
        UsageError: if usearch is not installed.
        OutputError: if a graph cannot be written, or another process is at work on the store.
    """

    def __init__(self, store: Store) -> None:
        try:
            from usearch import index
        except ImportError as error:
            raise UsageError(
                f'an index needs usearch ({error}): pip install "panns-inference[search]"'
            ) from error
        self._library: Any = index
        self.store = store
        if all(map(_is_made, store.fragments)):
            return
        with store.alone():
            missing = [path for path in store.fragments if not _is_made(path)]
            for number, path in enumerate(missing, start=1):
                LOG.info("making the index: %d of %d", number, len(missing))
                self._make(path)

    def nearest(
        self,
        direction: NDArray[np.float32],
        numbers: Mapping[Key, int],
        top: int,
        min_similarity: float = -1.0,
        *,
        all_windows: bool = False,
    ) -> Found:
        """Return the windows whose embeddings have the largest cosines with a direction, or nearly.

        Args:
            direction: of any length above 0, (size,).
            numbers: the recordings that are looked through, by their keys in the store.
            top: as for `nearest.nearest`.
            min_similarity: as there.
            all_windows: as there.
        """
        count = max(FEWEST, SPARE * top)
        while True:
            pairs = [
                self._found(path, owners, direction, count)
                for path, owners in self.store.owners(numbers)
            ]
            found = np.concatenate([np.empty(0, FOUND), *(each for each, _ in pairs)])
            hits = best(found[found["similarity"] >= min_similarity], top, all_windows)
            if len(hits) == top or all(least < min_similarity for _, least in pairs):
                return hits
            count *= SPARE

    def _found(
        self, path: Path, owners: NDArray[np.int64], direction: NDArray[np.float32], count: int
    ) -> tuple[Found, float]:
        """The nearest windows of a fragment, and a similarity that all others do not exceed."""
        graph = self._library.Index.restore(str(path.with_suffix(ENDING)), view=True)
        graph.expansion_search = 2 * count
        matches = graph.search(direction, min(count, len(graph)))
        places = matches.keys.astype(np.int64)
        similarity = 1 - matches.distances
        least = -np.inf if count >= len(graph) else float(similarity[-1])
        found: Found = np.empty(len(places), FOUND)
        onsets, offsets = read_times(path)
        columns = owners[places], onsets[places], offsets[places], similarity
        for name, column in zip(FOUND.names or (), columns, strict=True):
            found[name] = column
        return found[found["recording"] >= 0], least

    def _make(self, path: Path) -> None:
        graph, n_rows = None, 0
        for rows in read_rows(path):
            size = rows.vectors.shape[1]
            graph = graph or self._library.Index(ndim=size, metric="cos", dtype="f16")
            places = np.flatnonzero(rows.vectors.any(axis=1))  # zeros are silence
            graph.add(n_rows + places, rows.vectors[places])
            n_rows += len(rows.vectors)
        if graph:
            with atomic_write(path.with_suffix(ENDING), binary=True) as file:
                file.write(graph.save())


def _is_made(path: Path) -> bool:
    """Whether there is a graph that was made of the fragment at a path."""
    graph = path.with_suffix(ENDING)
    return graph.exists() and graph.stat().st_mtime_ns >= path.stat().st_mtime_ns
