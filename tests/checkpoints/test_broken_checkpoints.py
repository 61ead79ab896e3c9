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

SECONDS = 30


def too_long(number: int, frame: FrameType | None) -> None:
    raise AssertionError(f"a file was not done with in {SECONDS} s")


def outcome(ask: Callable[[Path], object], path: Path) -> str:
    """What becomes of a file: 'sound', or 'error', which names the file."""
    try:
        ask(path)
    except CheckpointError as error:
        return "error" if str(path) in str(error) else f"an error without a name: {error}"
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
        signal.alarm(SECONDS)
        counts[outcome(loaded, path)] += 1
        assert outcome(identify, path) in ("sound", "error")
        signal.alarm(0)
        if content:
            assert path.read_bytes() == content
    signal.signal(signal.SIGALRM, before)
    assert set(counts) == {"sound", "error"}
    assert counts.total() >= 200, counts
    assert counts["error"] >= 180, counts
