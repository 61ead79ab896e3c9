"""Two hundred broken files: each ends in weights that are sound, or in one error that names it."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest
from broken_checkpoints import broken
from filled import on_meta

from panns_inference.checkpoints import identify, load
from panns_inference.errors import CheckpointError
from panns_inference.terminal import printable

SECONDS = 30


def too_long(number: int, frame: FrameType | None) -> None:
    raise AssertionError(f"a file was not done with in {SECONDS} s")


def outcome(read: Callable[[Path], object], path: Path) -> str:
    """'sound', or 'error' for one that names the file, after at most a while."""
    signal.alarm(SECONDS)
    try:
        read(path)
    except CheckpointError as error:
        named = printable(str(path)) in str(error)
        return "error" if named else f"an error without a name: {error}"
    finally:
        signal.alarm(0)
    return "sound"


def loaded(path: Path) -> None:
    network = load(on_meta("LeeNet11"), path)
    assert all(tensor.isfinite().all() for tensor in network.state_dict().values())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")  # of torch, for tensors that are not finished
def test_broken_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = signal.signal(signal.SIGALRM, too_long)
    counts: Counter[str] = Counter()
    for path in broken(tmp_path):
        content = path.read_bytes() if os.path.isfile(path) else b""
        counts[outcome(loaded, path)] += 1
        assert outcome(identify, path) in ("sound", "error")
        if content:
            assert path.read_bytes() == content
    signal.signal(signal.SIGALRM, before)
    assert set(counts) == {"sound", "error"}
    assert counts.total() >= 200, counts
    assert counts["error"] >= 180, counts
