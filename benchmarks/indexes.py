"""Libraries of indexes beside each other: `python benchmarks/indexes.py EMBEDDINGS --folder WORK`.

EMBEDDINGS is a folder of kept ones, such as `sounds/.panns-embeddings/PannsMini-0123456789ab`. They
are asked for what is nearest to some of them with noise, among all of them and as many more with
noise as are wanted; and the same among made-up ones, which lie in clusters.

Each index is built, and opened, in a process of its own, by one thread. It is opened as a library
larger than the memory would be: mapped, where it can be, with nothing of it in the memory of the
system. What is built stays in WORK, so that a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import faiss
import hnswlib
import numpy as np
import usearch.index
from numpy.typing import NDArray
from report import setting, table, write_section
from search import directions

from panns_inference.similar.fragments import read_rows

TOP, QUERIES = 10, 100

NOISE = 0.4
"""Length of the noise, to that of the embedding it is added to: their cosine is about 0.93."""

CONNECTIVITY, EXPANSION = 16, 128
"""Neighbours of a window in a graph, and how many are compared when it is added to it."""

HEADING = (
    "index, effort",
    "s to build",
    "MB on the disk",
    f"recall of {TOP}",
    "ms a search",
    "MB in memory",
    f"MB read for {QUERIES} searches",
)

FACTS = """\
| | usearch | hnswlib | faiss |
| --- | --- | --- | --- |
| mapped from the disk | yes | no | yes |
| float16 | yes | no | yes |
| grows, once it is in memory | yes | yes | yes |
| wheels: Linux, macOS, Windows | Python 3.10 to 3.15, 2 MB | none | Python from 3.10, 19 MB |
| brings OpenMP on macOS, as torch does | no | no | yes |

Two runtimes of OpenMP in one process can crash on macOS (faiss-wheels, issue 73)."""
"""What cannot be measured here, as of usearch 2.26.6, hnswlib 0.8.0 and faiss-cpu 1.15.1."""

Vectors = NDArray[np.float32]
Search = Callable[[NDArray[np.float32]], Sequence[int]]
"""A query in, the numbers of what is nearest to it out."""


class Library(NamedTuple):
    """A kind of index.

    Attributes:
        build: makes a file of vectors of length 1, (n, size).
        open: gives what searches that file with a given effort.
        efforts: windows that a search compares in a graph, or lists that it goes through.
    """

    build: Callable[[Vectors, str], None]
    open: Callable[[str, int], Search]
    efforts: tuple[int, ...]


def build_usearch(vectors: Vectors, path: str) -> None:
    """As this package does."""
    index = usearch.index.Index(
        ndim=vectors.shape[1],
        metric="cos",
        dtype="f16",
        connectivity=CONNECTIVITY,
        expansion_add=EXPANSION,
    )
    index.add(np.arange(len(vectors)), vectors, threads=1)
    index.save(path)


def open_usearch(path: str, effort: int) -> Search:
    """Mapped."""
    index = usearch.index.Index.restore(path, view=True)
    index.expansion_search = effort
    return lambda query: index.search(query, TOP, threads=1).keys.tolist()


def build_hnswlib(vectors: Vectors, path: str) -> None:
    """It has float32 only."""
    index = hnswlib.Index("cosine", vectors.shape[1])
    index.init_index(len(vectors), M=CONNECTIVITY, ef_construction=EXPANSION)
    index.add_items(vectors, num_threads=1)
    index.save_index(path)


def open_hnswlib(path: str, effort: int) -> Search:
    """In memory: it maps nothing."""
    index = hnswlib.Index("cosine", directions(np.random.default_rng(0), 1).shape[1])
    index.load_index(path)
    index.set_ef(effort)
    return lambda query: index.knn_query(query, TOP, num_threads=1)[0][0].tolist()


def build_faiss(kind: str, vectors: Vectors, path: str) -> None:
    """Of a kind that its factory knows."""
    faiss.omp_set_num_threads(1)
    kind = kind.format(lists=round(4 * len(vectors) ** 0.5))
    index = faiss.index_factory(vectors.shape[1], kind, faiss.METRIC_INNER_PRODUCT)
    if hasattr(index, "hnsw"):
        index.hnsw.efConstruction = EXPANSION
    index.train(vectors)
    index.add(vectors)
    faiss.write_index(index, path)


def open_faiss(path: str, effort: int) -> Search:
    """Mapped."""
    faiss.omp_set_num_threads(1)
    index = faiss.read_index(path, faiss.IO_FLAG_MMAP_IFC)
    if hasattr(index, "hnsw"):
        index.hnsw.efSearch = effort
    else:
        index.nprobe = effort
    return lambda query: index.search(query[None], TOP)[1][0].tolist()


def _faiss(kind: str) -> Callable[[Vectors, str], None]:
    return lambda vectors, path: build_faiss(kind, vectors, path)


LIBRARIES = {
    "usearch, graph, float16": Library(build_usearch, open_usearch, (64, 128, 256)),
    "hnswlib, graph, float32": Library(build_hnswlib, open_hnswlib, (64, 128, 256)),
    "faiss, graph, float16": Library(
        _faiss(f"HNSW{CONNECTIVITY},SQfp16"), open_faiss, (64, 128, 256)
    ),
    "faiss, lists, float16": Library(_faiss("IVF{lists},SQfp16"), open_faiss, (4, 16, 64)),
}
"""What is compared."""


def real(folder: Path, count: int) -> tuple[Vectors, Vectors]:
    """Kept embeddings, and as many more with noise as are wanted, (count, size), and queries."""
    kept = [rows.vectors for path in sorted(folder.glob("*.parquet")) for rows in read_rows(path)]
    vectors = np.concatenate(kept)
    vectors = vectors[vectors.any(axis=1)][:count]
    random = np.random.default_rng(1)
    more = with_noise(vectors, count - len(vectors), random)
    return np.concatenate([vectors, more]), with_noise(vectors, QUERIES, random)


def with_noise(vectors: Vectors, count: int, random: np.random.Generator) -> Vectors:
    """Some of them with noise, none below 0, (count, size)."""
    chosen = vectors[random.integers(0, len(vectors), count)]
    noise = random.standard_normal(chosen.shape, np.float32) / np.float32(chosen.shape[1] ** 0.5)
    lengths = np.linalg.norm(chosen, axis=1, keepdims=True)
    return np.maximum(chosen + NOISE * lengths * noise, 0)


def made_up(count: int) -> tuple[Vectors, Vectors]:
    """In clusters, and queries from the same ones."""
    random = np.random.default_rng(1)
    return directions(random, count), directions(random, QUERIES)


def prepare(folder: Path, vectors: Vectors, queries: Vectors) -> None:
    """Put vectors and queries of length 1 on the disk, and the numbers of what is nearest."""
    unit, wanted = (
        each / np.linalg.norm(each, axis=1, keepdims=True) for each in (vectors, queries)
    )
    folder.mkdir(parents=True)
    np.save(folder / "queries.npy", wanted)
    np.save(folder / "nearest.npy", np.argsort(-(wanted @ unit.T), axis=1)[:, :TOP])
    np.save(folder / "vectors.npy", unit)


def built(library: str, folder: Path, path: Path) -> dict[str, float]:
    """Build it; seconds of the processor."""
    vectors = np.load(folder / "vectors.npy")
    before = time.process_time()
    LIBRARIES[library].build(vectors, str(path))
    return {"seconds": time.process_time() - before}


def searched(library: str, folder: Path, path: Path, effort: int) -> dict[str, float]:
    """Recall, ms of the processor a search, MB held, and MB read from the disk by all searches."""
    queries, nearest = (np.load(folder / f"{name}.npy") for name in ("queries", "nearest"))
    with path.open("rb") as file:
        os.fsync(file.fileno())  # what is still to be written stays in memory
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    memory, disk = _kept(), _read()
    search = LIBRARIES[library].open(str(path), effort)
    found = [search(query) for query in queries]
    memory, disk = _kept() - memory, _read() - disk
    before = time.process_time()
    for query in queries:
        search(query)
    used = (time.process_time() - before) / len(queries)
    shares = [len({*a} & {*b}) / TOP for a, b in zip(found, nearest.tolist(), strict=True)]
    return {"recall": float(np.mean(shares)), "ms": 1000 * used, "held": memory, "read": disk}


def _kept() -> float:
    """MB of this process that are not parts of a file."""
    text = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"RssAnon:\s+(\d+)", text)[0]) / 1024


def _read() -> float:
    """MB that this process has had the disk read."""
    text = Path("/proc/self/io").read_text(encoding="ascii")
    return int(re.findall(r"^read_bytes: (\d+)", text, re.MULTILINE)[0]) / 1e6


def in_process(*words: object) -> dict[str, float]:
    """What another process measures."""
    command = [sys.executable, __file__, "--one", *map(str, words)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def rows_of(folder: Path) -> list[list[str]]:
    """A row of the table for each library and effort."""
    rows = []
    for number, (name, library) in enumerate(LIBRARIES.items()):
        path = folder / f"{number}.index"
        note = path.with_suffix(".json")
        if not note.exists():
            note.write_text(json.dumps(in_process("build", name, folder, path)))
        made = f"{json.loads(note.read_text())['seconds']:.0f}"
        size = f"{path.stat().st_size / 1e6:.0f}"
        for effort in library.efforts:
            found = in_process("search", name, folder, path, effort)
            cells = [f"{found['recall']:.3f}", f"{found['ms']:.2f}"]
            cells += [f"{found['held']:.0f}", f"{found['read']:.0f}"]
            rows.append([f"{name}, {effort}", made, size, *cells])
            print(rows[-1], flush=True)
    return rows


def one(kind: str, library: str, folder: str, path: str, *effort: str) -> dict[str, Any]:
    """What a process of its own does."""
    do = built if kind == "build" else searched
    return do(library, Path(folder), Path(path), *map(int, effort))


def main() -> None:
    """Measure, print the tables, and write them into `RESULTS.md`."""
    parser = argparse.ArgumentParser(description="Compare libraries of indexes.")
    parser.add_argument("embeddings", nargs="?", type=Path, help="a folder of kept ones")
    parser.add_argument("--folder", type=Path, help="for what is built, which stays there")
    parser.add_argument("--windows", type=int, default=200_000, help="default: %(default)s")
    parser.add_argument("--one", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(one(*given.one)))
        return
    parts = []
    for title, make in (
        ("Embeddings of recordings", lambda: real(given.embeddings, given.windows)),
        ("Made-up embeddings", lambda: made_up(given.windows)),
    ):
        folder = given.folder / title.split()[0].lower()
        if not folder.exists():
            prepare(folder, *make())
        parts.append(f"{title}:\n\n{table(HEADING, rows_of(folder))}")
    how = (
        f"{setting('usearch', 'hnswlib', 'faiss-cpu')} {given.windows:,} embeddings of 512 "
        f"values; {CONNECTIVITY} neighbours, {EXPANSION} compared when one is added; lists: four "
        "times the root of their number. The effort is how many are compared in a search, or how "
        "many lists are read. Times are those of a processor, one thread."
    )
    body = "\n\n".join([how, *parts, FACTS])
    print(body)
    write_section("Indexes", body)


if __name__ == "__main__":
    main()
