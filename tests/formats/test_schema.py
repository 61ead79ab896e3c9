"""The columns of tables: the same in every format, as docs/formats.md says, for every reader."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import openpyxl
import pandas
import polars
import pytest
from some_results import (
    EVENTS,
    content_of,
    detection,
    embedding,
    stretched_tagging,
    tagging,
    text_of,
    written,
)

from panns_inference import Detection, UsageError
from panns_inference.events import find_events
from panns_inference.formats import FORMATS
from panns_inference.formats.schema import COLUMNS, SCHEMA
from panns_inference.formats.spans import Selection
from panns_inference.results import Result

TIMES = ["onset", "offset"]

TABLES = ("csv", "tsv", "xlsx", "parquet")

DOCS = Path(__file__).parents[2] / "docs/formats.md"


def found(threshold: float = 0.25, channel: int | None = 2) -> Detection:
    """Events that say by which threshold they were found."""
    result = detection()
    events = tuple(replace(event, threshold=threshold) for event in result.events)
    return replace(result, events=events, channel=channel)


PANDAS: dict[str, Callable[[Path], pandas.DataFrame]] = {
    "csv": pandas.read_csv,
    "tsv": lambda path: pandas.read_csv(path, sep="\t"),
    "xlsx": pandas.read_excel,
    "parquet": pandas.read_parquet,
}

POLARS: dict[str, Callable[[Path], polars.DataFrame]] = {
    "csv": polars.read_csv,
    "tsv": lambda path: polars.read_csv(path, separator="\t"),
    "xlsx": lambda path: polars.read_excel(path, engine="openpyxl"),
    "parquet": polars.read_parquet,
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("readers", [PANDAS, POLARS], ids=["pandas", "polars"])
def test_each_reader_finds_the_same_events(
    name: str, readers: dict[str, Callable[[Path], Any]], tmp_path: Path
) -> None:
    frame = readers[name](written(name, tmp_path, found()))
    assert list(frame.columns) == [
        "filename", "onset", "offset", "event_label", "mid", "index", "probability",
        "channel", "model", "threshold",
    ]  # fmt: skip
    columns = {column: frame[column].to_list() for column in frame.columns}
    assert columns["filename"] == ["street/first day.flac"] * 4
    assert columns["onset"] == [each[2] for each in EVENTS]
    assert columns["offset"] == [each[3] for each in EVENTS]
    assert columns["event_label"] == [each[0] for each in EVENTS]
    assert columns["mid"] == ["/m/09x0r", "/m/05zppz", "/m/09x0r", "/m/09x0r"]
    assert columns["index"] == [each[1] for each in EVENTS]
    assert columns["probability"] == pytest.approx([each[4] for each in EVENTS], abs=1e-6)
    assert columns["channel"] == [2] * 4
    assert columns["model"] == ["Cnn14"] * 4
    assert columns["threshold"] == [0.25] * 4


@pytest.mark.parametrize("name", TABLES)
def test_tags_of_whole_recordings_have_no_times(name: str, tmp_path: Path) -> None:
    whole = PANDAS[name](written(name, tmp_path, tagging(), top=2, threshold=0.1))
    assert list(whole.columns) == [
        "filename", "event_label", "mid", "index", "probability",
        "channel", "model", "threshold", "duration",
    ]  # fmt: skip
    assert set(whole["duration"]) == {7.0}
    assert set(whole["threshold"]) == {0.1}
    along = PANDAS[name](written(name, tmp_path, stretched_tagging(), threshold=0.5))
    assert list(along.columns) == [
        "filename", *TIMES, "event_label", "mid", "index", "probability",
        "channel", "model", "threshold",
    ]  # fmt: skip
    assert along["onset"].tolist() == [0.0, 0.0, 1.5, 3.0]


@pytest.mark.parametrize("name", TABLES)
def test_the_time_of_day_is_a_column_where_it_is_wanted(name: str, tmp_path: Path) -> None:
    start = datetime(2026, 11, 30, 22, 5, tzinfo=timezone(timedelta(hours=1)))
    known = replace(found(), start=start, is_clocked=True)
    unknown = replace(found(), source="b.wav", is_clocked=True)
    frame = PANDAS[name](written(name, tmp_path, known, unknown))
    assert list(frame.columns)[-1] == "clock"
    moments = [datetime.fromisoformat(text) for text in frame["clock"][:4]]
    assert [(each - start).total_seconds() for each in moments] == [each[2] for each in EVENTS]
    assert frame["clock"][4:].isna().all()


@pytest.mark.parametrize("name", TABLES)
def test_no_times_are_lost_behind_recordings_without(name: str) -> None:
    with pytest.raises(UsageError, match=r"tags of street/first day\.flac have times, and those"):
        content_of(name, tagging(), stretched_tagging())


@pytest.mark.parametrize("name", TABLES)
def test_embeddings_are_the_same_numbers(name: str, tmp_path: Path) -> None:
    frame = PANDAS[name](written(name, tmp_path, replace(embedding(), channel=1)))
    assert list(frame.columns)[:4] == ["filename", "channel", "onset", "offset"]
    (row,) = frame.drop(columns=["filename", "channel", *TIMES]).to_numpy().tolist()
    vector = row[0] if name == "parquet" else row
    assert list(vector) == pytest.approx(embedding().vector.tolist(), rel=1e-7)


def test_json_says_the_same() -> None:
    result = json.loads(text_of("jsonl", found()))
    keys = {"schema", "source", "channel", "duration", "model", "events"}
    assert set(result) == keys
    assert (result["schema"], result["channel"]) == (SCHEMA, 2)
    flat = pandas.json_normalize(result, "events", ["source", "channel", "model"])
    assert flat["threshold"].tolist() == [0.25] * 4
    assert flat["model"].tolist() == ["Cnn14"] * 4
    tags = json.loads(text_of("jsonl", tagging(), top=1, threshold=0.5))
    assert tags["schema"] == SCHEMA
    assert [tag["threshold"] for tag in tags["tags"]] == [0.5]


def test_tags_know_the_threshold_of_their_class() -> None:
    tags = tagging().top(2, {"Speech": 0.75, "*": 0.5})
    assert [(tag.label, tag.threshold) for tag in tags] == [
        ("Male speech, man speaking", 0.5),
        ("Speech", 0.75),
    ]
    assert {tag.threshold for tag in tagging().tags} == {0.0}


def test_events_know_the_threshold_of_their_class() -> None:
    frames = [[0.9, 0.5]] * 4
    events = find_events(frames, 2.0, labels=["a", "b"], threshold={"a": 0.75, "b": 0.4})
    assert [(event.label, event.threshold) for event in events] == [("a", 0.75), ("b", 0.4)]


def test_the_workbook_names_its_schema() -> None:
    book = openpyxl.load_workbook(io.BytesIO(content_of("xlsx", found())))
    properties = {each.name: each.value for each in book.custom_doc_props.props}
    assert properties["schema"] == SCHEMA
    assert properties["model"] == "Cnn14"


def told(heading: str) -> list[str]:
    """What stands in the first column of the table below a heading of docs/formats.md."""
    _, _, section = DOCS.read_text(encoding="utf-8").partition(f"## {heading}\n")
    section = section.partition("\n## ")[0]
    return re.findall(r"^\| `([^|]+)` \|", section, flags=re.MULTILINE)


def test_the_columns_are_told() -> None:
    assert told("Tables") == [column.name for column in COLUMNS]


@pytest.mark.parametrize("result", [found(), stretched_tagging(), embedding()])
def test_the_keys_of_json_are_told(result: Result) -> None:
    keys: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            keys.update(value)
        for each in value.values() if isinstance(value, dict) else value:
            if isinstance(each, dict | list):
                walk(each)

    walk(json.loads(text_of("jsonl", replace(result, silence=1.0, track=1))))
    assert keys <= set(told("JSON"))


def test_every_format_is_told() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for form in FORMATS.values():
        assert f"| `{form.name}` | `{form.extension}` |" in text


@pytest.mark.parametrize("name", ["csv", "jsonl"])
def test_stretches_keep_their_times_while_the_recording_goes_on(name: str) -> None:
    whole = stretched_tagging()
    parts = [(each, False) for each in whole.stretches]
    selection = Selection(1, 0.0)
    joined = FORMATS[name].joined
    assert joined is not None
    made = [*joined([*parts, (replace(whole, stretches=()), True)], selection)]
    text = text_of(name, *made, top=1)
    if name == "csv":
        assert text == text_of(name, whole, top=1)
    else:
        times = [json.loads(line).get("stretches") for line in text.splitlines()]
        assert [each[0]["onset"] for each in times] == [0.0, 1.5, 3.0]
