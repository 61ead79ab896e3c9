"""The time of day in tables, as pandas and the reader of tables see it."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from some_results import (
    EVENTS,
    content_of,
    detection,
    embedding,
    stretched_tagging,
    text_of,
    written,
)

from panns_inference.cli import main
from panns_inference.formats.read import rows_of
from panns_inference.results import Result

BERLIN = ZoneInfo("Europe/Berlin")
BEFORE = datetime(2024, 3, 31, 1, 59, 58, tzinfo=BERLIN)
CLOCKS = [
    "2024-03-31T01:59:58.000+01:00",
    "2024-03-31T01:59:58.500+01:00",
    "2024-03-31T03:00:00.000+02:00",
    "2024-03-31T03:00:04.990+02:00",
]


def clocked(result: Result, start: datetime | None = BEFORE) -> Result:
    more = {
        "stretches": tuple(
            replace(each, start=start, is_clocked=True) for each in getattr(result, "stretches", ())
        )
    }
    return replace(result, start=start, is_clocked=True, **(more if more["stretches"] else {}))


def frame_of(form: str, *results: Result) -> pd.DataFrame:
    if form == "parquet":
        return pd.read_parquet(io.BytesIO(content_of("parquet", *results)))
    if form == "xlsx":
        return pd.read_excel(io.BytesIO(content_of("xlsx", *results)))
    return pd.read_csv(io.StringIO(text_of("csv", *results)), keep_default_na=False)


@pytest.mark.parametrize("form", ["csv", "parquet", "xlsx"])
def test_a_column_has_the_time_of_day(form: str) -> None:
    unknown = clocked(detection(source="unknown.wav"), None)
    frame = frame_of(form, clocked(detection()), unknown, clocked(detection([])))
    assert list(frame.columns)[-1] == "clock"
    n = len(EVENTS)
    assert list(frame.clock[:n]) == CLOCKS
    assert not any(frame.clock[n:].fillna(""))
    assert "clock" not in frame_of(form, detection()).columns


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_clock_without_a_zone_has_none(form: str) -> None:
    frame = frame_of(form, clocked(detection(), datetime(2024, 3, 31, 1, 59, 58)))
    assert list(frame.clock)[::3] == ["2024-03-31T01:59:58.000", "2024-03-31T02:00:04.990"]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_windows_have_it(form: str) -> None:
    frame = frame_of(form, clocked(stretched_tagging()))
    by_onset = frame.groupby("onset").clock.unique()
    assert [list(each) for each in by_onset] == [
        ["2024-03-31T01:59:58.000+01:00"],
        ["2024-03-31T01:59:59.500+01:00"],
        ["2024-03-31T03:00:01.000+02:00"],
    ]


@pytest.mark.parametrize("form", ["csv", "tsv", "xlsx", "parquet", "json", "jsonl"])
def test_tables_are_read_back_with_it(form: str, tmp_path: Path) -> None:
    path = written(form, tmp_path, clocked(detection()))
    clocks = [row.clock and row.clock.isoformat(timespec="milliseconds") for row in rows_of(path)]
    assert clocks == CLOCKS


def test_people_see_it() -> None:
    lines = text_of("table", clocked(detection())).splitlines()
    assert lines[0].endswith("(7.00 s, Cnn14, from 2024-03-31 01:59:58+01:00)")
    assert lines[3] == "  2.00 - 2.01 s  2024-03-31 03:00:00  0.500  Speech"
    assert text_of("table", detection()) == text_of("table", clocked(detection(), None))


def test_embeddings_are_as_they_were() -> None:
    assert text_of("csv", clocked(embedding())) == text_of("csv", embedding())


@pytest.mark.parametrize("form", ["srt", "audacity", "raven", "rttm", "textgrid", "eaf"])
def test_formats_without_a_place_for_it_refuse_it(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["detect", "x.wav", "--clock", "-f", form]) == 2
    assert f"the format {form} has no place for the time of day" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--time-zone", "-05:00", "-f", "srt"], "the format srt has no place"),
        (["--time-zone", "Europe/Berln"], "did you mean one of: Europe/Berlin"),
        (["--clock-pattern", "%H%M"], "states no date: it needs year, month and day"),
        (["--skip-silence", "-90,5", "--time-zone", "nowhere"], "unknown time zone 'nowhere'"),
    ],
)
def test_what_is_wrong_is_said_before_a_network_is_loaded(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["detect", "x.wav", *words]) == 2
    assert message in capsys.readouterr().err
