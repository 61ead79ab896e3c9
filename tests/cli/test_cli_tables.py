"""The name of an output says its format; tables for spreadsheets from the command line."""

from __future__ import annotations

import codecs
import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import openpyxl
import pandas
import polars
import pytest
import soundfile

from panns_inference import AudioTagging, UsageError
from panns_inference.batch import run
from panns_inference.cli import main
from panns_inference.pipeline import TaggingTask

Capture = pytest.CaptureFixture[str]

MINI = ("--model", "PannsMini", "--device", "cpu", "-q")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("recordings") / "Straße.wav"
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 32000)
    soundfile.write(path, samples, 32000)
    return str(path)


def detect(*arguments: object) -> int:
    return main(["detect", "--threshold", "0.01", *MINI, *map(str, arguments)])


BEGINS = {
    "events.csv": b"filename,onset,offset,event_label,",
    "events.TSV": b"filename\tonset\toffset\tevent_label\t",
    "events.xlsx": b"PK\x03\x04",
    "events.parquet": b"PAR1",
    "events.json": b"[\n{",
    "events.JSONL": b'{"schema": 1, ',
    "events.npz": b"PK\x03\x04",
    "events.TextGrid": b'File type = "ooTextFile"',
    "events.srt": b"1\n00:00:00,000 --> ",
    "events.eaf": b"<?xml",
    "events.rttm": b"SPEAKER ",
    "events.selections.txt": b"Selection\tView\t",
}


@pytest.mark.parametrize("name", BEGINS)
def test_the_output_follows_its_name(name: str, recording: str, tmp_path: Path) -> None:
    assert detect(recording, "-o", tmp_path / name) == 0
    assert (tmp_path / name).read_bytes().startswith(BEGINS[name])


@pytest.mark.parametrize("name", ["events.txt", "events", "events.xls"])
def test_a_name_that_says_nothing_is_refused_before_anything_is_done(
    name: str, recording: str, tmp_path: Path, capsys: Capture
) -> None:
    assert detect(recording, "-o", tmp_path / name) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "name the format, too (-f" in line
    assert os.listdir(tmp_path) == []
    assert detect(recording, "-o", tmp_path / name, "-f", "table") == 0
    assert (tmp_path / name).read_text().startswith(f"{recording} (1.00 s, PannsMini)\n")


def test_a_name_that_contradicts_is_refused(
    recording: str, tmp_path: Path, capsys: Capture
) -> None:
    assert detect(recording, "-o", tmp_path / "events.csv", "--json") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "events.csv has the ending of csv, but the format json was named" in line
    assert os.listdir(tmp_path) == []


def test_a_name_of_a_format_that_cannot_hold_it_is_refused(
    recording: str, tmp_path: Path, capsys: Capture
) -> None:
    assert main(["embed", *MINI, recording, "-o", str(tmp_path / "a.srt")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "a file of format srt cannot hold what this command gives: take table, csv" in line


def test_files_in_a_folder_are_csv(recording: str, tmp_path: Path, capsys: Capture) -> None:
    assert detect(recording, "--split", "-o", tmp_path / "tree") == 0
    assert [each.name for each in (tmp_path / "tree").glob("S*")] == ["Straße.csv"]
    assert detect(recording, "--split", "-o", tmp_path / "x.csv") == 2
    assert "x.csv' is called as a file, and --split makes a folder" in capsys.readouterr().err
    assert not (tmp_path / "x.csv").exists()


def test_stdout_is_a_table_or_csv_where_that_is_meant(recording: str, capsys: Capture) -> None:
    assert detect(recording) == 0
    assert capsys.readouterr().out.startswith(f"{recording} (1.00 s")
    assert detect(recording, "--decimal", ",") == 0
    header, row, *_ = csv.reader(io.StringIO(capsys.readouterr().out), delimiter=";")
    assert header[:2] == ["filename", "onset"]
    assert row[:2] == [recording, "0,000"]
    assert detect(recording, "--delimiter", "tab") == 0
    assert capsys.readouterr().out.startswith("filename\tonset\t")


def test_a_pipe_of_a_name_without_an_ending_takes_a_table(recording: str, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "panns_inference", "detect", *MINI, recording, "-o", pipe]
    with subprocess.Popen(command):
        assert pipe.read_text().startswith(f"{recording} (1.00 s")


def test_excel_on_stdout_is_utf8_whatever_the_encoding(recording: str) -> None:
    command = [sys.executable, "-m", "panns_inference", "detect", "--threshold", "0.01", *MINI]
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    out = subprocess.check_output([*command, "--excel", recording], env=environment)
    assert out.startswith(codecs.BOM_UTF8 + b"filename,")
    assert "Straße.wav" in out.decode()


def test_tables_for_germany(recording: str, tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    assert detect(recording, "-o", path, "--excel", "--decimal", ",") == 0
    assert path.read_bytes().startswith(codecs.BOM_UTF8)
    frame = pandas.read_csv(path, sep=";", decimal=",", encoding="utf-8-sig")
    assert set(frame["filename"]) == {recording}
    assert frame["offset"].max() == 1.0
    same = polars.read_csv(path, separator=";", decimal_comma=True)
    assert same["probability"].to_list() == frame["probability"].tolist()
    assert detect(recording, "-o", tmp_path / "events.xlsx") == 0
    rows = list(openpyxl.load_workbook(tmp_path / "events.xlsx").worksheets[0].values)
    assert [row[3] for row in rows[1:]] == frame["event_label"].tolist()
    assert [round(row[6], 6) for row in rows[1:]] == frame["probability"].tolist()
    assert {row[9] for row in rows[1:]} == {0.01}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--decimal", ",", "--delimiter", ","), "cells and decimals cannot both have a comma"),
        (("--delimiter", "ab"), "'ab' is no delimiter: give one of , ; | or a tab"),
        (("--excel", "--json"), "excel is a choice of the format csv; json has none"),
        (("--excel", "-f", "xlsx", "-o", "no.xlsx"), "xlsx has none"),
        (("--delimiter", ";", "-o", "no.tsv"), "tsv has none"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    options: tuple[str, ...], message: str, recording: str, capsys: Capture
) -> None:
    assert detect(recording, *options) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_a_folder_in_one_table_of_each_kind(recording: str, tmp_path: Path) -> None:
    folder = Path(recording).parent
    for name in ("other", "third"):
        soundfile.write(folder / f"{name}.wav", np.zeros(16000), 32000)
    files = [tmp_path / name for name in ("all.csv", "all.xlsx", "all.parquet", "all.jsonl")]
    for path in files:
        assert detect(folder, "-o", path) == 0
    names = [set(pandas.read_csv(files[0])["filename"])]
    names += [set(pandas.read_excel(files[1])["filename"])]
    names += [set(pandas.read_parquet(files[2])["filename"])]
    names += [{json.loads(line)["source"] for line in files[3].read_text().splitlines()}]
    assert names == [{str(path) for path in folder.glob("*.wav")}] * 4


def test_the_same_in_python(recording: str, tmp_path: Path) -> None:
    task = TaggingTask(AudioTagging("PannsMini", device="cpu"))
    run(task, [recording], tmp_path / "tags.XLSX", top=2)
    assert pandas.read_excel(tmp_path / "tags.XLSX")["model"].tolist() == ["PannsMini"] * 2
    run(task, [recording], tmp_path / "tags.csv", top=2, excel=True, decimal=",")
    frame = pandas.read_csv(tmp_path / "tags.csv", sep=";", decimal=",", encoding="utf-8-sig")
    assert frame["probability"].dtype == float
    for name, more, message in (
        ("tags.txt", {}, "can be table, audacity or raven"),
        ("tags", {}, "does not say its format"),
        ("tags.json", {"format": "csv"}, "has the ending of json, but the format csv was named"),
        ("tags.json", {"excel": True}, "excel is a choice of the format csv; json has none"),
    ):
        with pytest.raises(UsageError, match=message):
            run(task, [recording], tmp_path / name, **more)  # type: ignore[arg-type]
    assert sorted(each.name for each in tmp_path.iterdir() if each.is_file()) == [
        "tags.XLSX",
        "tags.csv",
    ]
