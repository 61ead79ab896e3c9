"""The name of a file says its format."""

from __future__ import annotations

from pathlib import Path

import pytest

from panns_inference import UsageError
from panns_inference.formats import FORMATS
from panns_inference.formats.endings import format_for

SAID = {
    "events.csv": "csv",
    "EVENTS.CSV": "csv",
    "a/b.tsv": "tsv",
    "a.b.xlsx": "xlsx",
    "Events.Json": "json",
    "events.jsonl": "jsonl",
    "events.parquet": "parquet",
    "events.npz": "npz",
    "street.selections.txt": "raven",
    "street.Selections.TXT": "raven",
    "street.rttm": "rttm",
    "street.TextGrid": "textgrid",
    "street.textgrid": "textgrid",
    "film.srt": "srt",
    "film.EAF": "eaf",
    ".csv": "csv",
}


@pytest.mark.parametrize("path", SAID)
def test_an_ending_says_the_format(path: str) -> None:
    assert format_for(path).name == SAID[path]
    assert format_for(path, SAID[path]).name == SAID[path]


def test_every_format_but_three_has_an_ending_of_its_own() -> None:
    alone = {name for name, form in FORMATS.items() if form.extension != ".txt"}
    assert set(SAID.values()) == alone


@pytest.mark.parametrize("path", ["events.txt", "EVENTS.TXT", "a.csv/b.txt"])
def test_txt_could_be_three_formats(path: str) -> None:
    with pytest.raises(UsageError, match=r"can be table, audacity or raven, whose files all end"):
        format_for(path)
    for name in ("table", "audacity", "raven", "csv"):
        assert format_for(path, name).name == name


@pytest.mark.parametrize(
    "path", ["events", "events.", "a.csv/events", "events.doc", "csv", "a.xls"]
)
def test_a_name_that_says_nothing_needs_a_format(path: str) -> None:
    with pytest.raises(UsageError, match=r"does not say its format: .*\.txt, \.csv, \.tsv, \.xlsx"):
        format_for(path)
    assert format_for(path, "eaf").name == "eaf"


@pytest.mark.parametrize(
    ("path", "name"),
    [("a.csv", "json"), ("a.JSON", "jsonl"), ("a.tsv", "csv"), ("a.selections.txt", "audacity")],
)
def test_a_name_and_a_format_that_disagree(path: str, name: str) -> None:
    with pytest.raises(UsageError, match=rf"{path} has the ending of \w+, but the format {name} "):
        format_for(path, name)


def test_the_name_of_a_folder_says_nothing(tmp_path: Path) -> None:
    (folder := tmp_path / "out.json").mkdir()
    assert format_for("out.2024", split=True).name == "csv"
    assert format_for(str(folder), split=True).name == "csv"
    assert format_for("out", "text-grid", split=True).name == "textgrid"


def test_a_folder_is_not_called_as_a_file() -> None:
    with pytest.raises(UsageError, match=r"'x\.csv' is called as a file, and split=True makes"):
        format_for("x.csv", split=True)


def test_a_format_that_there_is_not_is_told() -> None:
    with pytest.raises(UsageError, match=r"unknown format 'exel'; did you mean .*xlsx"):
        format_for("a.txt", "exel")
