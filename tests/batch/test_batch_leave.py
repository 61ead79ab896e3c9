"""Nothing is replaced that the run did not write: files of others, links, lists, devices."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from processes import kill_when

from panns_inference import AudioTagging, OutputError, UsageError
from panns_inference.batch import run
from panns_inference.cli import main
from panns_inference.pipeline import TaggingTask

Made = Callable[..., Path]

NETWORK = ("--model", "PannsMini", "--device", "cpu")


def names(table: Path) -> list[str]:
    with table.open(newline="") as file:
        return [Path(row["filename"]).name for row in csv.DictReader(file)]


@pytest.fixture
def few(tmp_path: Path, made: Made) -> Path:
    """A folder of two short recordings."""
    for number, name in enumerate(("a", "c")):
        made(tmp_path / "few" / f"{name}.wav", 0.5, number)
    return tmp_path / "few"


def test_a_file_of_the_user_in_a_tree(
    mini: AudioTagging, few: Path, tmp_path: Path, made: Made
) -> None:
    tree = tmp_path / "t"
    run(TaggingTask(mini), [few], tree, format="json", split=True)
    (tree / "b.json").write_text("mine")
    made(few / "b.wav", 0.5, 5)
    made(few / "d.wav", 0.5, 6)
    for n_new in (1, 0):
        report = run(TaggingTask(mini), [few], tree, format="json", split=True)
        assert report.n_processed == n_new
        (failure,) = report.failures
        assert Path(failure.source or "").name == "b.wav"
        assert "b.json is there already, and is not replaced" in failure.cause
        assert (tree / "b.json").read_text() == "mine"
        assert (tree / "d.json").is_file()
    (tree / "b.json").unlink()
    assert run(TaggingTask(mini), [few], tree, format="json", split=True).n_processed == 1
    assert json.loads((tree / "b.json").read_text())


def test_a_file_of_a_tree_that_was_edited(
    mini: AudioTagging, few: Path, tmp_path: Path, made: Made
) -> None:
    tree = tmp_path / "t"
    run(TaggingTask(mini), [few], tree, format="json", split=True)
    (tree / "a.json").write_text("edited")
    made(few / "a.wav", 1, 7)
    made(few / "c.wav", 1, 8)
    before = (tree / "c.json").read_text()
    report = run(TaggingTask(mini), [few], tree, format="json", split=True)
    assert [Path(each.source or "").name for each in report.failures] == ["a.wav"]
    assert (tree / "a.json").read_text() == "edited"
    assert (tree / "c.json").read_text() != before  # of its own, unchanged: replaced
    report = run(TaggingTask(mini), [few], tree, format="json", split=True, overwrite=True)
    assert report.failures == ()
    assert json.loads((tree / "a.json").read_text())


@pytest.mark.sample(1)
@pytest.mark.parametrize("when", ["finished", "killed"])
def test_a_table_of_the_user(
    mini: AudioTagging, few: Path, tmp_path: Path, made: Made, when: str
) -> None:
    table = tmp_path / "o.csv"
    journal = tmp_path / "o.csv.panns"
    if when == "killed":
        made(few / "long.wav", 90)
        partial = journal / "partial"
        command = ("tag", "-f", "csv", "--top", 527, few, *NETWORK, "-o", table)
        assert kill_when(lambda: partial.is_dir() and any(partial.glob("*.npz")), *command)
        assert main([*map(str, command[:-1]), str(tmp_path / "anew.csv")]) == 0
        assert not table.exists()
        (few / "long.wav").unlink()
    else:
        run(TaggingTask(mini), [few], table)
    table.write_text("mine")
    made(few / "b.wav", 0.5, 9)
    more = {"top": 527} if when == "killed" else {}
    for _ in range(2):
        with pytest.raises(OutputError, match=r"o\.csv is there already, and is not replaced"):
            run(TaggingTask(mini), [few], table, **more)
        assert table.read_text() == "mine"
    table.rename(tmp_path / "mine.csv")
    report = run(TaggingTask(mini), [few], table, **more)
    assert report.n_processed == 0  # what was processed meanwhile is kept
    assert list(dict.fromkeys(names(table))) == ["a.wav", "b.wav", "c.wav"]


def test_the_same_command_twice_for_one_recording(
    mini: AudioTagging, few: Path, tmp_path: Path, capsys: Any, made: Made
) -> None:
    one = tmp_path / "one.json"
    command = [*map(str, ("tag", "-f", "json", few / "a.wav", *NETWORK, "-o", one))]
    assert main(command) == 0
    before = one.stat()
    capsys.readouterr()
    assert main(command) == 0
    assert capsys.readouterr().err == "panns: nothing new to process, 1 was done before\n"
    assert one.stat().st_mtime_ns == before.st_mtime_ns
    # Changed, it is processed anew; another one may not take its place, and an edited result stays.
    made(few / "a.wav", 1, 4)
    assert main(command) == 0
    assert one.stat().st_ino != before.st_ino
    with pytest.raises(
        UsageError, match=r"holds recordings that are not among those named now \(1\), .*a\.wav"
    ):
        run(TaggingTask(mini), [few / "c.wav"], one, format="json", top=10)
    one.write_text("edited")
    made(few / "a.wav", 1.5, 4)
    capsys.readouterr()
    assert main(command) == 1
    assert "one.json is there already, and is not replaced" in capsys.readouterr().err
    assert one.read_text() == "edited"


def test_one_recording_becomes_several(mini: AudioTagging, few: Path, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    run(TaggingTask(mini), [few / "a.wav"], table, top=1)
    run(TaggingTask(mini), [few], table, top=1)
    assert names(table) == ["a.wav", "c.wav"]


def test_what_was_overwritten_halfway_goes_on(
    mini: AudioTagging, few: Path, tmp_path: Path
) -> None:
    # An earlier run's own files stay its own when it is begun anew and killed.
    tree = tmp_path / "t"
    run(TaggingTask(mini), [few], tree, split=True, top=3)
    (few / "c.wav").rename(tmp_path / "c.wav")
    run(TaggingTask(mini), [few], tree, split=True, top=1, overwrite=True)
    (tmp_path / "c.wav").rename(few / "c.wav")
    assert run(TaggingTask(mini), [few], tree, split=True, top=1).failures == ()
    assert names(tree / "c.csv") == ["c.wav"]


@pytest.mark.parametrize("name", ["list.txt", "link.txt", "hard.txt"])
def test_the_list_of_files_is_not_the_output(
    few: Path, tmp_path: Path, capsys: Any, name: str
) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text(f"{few}/a.wav\n{few}/c.wav\n")
    (tmp_path / "link.txt").symlink_to(listed)
    (tmp_path / "hard.txt").hardlink_to(listed)
    before = listed.read_bytes()
    command = ("tag", "-f", "csv", "--files-from", listed, *NETWORK, "--overwrite")
    assert main([*map(str, command), "-o", str(tmp_path / name)]) == 2
    assert f"{name} is one of the files to read" in capsys.readouterr().err
    assert listed.read_bytes() == before


def test_a_recording_under_another_name_is_not_the_output(
    mini: AudioTagging, few: Path, tmp_path: Path
) -> None:
    for number, make in enumerate((os.symlink, os.link)):
        make(few / "a.wav", tmp_path / f"{number}.csv")
        with pytest.raises(UsageError, match="is one of the files to read"):
            run(TaggingTask(mini), [few], tmp_path / f"{number}.csv", overwrite=True)


def test_a_link_leads_to_what_is_written(mini: AudioTagging, few: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    mine, link = tmp_path / "there" / "mine.csv", tmp_path / "o.csv"
    link.symlink_to(mine)
    run(TaggingTask(mini), [few], link, top=1)  # to nothing: a new file
    assert link.is_symlink()
    assert names(mine) == ["a.wav", "c.wav"]
    mine.write_text("mine")
    with pytest.raises(OutputError, match=r"o\.csv is there already"):
        run(TaggingTask(mini), [few], link, top=1)
    assert mine.read_text() == "mine"


@pytest.mark.slow
def test_devices_and_pipes_take_results_as_they_come(few: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "panns_inference", "tag", "-f", "csv", "--top", "1"]
    command += [str(few), *NETWORK, "-o"]
    done = subprocess.run([*command, "/dev/stdout"], capture_output=True, text=True, check=True)
    assert [Path(line.split(",")[0]).name for line in done.stdout.splitlines()[1:]] == [
        "a.wav", "c.wav",
    ]  # fmt: skip
    silent = subprocess.run([*command, "/dev/null"], capture_output=True, text=True, check=True)
    assert silent.stdout == ""
    assert not Path("/dev/null.panns").exists()
    with (tmp_path / "open").open("w") as file:
        number = file.fileno()
        subprocess.run([*command, f"/dev/fd/{number}"], pass_fds=[number], check=True)
    assert (tmp_path / "open").read_text() == done.stdout
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE, text=True) as reader:
        subprocess.run([*command, str(tmp_path / "pipe")], check=True)
        assert reader.communicate(timeout=60)[0] == done.stdout
    assert not (tmp_path / "pipe.panns").exists()


def test_names_that_are_too_long(mini: AudioTagging, few: Path, tmp_path: Path) -> None:
    longest = 255
    fits, too_long = "f" * (longest - 5) + ".json", "t" * (longest - 4) + ".wav"
    shutil.copy(few / "a.wav", few / too_long)
    shutil.copy(few / "a.wav", few / ("f" * (longest - 5) + ".wav"))
    tree = tmp_path / "t"
    for n_new in (3, 0):
        report = run(TaggingTask(mini), [few], tree, format="json", split=True)
        assert report.n_processed == n_new
        (failure,) = report.failures
        assert Path(failure.source or "").name == too_long
        assert failure.cause.endswith(".json cannot be written: File name too long")
    assert (tree / fits).is_file()
    # The journal of a table has a longer name than the table.
    for n_new in (3, 0):
        inputs = [few / "a.wav", few / "c.wav", few / too_long]
        assert run(TaggingTask(mini), inputs, tmp_path / fits, format="json").n_processed == n_new
    with pytest.raises(OutputError, match="cannot be written: File name too long"):
        run(TaggingTask(mini), [few], tmp_path / f"{fits}n", format="json")


def test_folders_in_the_place_of_files(mini: AudioTagging, few: Path, tmp_path: Path) -> None:
    tree = tmp_path / "t"
    (tree / "a.json").mkdir(parents=True)
    (tree / "a.json" / "mine").write_text("mine")
    for n_new in (1, 0):
        report = run(TaggingTask(mini), [few], tree, format="json", split=True)
        assert report.n_processed == n_new
        assert [each.cause for each in report.failures] == [
            f"{tree}/a.json is a folder: give the name of a file"
        ]
    assert (tree / "a.json" / "mine").read_text() == "mine"


def test_a_file_with_the_name_of_a_journal(mini: AudioTagging, few: Path, tmp_path: Path) -> None:
    (tmp_path / "o.csv.panns").write_text("mine")
    with pytest.raises(OutputError, match=r"o\.csv\.panns cannot be written: File exists"):
        run(TaggingTask(mini), [few], tmp_path / "o.csv")
    assert (tmp_path / "o.csv.panns").read_text() == "mine"


def test_what_others_keep_in_a_folder_with_the_name_of_a_journal(
    mini: AudioTagging, few: Path, tmp_path: Path
) -> None:
    journal = tmp_path / "o.csv.panns"
    for name in ("partial/mine.npz", "states/mine", "mine.tmp", "table"):
        (journal / name).parent.mkdir(parents=True, exist_ok=True)
        (journal / name).write_text("mine")
    for overwrite in (False, False, True):
        run(TaggingTask(mini), [few], tmp_path / "o.csv", overwrite=overwrite)
        for name in ("partial/mine.npz", "states/mine", "mine.tmp", "table"):
            assert (journal / name).read_text() == "mine"
