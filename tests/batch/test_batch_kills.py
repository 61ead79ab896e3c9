"""Runs that are killed: what they leave goes on, and gives the bytes of a run that was not."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from noise import noise
from processes import content, kill_when, run

from panns_inference.models import build

Made = Callable[..., Path]

NETWORK = ("--model", "PannsMini", "--device", "cpu")


def n_lines(journal: Path) -> int:
    path = journal / "files.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def lines(journal: Path) -> list[dict[str, Any]]:
    """The lines on recordings."""
    found = map(json.loads, (journal / "files.jsonl").read_text().splitlines())
    return [line for line in found if "path" in line]


def has_state(journal: Path) -> bool:
    return any((journal / "states").glob("*.npz"))


@pytest.mark.sample(1)
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
    # Some recordings are done; then a long one is half processed.
    assert kill_when(lambda: n_lines(journal) >= 3, *command)
    assert n_lines(journal) >= 3
    assert not killed.is_file()
    assert kill_when(lambda: has_state(journal), *command)
    n_before = n_lines(journal)
    assert has_state(journal)
    status, _, err = run(*command)
    assert status == 0, err
    (n_done,) = map(int, re.findall(r"(\d+) were done before", err))
    # Each of the two kills may have met a line whose file had not got its name yet.
    assert n_before - 2 <= n_done <= n_before
    assert f"processed {10 - n_done} of 10 recordings" in err
    assert content(killed) == content(undisturbed)
    assert list(killed.parent.rglob(".panns-*.tmp")) == []
    assert not has_state(journal)
    paths = [line["path"] for line in lines(journal)]
    assert len(set(paths)) == 10
    assert len(paths) == n_before + 10 - n_done


@pytest.mark.sample(1)
@pytest.mark.parametrize("task", ["tag", "embed", "detect"])
def test_a_network_that_needs_windows_goes_on(
    task: str, folder: Path, made: Made, tmp_path: Path
) -> None:
    torch.save(build("mn01_as").state_dict(), tmp_path / "mine.pt")
    made(folder / "deeper" / "longer.wav", 100, 5)
    command = (task, "-f", "csv", folder, "--checkpoint", tmp_path / "mine.pt", "--device", "cpu")
    journal = tmp_path / "killed.csv.panns"
    assert kill_when(lambda: has_state(journal), *command, "-o", tmp_path / "killed.csv")
    assert has_state(journal)
    for name in ("killed.csv", "undisturbed.csv"):
        status, _, err = run(*command, "-o", tmp_path / name)
        assert status == 0, err
        assert ("were done before" in err) == (name == "killed.csv")
    assert content(tmp_path / "killed.csv") == content(tmp_path / "undisturbed.csv")


@pytest.mark.slow
def test_a_long_recording_is_not_processed_again(folder: Path, made: Made, tmp_path: Path) -> None:
    long = made(tmp_path / "long.wav", 150, 3)
    journal = tmp_path / "one.json.panns"
    command = ("tag", "-f", "json", long, *NETWORK, "-o", tmp_path / "one.json")
    assert kill_when(lambda: has_state(journal), *command)
    (state,) = (journal / "states").glob("*.npz")
    with np.load(state, allow_pickle=False) as file:
        n_processed = int(file["accumulator/whole/cutter/first"])
    assert n_processed > 0
    status, out, err = run(*command)
    assert (status, out) == (0, ""), err
    status, _, err = run(*command[:-1], tmp_path / "anew.json")
    assert status == 0, err
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "anew.json").read_bytes()
    assert not has_state(journal)


KINDS: dict[str, tuple[str, ...]] = {
    "events.jsonl": ("detect", "-f", "jsonl", "--threshold", "0.1", "FOLDER"),
    "tags.csv": ("tag", "-f", "csv", "FOLDER"),
    "tags.parquet": ("tag", "-f", "parquet", "--window", "1", "FOLDER"),
    "frames": ("detect", "-f", "npz", "--split", "--threshold", "0.1", "FOLDER"),
    "one.json": ("detect", "-f", "json", "--threshold", "0.1", "LONG"),
    "listed.csv": ("detect", "-f", "csv", "--threshold", "0.1", "--files-from", "LIST"),
    "vectors.jsonl": ("embed", "-f", "jsonl", "FOLDER"),
}
"""Runs by their outputs; words in capitals are paths."""

KILLS = 6
"""Of each kind of run: 42 in all."""


@pytest.fixture(scope="module")
def paths(soundscape: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A folder with a long recording, and a list in which files have several names."""
    folder = tmp_path_factory.mktemp("kills") / "recordings"
    draw = random.Random(0)
    for number in range(80):
        noise(folder / f"{number % 7}" / f"{number}.wav", draw.choice((0.5, 1, 1, 2, 5)), number)
    scape, rate = soundfile.read(soundscape, dtype="int16")
    long = folder / "3" / "long.flac"
    soundfile.write(long, np.tile(scape, 4), rate)
    (folder / "3" / "link.flac").symlink_to(long)
    names = sorted(str(path) for path in folder.rglob("*.*"))
    listed = folder.with_name("list.txt")
    listed.write_text("".join(f"{name}\n" for name in (*names, *names[:9], long)))
    return {"FOLDER": str(folder), "LONG": str(long), "LIST": str(listed)}


@pytest.mark.slow
@pytest.mark.parametrize("place", KINDS)
def test_a_run_that_is_killed_again_and_again(
    tmp_path: Path, paths: dict[str, str], place: str
) -> None:
    draw = random.Random(place)
    undisturbed, killed = tmp_path / "undisturbed" / place, tmp_path / "killed" / place
    mine = [killed.parent / "mine.csv", *([killed / "mine.npz"] if place == "frames" else [])]
    for each in (undisturbed.parent, *(path.parent for path in mine)):
        each.mkdir()
    for path in mine:
        path.write_text("mine")
    command = (*(paths.get(word, word) for word in KINDS[place]), *NETWORK, "-o")
    journal = killed / ".panns" if place == "frames" else Path(f"{killed}.panns")
    begin = time.monotonic()
    status, _, err = run(*command, undisturbed)
    assert status == 0, err
    # From the moment when the network is loaded, which is most of the time of a killed run.
    whole = time.monotonic() - begin
    for _ in range(KILLS):
        delay, waits = draw.uniform(0, whole / KILLS), [0.0]

        def due(delay: float = delay, waits: list[float] = waits) -> bool:
            if not waits[0] and (journal / "lock").exists():
                waits[0] = time.monotonic()
            return bool(waits[0]) and time.monotonic() - waits[0] > delay

        kill_when(due, *command, killed)
    status, _, err = run(*command, killed)
    assert status == 0, err
    result = content(killed)
    assert {name: value for name, value in result.items() if name != "mine.npz"} == content(
        undisturbed
    )
    assert [path.read_text() for path in mine] == ["mine" for _ in mine]
    assert list(journal.rglob("*.tmp")) == list(journal.rglob("*.damaged")) == []
    status, _, err = run(*command, killed)
    assert (status, "nothing new to process" in err) == (0, True), err
    assert content(killed) == result
