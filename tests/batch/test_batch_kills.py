"""Runs that are killed: what they leave goes on, and gives the bytes of a run that was not."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from processes import content, kill_when, run

Made = Callable[..., Path]

NETWORK = ("--model", "PannsMini", "--device", "cpu")


def n_lines(journal: Path) -> int:
    path = journal / "files.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def lines(journal: Path) -> list[dict[str, Any]]:
    """The lines on recordings."""
    found = map(json.loads, (journal / "files.jsonl").read_text().splitlines())
    return [line for line in found if "path" in line]


def has_notes(journal: Path) -> bool:
    return any((journal / "notes").glob("*.npz"))


@pytest.mark.parametrize(
    ("place", "options"),
    [
        ("tags.csv", ("tag", "-f", "csv")),
        ("frames", ("detect", "-f", "npz", "--split", "--threshold", "0.1")),
    ],
)
def test_a_killed_run_goes_on(
    folder: Path, made: Made, tmp_path: Path, place: str, options: tuple[str, ...]
) -> None:
    made(folder / "deeper" / "longer.wav", 100, 5)
    undisturbed, killed = tmp_path / "undisturbed" / place, tmp_path / "killed" / place
    for each in (undisturbed, killed):
        each.parent.mkdir()
    status, _, err = run(*options, folder, *NETWORK, "-o", undisturbed)
    assert status == 0, err
    command = (*options, folder, *NETWORK, "-o", killed)
    journal = killed / ".panns" if "--split" in options else Path(f"{killed}.panns")
    # Some recordings are done; then a long one is half heard.
    assert kill_when(lambda: n_lines(journal) >= 3, *command)
    assert n_lines(journal) >= 3
    assert not killed.is_file()
    assert kill_when(lambda: has_notes(journal), *command)
    n_before = n_lines(journal)
    assert has_notes(journal)
    status, _, err = run(*command)
    assert status == 0, err
    assert f"heard {10 - n_before} of 10 recordings" in err
    assert f"{n_before} were done before" in err
    assert content(killed) == content(undisturbed)
    assert list(killed.parent.rglob(".panns-*.tmp")) == []
    assert not has_notes(journal)
    paths = [line["path"] for line in lines(journal)]
    assert len(paths) == len(set(paths)) == 10


def test_a_long_recording_is_not_heard_again(folder: Path, made: Made, tmp_path: Path) -> None:
    long = made(tmp_path / "long.wav", 150, 3)
    journal = tmp_path / "one.json.panns"
    command = ("tag", "-f", "json", long, *NETWORK, "-o", tmp_path / "one.json")
    assert kill_when(lambda: has_notes(journal), *command)
    (notes,) = (journal / "notes").glob("*.npz")
    with np.load(notes, allow_pickle=False) as file:
        heard = int(file["listener/whole/cutter/first"])
    assert heard > 0
    status, out, err = run(*command)
    assert (status, out) == (0, ""), err
    status, _, err = run(*command[:-1], tmp_path / "anew.json")
    assert status == 0, err
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "anew.json").read_bytes()
    assert not has_notes(journal)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "options"),
    [
        ("events.jsonl", ("detect", "-f", "jsonl", "--threshold", "0.1")),
        ("frames", ("detect", "-f", "npz", "--split", "--threshold", "0.1")),
    ],
)
def test_twenty_kills(
    shared: Path, tmp_path: Path, place: str, options: tuple[str, ...], made: Made
) -> None:
    folder = tmp_path / "recordings"
    draw = random.Random(place)
    for number in range(200):
        made(folder / f"{number % 7}" / f"{number}.wav", draw.choice((0.5, 1, 1, 2, 5)), number)
    scape, rate = soundfile.read(shared / "audio" / "soundscape_120s.flac", dtype="int16")
    soundfile.write(folder / "3" / "long.flac", np.tile(scape, 6), rate)
    undisturbed, killed = tmp_path / "undisturbed" / place, tmp_path / "killed" / place
    for each in (undisturbed, killed):
        each.parent.mkdir()
    command = (*options, folder, *NETWORK, "-o")
    journal = killed / ".panns" if "--split" in options else Path(f"{killed}.panns")
    begin = time.monotonic()
    status, _, err = run(*command, undisturbed)
    assert status == 0, err
    # From the moment when the network is loaded, which is most of the time of a killed run.
    whole = time.monotonic() - begin
    for _ in range(20):
        delay, waits = draw.uniform(0, whole / 20), [0.0]

        def due(delay: float = delay, waits: list[float] = waits) -> bool:
            if not waits[0] and (journal / "lock").exists():
                waits[0] = time.monotonic()
            return bool(waits[0]) and time.monotonic() - waits[0] > delay

        assert kill_when(due, *command, killed)
    status, _, err = run(*command, killed)
    assert status == 0, err
    assert content(killed) == content(undisturbed)
    assert list(tmp_path.rglob(".panns-*.tmp")) == []
    count = Counter(line["path"] for line in lines(journal))
    assert set(count.values()) == {1}
    assert len(count) == 201
