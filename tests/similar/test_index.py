"""An index beside embeddings: nearly the hits of an exact search, made once."""

from __future__ import annotations

import signal
import subprocess
import sys

import numpy as np
import pytest
from similar.conftest import write

from panns_inference.errors import OutputError, UsageError
from panns_inference.similar import keep, search_similar
from panns_inference.similar.fragments import Entry, Rows
from panns_inference.similar.index import Index
from panns_inference.similar.nearest import nearest
from panns_inference.similar.store import Store

SIZE, PER_RECORDING = 32, 40
WINDOWS = {"window": 1.0, "hop": 0.5}


@pytest.fixture
def made(tmp_path) -> Store:
    """Two fragments of recordings whose windows are made up."""
    random = np.random.default_rng(0)
    store = Store(tmp_path / "made", {"model": "made"})
    for first in (0, 30):
        with store.writer() as writer:
            for number in range(first, first + 30):
                onsets = 0.5 * np.arange(PER_RECORDING)
                vectors = random.normal(size=(PER_RECORDING, SIZE)).astype(np.float32)
                writer.add(
                    Entry(f"{number}.wav", 1, 1, PER_RECORDING), Rows(onsets, onsets + 1, vectors)
                )
    return store


@pytest.mark.parametrize("all_windows", [False, True])
@pytest.mark.parametrize("least", [-1.0, 0.4])
@pytest.mark.parametrize("top", [1, 10, 300])
def test_it_finds_what_an_exact_search_finds(made, all_windows, least, top) -> None:
    numbers = {key: number for number, key in enumerate([*made.entries][5:])}
    index, random = Index(made), np.random.default_rng(1)
    shares: list[float] = []
    for _ in range(10):
        direction = random.normal(size=SIZE).astype(np.float32)
        exact = nearest(direction, made.blocks(numbers), top, least, all_windows=all_windows)
        found = index.nearest(direction, numbers, top, least, all_windows=all_windows)
        assert len(found) == pytest.approx(len(exact), rel=0.1, abs=1)
        pair = [{(r, o): s for r, o, _, s in each.tolist()} for each in (found, exact)]
        both = pair[0].keys() & pair[1].keys()
        assert all(pair[0][window] == pytest.approx(pair[1][window], abs=1e-3) for window in both)
        shares.append(len(both) / max(1, len(exact)))
    assert np.mean(shares) > 0.95


def test_it_is_made_once_and_goes_with_its_fragment(task, library) -> None:
    def graphs() -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.usearch")}

    folder = keep(task, [library]).store.folder
    Index(keep(task, [library]).store)
    before = graphs()
    Index(keep(task, [library]).store)
    assert graphs() == before
    write(library / "new.wav", 900)
    Index(keep(task, [library]).store)
    after = graphs()
    assert after.keys() == {path.with_suffix(".usearch").name for path in folder.glob("*.parquet")}
    assert not after.keys() & before.keys()


PROGRAM = """
import contextlib, os, signal, sys
from panns_inference.similar import index
from panns_inference.similar.store import Store

@contextlib.contextmanager
def killed(path, **settings):
    with whole(path, **settings) as file:
        yield file
        if path.stem == "000002":
            file.flush()
            os.kill(os.getpid(), signal.SIGKILL)

whole, index.atomic_write = index.atomic_write, killed
index.Index(Store(sys.argv[1], {"model": "made"}))
"""


def test_a_kill_while_it_is_made_takes_only_one_graph(made) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(made.folder.parent)])
    assert done.returncode == -signal.SIGKILL
    (first,) = made.folder.glob("*.usearch")
    state = first.stat()
    assert [*made.folder.glob(".panns-*.tmp")]
    index, numbers = Index(made), {key: number for number, key in enumerate(made.entries)}
    assert first.stat() == state
    assert not [*made.folder.glob(".panns-*.tmp")]
    direction = np.random.default_rng(1).normal(size=SIZE).astype(np.float32)
    exact, found = nearest(direction, made.blocks(numbers), 3), index.nearest(direction, numbers, 3)
    assert found[["recording", "onset"]].tolist() == exact[["recording", "onset"]].tolist()


def test_no_other_process_changes_fragments_while_it_is_made(made) -> None:
    with made.alone(), pytest.raises(OutputError, match="another process is at work"):
        Index(made)
    Index(made)
    with made.alone():
        Index(made)  # it is there: there is nothing to wait for


def test_a_search_with_an_index(model, library, tmp_path) -> None:
    # One of its windows: to the mean of two both would be equally near.
    example = f"{library / 'a' / '2.wav'}:0-1"
    exact = search_similar([example], library, model=model, **WINDOWS)
    found = search_similar([example], library, model=model, index=True, **WINDOWS)
    assert [(hit.filename, hit.onset) for hit in found] == [
        (hit.filename, hit.onset) for hit in exact
    ]
    for one, other in zip(found, exact, strict=True):
        assert one.similarity == pytest.approx(other.similarity, abs=2e-3)
    with pytest.raises(UsageError, match="top"):
        search_similar([example], library, model=model, index=True, top=None, **WINDOWS)
    with pytest.raises(UsageError, match="index is for folders"):
        search_similar([example], tmp_path / "table.parquet", model=model, index=True)
