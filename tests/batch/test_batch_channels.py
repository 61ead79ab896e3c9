"""Each channel and each track of the recordings of a folder as a result of its own."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from panns_inference import AudioTagging, UsageError
from panns_inference.audio import Reading
from panns_inference.batch import find, results, run
from panns_inference.batch.recording import split_channels
from panns_inference.cli import main
from panns_inference.pipeline import TaggingTask, Task

RATE = 32_000
ASK = ["--model", "PannsMini", "--device", "cpu", "-q"]


@pytest.fixture(scope="module")
def tag() -> Task[Any]:
    return TaggingTask(AudioTagging("PannsMini", device="cpu"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Recordings of two channels, of one, of three and of none that can be read."""
    random = np.random.default_rng(0)
    (tmp_path / "in").mkdir()
    for name, n_channels in (("a", 2), ("b", 1), ("c", 3)):
        samples = random.normal(0, 0.1, (RATE, n_channels)).astype(np.float32)
        soundfile.write(tmp_path / "in" / f"{name}.wav", samples, RATE, subtype="FLOAT")
    (tmp_path / "in" / "d.wav").write_text("no sound")
    return tmp_path / "in"


WANTED = [("a", 1), ("a", 2), ("b", 1), ("c", 1), ("c", 2), ("c", 3)]


def rows(path: Path) -> list[tuple[str, int]]:
    return [
        (Path(row["filename"]).stem, int(row["channel"]))
        for row in csv.DictReader(io.StringIO(path.read_text()))
    ]


def test_results_come_for_each_channel_in_order(tag: Task[Any], folder: Path) -> None:
    failures: list[Any] = []
    found = list(results(tag, [folder], channel="each", on_error=failures.append))
    assert [(Path(each.source or "").stem, each.channel) for each in found] == WANTED
    assert [Path(failure.source).name for failure in failures] == ["d.wav"]
    for each in found:
        alone = AudioTagging.tag(tag.model, each.source, channel=each.channel)  # type: ignore[arg-type]
        np.testing.assert_allclose(each.clipwise, alone.clipwise, atol=1e-6)  # type: ignore[attr-defined]


def test_a_chosen_channel_is_that_of_each_recording(tag: Task[Any], folder: Path) -> None:
    failures: list[Any] = []
    found = list(results(tag, [folder], channel=2, on_error=failures.append))
    assert [(Path(each.source or "").stem, each.channel) for each in found] == [("a", 2), ("c", 2)]
    assert "has one channel: there is no channel 2" in failures[0].cause


def test_open_files_are_separated_too(tag: Task[Any], folder: Path) -> None:
    with (folder / "a.wav").open("rb") as file:
        found = list(results(tag, [file], channel="each", jobs=4))
    assert [(each.source, each.channel) for each in found] == [
        (str(folder / "a.wav"), 1),
        (str(folder / "a.wav"), 2),
    ]


def test_a_table_has_a_row_for_each_and_the_second_run_nothing_to_do(
    tag: Task[Any], folder: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out.csv"
    ask: dict[str, Any] = {"top": 1, "channel": "each", "on_error": "skip"}
    first = run(tag, [folder], output, **ask)
    assert (first.n_processed, len(first.failures)) == (6, 1)
    assert rows(output) == WANTED
    content = output.read_bytes()
    (folder / "d.wav").unlink()
    second = run(tag, [folder], output, **ask)
    assert (second.n_processed, second.n_done_before) == (0, 6)
    assert output.read_bytes() == content
    with pytest.raises(UsageError, match=r"\n  channel: was 'each', is 1"):
        run(tag, [folder], output, top=1, channel="left")


@pytest.mark.parametrize("damage", ["gone", "unreadable"])
def test_what_cannot_be_separated_any_more_keeps_its_rows(
    damage: str, tag: Task[Any], folder: Path, tmp_path: Path
) -> None:
    inputs, output = [folder / "a.wav", folder / "c.wav"], tmp_path / "out.csv"
    ask: dict[str, Any] = {"top": 1, "channel": "each", "on_error": "skip"}
    run(tag, inputs, output, **ask)
    content, state = output.read_bytes(), (folder / "a.wav").stat()
    if damage == "gone":
        (folder / "a.wav").unlink()
    else:
        (folder / "a.wav").write_bytes(bytes(state.st_size))
        os.utime(folder / "a.wav", ns=(state.st_atime_ns, state.st_mtime_ns))
    for tree in ({}, {"split": True, "format": "jsonl"}):
        run(tag, inputs, tmp_path / "tree" if tree else output, **ask, **tree)
    assert output.read_bytes() == content


def test_a_lone_recording_is_a_table_of_its_channels(
    tag: Task[Any], folder: Path, tmp_path: Path
) -> None:
    run(tag, [folder / "c.wav"], tmp_path / "c.csv", top=1, channel="each")
    assert rows(tmp_path / "c.csv") == [("c", 1), ("c", 2), ("c", 3)]
    report = run(tag, [folder / "c.wav"], tmp_path / "c.csv", top=1, channel="each")
    assert (report.n_processed, report.n_done_before) == (0, 3)


def test_a_tree_has_a_file_for_each(tag: Task[Any], folder: Path, tmp_path: Path) -> None:
    (folder / "d.wav").unlink()
    (folder / "a.flac").write_bytes((folder / "a.wav").read_bytes())
    ask: dict[str, Any] = {"format": "jsonl", "top": 1, "channel": "each", "split": True}
    run(tag, [folder], tmp_path / "tree", **ask)
    names = sorted(path.name for path in (tmp_path / "tree").iterdir() if path.name != ".panns")
    assert names == [
        *(f"a.flac.channel{number}.jsonl" for number in (1, 2)),
        *(f"a.wav.channel{number}.jsonl" for number in (1, 2)),
        "b.channel1.jsonl",
        *(f"c.channel{number}.jsonl" for number in (1, 2, 3)),
    ]
    for name in names:
        found = json.loads((tmp_path / "tree" / name).read_text())
        assert f".channel{found['channel']}." in name
    assert run(tag, [folder], tmp_path / "tree", **ask).n_done_before == 8


def test_tiers_of_all_channels_go_into_one_file(
    tag: Task[Any], folder: Path, tmp_path: Path
) -> None:
    ask: dict[str, Any] = {"format": "textgrid", "top": 1, "channel": "each"}
    run(tag, [folder / "a.wav"], tmp_path / "a.TextGrid", **ask)
    text = (tmp_path / "a.TextGrid").read_text()
    assert text.count("(channel 1)") == text.count("(channel 2)") == 1
    for inputs in ([folder / "a.wav", folder / "c.wav"], [folder / "a.wav"] * 2):
        with pytest.raises(UsageError, match="holds one recording"):
            run(tag, inputs, tmp_path / "more.TextGrid", **ask)


def test_what_holds_one_channel_says_so_before_anything_is_heard(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for more in ([], ["-o", str(tmp_path / "a.npz")]):
        given = ["detect", *ASK, "-f", "npz", "--channel", "each", str(folder / "a.wav"), *more]
        assert main(given) == 2
        assert "npz holds one channel of one track" in capsys.readouterr().err
    split = ["-o", str(tmp_path / "tree"), "--split"]
    assert (
        main(["detect", *ASK, "-f", "npz", "--channel", "each", str(folder / "a.wav"), *split]) == 0
    )
    assert len(list((tmp_path / "tree").glob("a.channel?.npz"))) == 2


def test_the_program_says_channel_and_track(
    folder: Path, two_tracks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def numbers(*more: str) -> list[tuple[int | None, int | None]]:
        assert main(["tag", *ASK, "-f", "jsonl", "--top", "1", *more]) == 0
        found = map(json.loads, capsys.readouterr().out.splitlines())
        return [(each.get("track"), each.get("channel")) for each in found]

    two, film = str(folder / "a.wav"), str(two_tracks)
    assert numbers(two) == [(None, None)]
    assert numbers(two, "--channel", "mix") == [(None, None)]
    assert numbers(two, "--channel", "right") == [(None, 2)]
    assert numbers(two, "--channel", "each") == [(None, 1), (None, 2)]
    assert numbers(film, "--track", "2") == [(2, None)]
    assert numbers(film, "--track", "all") == [(1, None), (2, None)]
    assert numbers(film, "--track", "all", "--channel", "1") == [(1, 1), (2, 1)]


@pytest.mark.parametrize(
    "wrong", [["--channel", "0"], ["--channel", "middle"], ["--track", "0"], ["--track", "x"]]
)
def test_names_that_are_none_are_a_wrong_use(
    wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["tag", *wrong, "none.wav"])
    assert "or a number from 1" in capsys.readouterr().err


def test_antiphase_is_said_and_fails_strictly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, RATE)
    soundfile.write(tmp_path / "x.wav", np.stack([noise, -noise], axis=1), RATE)
    given = ["tag", "--model", "PannsMini", "--device", "cpu", str(tmp_path / "x.wav")]
    assert main(given) == 0
    assert capsys.readouterr().err.count("(antiphase)") == 1
    assert main([*given, "--strict"]) == 1
    assert "error: " in capsys.readouterr().err
    assert main([*given, "--strict", "--channel", "each"]) == 0
    assert "antiphase" not in capsys.readouterr().err


def test_channels_have_keys_of_their_own(folder: Path) -> None:
    found = split_channels(find([folder]), Reading(channel="each", track="all"))
    assert len({each.key for each in found}) == len(found) == 7
    assert found[1].suffix == ".track1.channel2"
    assert split_channels(find([folder]), Reading()) == find([folder])


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_where_it_was(folder: Path, tmp_path: Path) -> None:
    (folder / "d.wav").unlink()
    for number in range(12):
        (folder / f"e{number}.wav").write_bytes((folder / "c.wav").read_bytes())
    command = [sys.executable, "-m", "panns_inference", "tag", *ASK, "--top", "3", "-f", "csv"]
    command += ["--channel", "each", str(folder), "-o"]
    subprocess.run([*command, str(tmp_path / "whole.csv")], check=True)
    journal = tmp_path / "killed.csv.panns" / "files.jsonl"
    process = subprocess.Popen([*command, str(tmp_path / "killed.csv")])
    while process.poll() is None and not (
        journal.exists() and journal.read_bytes().count(b"\n") > 3
    ):
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    subprocess.run([*command, str(tmp_path / "killed.csv")], check=True)
    assert (tmp_path / "killed.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert len(set(rows(tmp_path / "whole.csv"))) == 6 + 12 * 3
