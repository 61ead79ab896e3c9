"""Journals as power cuts and other programs leave them: what is good of them is gone on with."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from processes import content

from panns_inference import AudioTagging, UsageError
from panns_inference.batch import resume, run
from panns_inference.batch.resume import StateFiles
from panns_inference.pipeline import DetectionTask, TaggingTask

Made = Callable[..., Path]
Damage = Callable[[Path], object]


def rewrite(name: str, change: Callable[[bytes], bytes]) -> Damage:
    def damage(journal: Path) -> None:
        (journal / name).write_bytes(change((journal / name).read_bytes()))

    return damage


def of_partial(change: Callable[[Path], object]) -> Damage:
    def damage(journal: Path) -> None:
        for path in list((journal / "partial").iterdir())[:2]:
            change(path)

    return damage


def in_its_place(name: str, make: Callable[[Path], object]) -> Damage:
    def damage(journal: Path) -> None:
        path = journal / name
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        make(path)

    return damage


def folder_with_a_file(path: Path) -> None:
    path.mkdir()
    (path / "mine").write_text("mine")


def loosen(key: str, value: Any) -> Callable[[bytes], bytes]:
    """The first line of a file with another value."""

    def change(lines: bytes) -> bytes:
        first, *rest = lines.splitlines(keepends=True)
        return b"".join([json.dumps({**json.loads(first), key: value}).encode() + b"\n", *rest])

    return change


LINES, RUN = "files.jsonl", "run.json"
DAMAGES: dict[str, Damage] = {
    "run.json empty": rewrite(RUN, lambda _: b""),
    "run.json zeros": rewrite(RUN, lambda old: bytes(len(old))),
    "run.json cut": rewrite(RUN, lambda old: old[: len(old) // 2]),
    "run.json a list": rewrite(RUN, lambda _: b"[1]"),
    "run.json deep": rewrite(RUN, lambda _: b"[" * 200_000),
    "run.json gone": lambda journal: (journal / RUN).unlink(),
    "run.json a folder": in_its_place(RUN, folder_with_a_file),
    "run.json a pipe": in_its_place(RUN, os.mkfifo),
    "lines empty": rewrite(LINES, lambda _: b""),
    "lines zeros": rewrite(LINES, lambda old: bytes(len(old))),
    "lines ending in zeros": rewrite(LINES, lambda old: old[:-100] + bytes(100)),
    "lines cut": rewrite(LINES, lambda old: old[:-30]),
    "garbage before": rewrite(LINES, lambda old: b"\xff\x00{[\n" + old),
    "garbage between": rewrite(LINES, lambda old: old.replace(b"\n", b"\n}garbage\n", 1)),
    "a digit is another": rewrite(LINES, lambda old: old.replace(b'es": 1', b'es": 4', 1)),
    "a number is a text": rewrite(LINES, loosen("size", "many")),
    "a field more": rewrite(LINES, loosen("more", 1)),
    "lines are of other types": rewrite(LINES, lambda old: b"3\nnull\n[]\n{}\n" + old),
    "lines gone": lambda journal: (journal / LINES).unlink(),
    "lines a folder": in_its_place(LINES, folder_with_a_file),
    "partial of zeros": of_partial(lambda path: path.write_bytes(bytes(path.stat().st_size))),
    "partial results empty": of_partial(lambda path: path.write_bytes(b"")),
    "partial results cut": of_partial(lambda path: path.write_bytes(path.read_bytes()[:-9])),
    "partial results gone": lambda journal: shutil.rmtree(journal / "partial"),
    "partial results folders": of_partial(lambda path: (path.unlink(), path.mkdir())),
    "partial a file": in_its_place("partial", lambda path: path.write_text("mine")),
    "states a file": in_its_place("states", lambda path: path.write_text("mine")),
    "lock a folder": in_its_place("lock", folder_with_a_file),
    "everything zeros": lambda journal: [
        path.write_bytes(bytes(path.stat().st_size))
        for path in journal.rglob("*") if path.is_file()
    ],
}  # fmt: skip

FOLDERS, FILES = (RUN, "lines", "lock"), ("partial", "states")
KEPT = [
    *(DAMAGES[f"{name} a folder"] for name in FOLDERS),
    *(DAMAGES[f"{name} a file"] for name in FILES),
]
"""Damages that bring a file of others, which is kept."""


@pytest.fixture
def some(tmp_path: Path, made: Made) -> Path:
    """A folder of four short recordings."""
    for number in range(4):
        made(tmp_path / "some" / f"{number}.wav", 0.5, number)
    return tmp_path / "some"


@pytest.mark.sample(20)
@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_journal(
    mini: AudioTagging, some: Path, tmp_path: Path, made: Made, caplog: Any, damage: Damage,
    split: bool,
) -> None:  # fmt: skip
    place = tmp_path / "out"
    task, more = TaggingTask(mini), {"split": split, "format": "jsonl"}
    run(task, [some], place, **more)
    journal = place / ".panns" if split else tmp_path / "out.panns"
    if split and not (journal / "partial").exists():
        (journal / "partial").mkdir()
    made(some / "4.wav", 0.5, 4)
    run(task, [some], tmp_path / "undisturbed", **more)
    (some / "4.wav").rename(tmp_path / "4.wav")
    damage(journal)
    with caplog.at_level(logging.WARNING):
        assert run(task, [some], place, **more).failures == ()
    assert len(caplog.records) <= 2
    # And it goes on from there, whole and quiet.
    (tmp_path / "4.wav").rename(some / "4.wav")
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        report = run(task, [some], place, **more)
    assert (report.n_processed, report.n_done_before, report.failures) == (1, 4, ())
    assert caplog.records == []
    assert sorted(content(place)) == sorted(content(tmp_path / "undisturbed"))
    lines = [line for each in content(place).values() for line in each.splitlines()]
    assert len(lines) == len(set(lines)) == 5
    mine = [path for path in journal.rglob("*") if path.is_file() and path.read_bytes() == b"mine"]
    assert len(mine) == (damage in KEPT)


def test_one_line_says_what_was_repaired(
    mini: AudioTagging, some: Path, tmp_path: Path, caplog: Any
) -> None:
    table = tmp_path / "t.csv"
    run(TaggingTask(mini), [some], table)
    journal = tmp_path / "t.csv.panns"
    rewrite(LINES, lambda old: b"garbage\n" + old)(journal)
    rewrite(RUN, lambda _: b"")(journal)
    run(TaggingTask(mini), [some], table)
    (record,) = caplog.records
    assert record.getMessage() == (
        f"warning: {journal} was damaged, and is repaired: run.json cannot be read; "
        "1 lines of files.jsonl cannot be read"
    )


def test_another_request_to_a_damaged_journal(
    mini: AudioTagging, some: Path, tmp_path: Path
) -> None:
    # Results of other settings are not mixed with those of now.
    tree = tmp_path / "t"
    run(TaggingTask(mini), [some], tree, split=True, top=1)
    (tree / ".panns" / RUN).write_bytes(b"")
    before = content(tree)
    report = run(TaggingTask(mini), [some], tree, split=True, top=2)
    assert len(report.failures) == 4
    assert content(tree) == before
    assert run(TaggingTask(mini), [some], tree, split=True, top=2, overwrite=True).failures == ()


@pytest.mark.parametrize("version", [None, 2, 99])
def test_a_journal_of_another_layout_is_refused(
    mini: AudioTagging, some: Path, tmp_path: Path, version: int | None
) -> None:
    table = tmp_path / "t.csv"
    run(TaggingTask(mini), [some], table)
    path = tmp_path / "t.csv.panns" / RUN
    path.write_text(json.dumps({**json.loads(path.read_text()), "journal": version}))
    with pytest.raises(UsageError, match=r"t\.csv\.panns was left by another version"):
        run(TaggingTask(mini), [some], table)
    assert run(TaggingTask(mini), [some], table, overwrite=True).n_processed == 4


def test_a_copy_of_a_journal_by_hard_links_stays(
    mini: AudioTagging, some: Path, tmp_path: Path, made: Made
) -> None:
    table = tmp_path / "t.csv"
    run(TaggingTask(mini), [some], table)
    copy = tmp_path / "copy.jsonl"
    copy.hardlink_to(tmp_path / "t.csv.panns" / LINES)
    before = copy.read_bytes()
    made(some / "9.wav", 0.5, 9)
    assert run(TaggingTask(mini), [some], table).n_processed == 1
    assert copy.read_bytes() == before


STATES: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-200]),
    "no archive": lambda path: path.write_bytes(b"garbage"),
    "of other arrays": lambda path: np.savez(path, identity=np.array("x"), more=np.zeros(3)),
    "of objects": lambda path: np.savez(path, identity=np.array([{}], object)),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "frames cut": lambda path: os.truncate(path.with_suffix(".frames"), 1000),
    "frames gone": lambda path: path.with_suffix(".frames").unlink(),
}


@pytest.mark.parametrize("damage", STATES.values(), ids=STATES)
def test_a_damaged_state(
    mini: AudioTagging, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    damage: Callable[[Path], object],
) -> None:  # fmt: skip
    monkeypatch.setattr(resume, "INTERVAL", 0.0)
    task = DetectionTask(mini, threshold=0.1, framewise=True)
    waveform = np.random.default_rng(0).normal(0, 0.1, 80 * 32_000).astype(np.float32)
    kept = StateFiles(tmp_path / "states" / "a", (5, 6))
    accumulator = kept.accumulator(task, "a")
    for start in range(0, 60 * 32_000, 10 * 32_000):
        accumulator.feed(waveform[start : start + 10 * 32_000])
        kept.save(accumulator)
    assert StateFiles(kept.path, (5, 6)).accumulator(task, "a").n_samples > 0
    damage(tmp_path / "states" / "a.npz")
    again = StateFiles(tmp_path / "states" / "a", (5, 6))
    accumulator = again.accumulator(task, "a")
    assert accumulator.n_samples == 0
    accumulator.feed(waveform)
    again.save(accumulator)
    accumulator.finish()
    assert sum(map(len, again.rows(527))) == 8001
