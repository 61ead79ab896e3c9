"""`panns summary`, through the program."""

from __future__ import annotations

import codecs
import csv
import io
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from panns_inference import AudioTagging
from panns_inference.cli import main

Capture = pytest.CaptureFixture[str]

TABLE = """filename,onset,offset,event_label,mid,index,probability,clock
"a, b.wav",0.000,2.500,Dog,/m/0bt9lr,74,0.900000,2024-05-01T05:59:59.000+02:00
"a, b.wav",1.000,3.500,Dog,/m/0bt9lr,74,0.400000,2024-05-01T06:00:00.000+02:00
=1+1.wav,4.000,5.000,"Gunshot, gunfire",/m/032s66,427,0.500000,2024-05-02T06:10:00.000+02:00
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "events.csv"
    path.write_text(TABLE)
    return path


def summary(capsys: Capture, *words: object) -> str:
    assert main(["summary", *map(str, words)]) == 0
    return capsys.readouterr().out


def test_a_table_for_people(table: Path, capsys: Capture) -> None:
    assert summary(capsys, table) == (
        "label             events  seconds\n"
        "Dog                    2     3.50\n"
        "Gunshot, gunfire       1     1.00\n"
    )


def test_keys_are_combined_in_their_order(table: Path, capsys: Capture) -> None:
    words = (table, "--by", "day,hour_of_day", "--by", "Label", "-f", "json")
    assert json.loads(summary(capsys, *words)) == [
        {"day": "2024-05-01", "hour-of-day": 5, "label": "Dog", "events": 1, "seconds": 1.0},
        {"day": "2024-05-01", "hour-of-day": 6, "label": "Dog", "events": 1, "seconds": 2.5},
        {
            "day": "2024-05-02",
            "hour-of-day": 6,
            "label": "Gunshot, gunfire",
            "events": 1,
            "seconds": 1.0,
        },
    ]


def test_csv_is_read_as_it_was_written(table: Path, capsys: Capture) -> None:
    rows = list(csv.reader(io.StringIO(summary(capsys, table, "--by", "file", "-f", "csv"))))
    assert rows == [
        ["file", "events", "seconds"],
        ["a, b.wav", "2", "3.500"],
        ["'=1+1.wav", "1", "1.000"],
    ]
    raw = summary(capsys, table, "--by", "file", "-f", "csv", "--raw")
    assert list(csv.reader(io.StringIO(raw)))[-1][0] == "=1+1.wav"


def test_events_are_chosen(table: Path, capsys: Capture) -> None:
    assert "Gunshot" not in summary(capsys, table, "--classes", "dog")
    assert "Dog" not in summary(capsys, table, "--exclude", "/m/0bt9lr")
    lines = summary(capsys, table, "--min-probability", "0.45").splitlines()
    assert lines[1].split() == ["Dog", "1", "2.50"]


@pytest.mark.parametrize(
    ("name", "begin"), [("s.csv", "label,"), ("s.JSON", "[\n"), ("s.txt", "l")]
)
def test_the_name_of_the_output_says_the_format(
    table: Path, tmp_path: Path, capsys: Capture, name: str, begin: str
) -> None:
    assert summary(capsys, table, "-o", tmp_path / name) == ""
    assert (tmp_path / name).read_text().startswith(begin)


def test_a_workbook_has_numbers(table: Path, tmp_path: Path, capsys: Capture) -> None:
    summary(capsys, table, "--by", "file,hour-of-day", "-o", tmp_path / "s.xlsx")
    frame = pd.read_excel(tmp_path / "s.xlsx")
    assert frame.to_dict("list") == {
        "file": ["a, b.wav", "a, b.wav", "=1+1.wav"],
        "hour-of-day": [5, 6, 6],
        "events": [1, 1, 1],
        "seconds": [1.0, 2.5, 1.0],
    }


def test_csv_for_a_german_excel(table: Path, tmp_path: Path, capsys: Capture) -> None:
    summary(capsys, table, "-o", tmp_path / "s.csv", "--excel", "--decimal", ",")
    raw = (tmp_path / "s.csv").read_bytes()
    assert raw.startswith(codecs.BOM_UTF8 + b"label;events;seconds\n")
    frame = pd.read_csv(tmp_path / "s.csv", sep=";", decimal=",", encoding="utf-8-sig")
    assert frame.seconds.tolist() == [3.5, 1.0]
    assert main(["summary", str(table), "-f", "json", "--excel"]) == 2
    assert "excel is a choice of the format csv" in capsys.readouterr().err


def test_nothing_is_replaced_unasked(table: Path, tmp_path: Path, capsys: Capture) -> None:
    there = tmp_path / "there.csv"
    there.write_text("mine")
    (tmp_path / "link.csv").symlink_to(table)
    refused = [
        ((table, "-o", there), "is there already"),
        ((table, "-o", table, "--overwrite"), "is one of the files to read"),
        ((table, "-o", tmp_path / "link.csv", "--overwrite"), "is one of the files to read"),
        (
            (table, "-o", tmp_path / "x.doc"),
            "of no format: end it in .txt, .csv, .tsv, .xlsx, .json",
        ),
        ((table, "--by", "week"), "unknown key to group by 'week'"),
    ]
    for words, message in refused:
        assert main(["summary", *map(str, words)]) == 2
        assert message in capsys.readouterr().err
    assert (there.read_text(), table.read_text()) == ("mine", TABLE)
    summary(capsys, table, "-o", there, "--overwrite")
    assert there.read_text().startswith("label,")


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet", "jsonl"])
def test_from_a_recording_to_the_hours_of_the_clock(
    tmp_path: Path, capsys: Capture, ending: str
) -> None:
    street = Path(__file__).parents[2] / "examples" / "street.flac"
    shutil.copy(street, tmp_path / "SITE_20240501_055958.flac")
    events = tmp_path / f"events.{ending}"
    network = ("--model", "PannsMini", "--device", "cpu", "--threshold", "0.3")
    words = ("detect", tmp_path, "--time-zone", "Europe/Berlin", *network, "-o", events)
    assert main([*map(str, words)]) == 0
    hours = json.loads(summary(capsys, events, "--by", "hour", "--classes", "Speech", "-f", "json"))
    assert [each["hour"] for each in hours] == ["2024-05-01T05:00+02:00", "2024-05-01T06:00+02:00"]
    detection = AudioTagging("PannsMini", device="cpu").detect(street, threshold=0.3)
    speech = [each for each in detection.events if each.label == "Speech"]
    before = sum(max(0.0, min(each.offset, 2.0) - each.onset) for each in speech)
    assert hours[0]["seconds"] == pytest.approx(before, abs=1e-3)
    assert sum(each["events"] for each in hours) == len(speech)
