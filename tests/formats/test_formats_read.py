"""Tables read back are what was written, also behind a spreadsheet; all else is refused."""

from __future__ import annotations

import json
import os
import sys
import threading
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pandas
import pytest
from some_results import detection, embedding, stretched_tagging, tagging, written

from panns_inference.errors import UsageError
from panns_inference.events import Event
from panns_inference.formats.read import Row, rows_of
from panns_inference.formats.spans import Selection, spans_of
from panns_inference.results import Detection, Result, Tagging

TABLES = ("csv", "json", "jsonl", "parquet")

NOTHING = detection([], source="silent.wav")

CASES: dict[str, list[Result]] = {
    "events": [detection(), NOTHING, detection(source="=SUM(A1).wav")],
    "tags": [tagging(), tagging("'-quoted.wav")],
    "stretches": [stretched_tagging()],
    "channels": [replace(detection(source='a "b", c.wav'), channel=k, track=2) for k in (1, 2)],
}


def events_of(result: Result) -> list[Event | None]:
    assert isinstance(result, Tagging | Detection)
    return list(spans_of(result, Selection(None, 0.0))) or [None]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", TABLES)
def test_rows_are_those_that_were_written(name: str, case: str, tmp_path: Path) -> None:
    path = written(name, tmp_path, *CASES[case])
    expected = [(result, event) for result in CASES[case] for event in events_of(result)]
    found = list(rows_of(path))
    assert len(found) == len(expected)
    for row, (result, event) in zip(found, expected, strict=True):
        assert (row.source, row.track, row.channel) == (
            result.source,
            result.track,
            result.channel,
        )
        assert row.model == result.model
        is_told = "json" in name or case == "tags"
        assert row.duration == (result.duration if is_told else None)
        assert same(row.event, event)


def same(found: Event | None, expected: Event | None) -> bool:
    if found is None or expected is None:
        return found is expected
    what = (found.label, found.mid, found.index) == (expected.label, expected.mid, expected.index)
    times = (found.onset, found.offset, found.probability)
    return what and times == pytest.approx(
        (expected.onset, expected.offset, expected.probability), abs=1e-6
    )


def as_semicolons(frame: pandas.DataFrame, path: Path) -> None:
    frame.to_csv(path, sep=";", decimal=",", index=False, encoding="utf-8-sig")


def as_tabs(frame: pandas.DataFrame, path: Path) -> None:
    frame.to_csv(path, sep="\t", index=False, encoding="utf-16", lineterminator="\r\n")


def as_indented(frame: pandas.DataFrame, path: Path) -> None:
    events = frame.dropna(axis="columns").to_dict("records")
    whole = {"source": frame["filename"][0], "duration": 7.0, "model": "Cnn14"}
    path.write_text(json.dumps([{**whole, "events": events}], indent=2), "utf-8")


@pytest.mark.parametrize("write", [as_semicolons, as_tabs, as_indented])
def test_tables_of_other_programs_hold_the_same(
    write: Callable[[pandas.DataFrame, Path], None], tmp_path: Path
) -> None:
    path = written("csv", tmp_path, detection(source="ein Tag/Straße.wav"))
    before = list(rows_of(path))
    write(pandas.read_csv(path), tmp_path / "other")
    after = [replace(row, duration=None) for row in rows_of(tmp_path / "other")]
    assert after == before
    assert after[0].source == "ein Tag/Straße.wav"


def test_a_table_may_lack_all_but_four_columns(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("filename,onset,offset,event_label\na.wav,1,2.5,Dog\na.wav,3,4,Zug\n")
    dog = Event(1.0, 2.5, "Dog", "/m/0bt9lr", -1, 1.0, 1.0)
    train = Event(3.0, 4.0, "Zug", "", -1, 1.0, 1.0)
    assert list(rows_of(path)) == [Row("a.wav", dog), Row("a.wav", train)]


def test_the_time_of_day_is_read(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(
        "filename,clock,onset,offset,event_label\na.wav,2026-11-30T22:05:01.500+01:00,1,2,Dog\n"
    )
    (row,) = rows_of(path)
    assert row.clock == datetime.fromisoformat("2026-11-30T21:05:01.500+00:00")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes")
def test_a_table_may_come_through_a_pipe(tmp_path: Path) -> None:
    path = written("csv", tmp_path, detection())
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(path.read_bytes()))
    writer.start()
    found = list(rows_of(pipe))
    writer.join()
    assert found == list(rows_of(path))


def test_what_panns_transfer_writes_of_events_is_no_table_of_them(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text('{"network": "mine.pth", "clips": 7, "events": {"event_f1": 0.5}}')
    with pytest.raises(UsageError, match="network, clips, events is neither a list of tags nor"):
        list(rows_of(path))


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_embeddings_is_refused(name: str, tmp_path: Path) -> None:
    path = written(name, tmp_path, embedding())
    with pytest.raises(UsageError, match=r"the table .* cannot be used.*expected what `panns"):
        list(rows_of(path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it has no header"),
        (b"onset,offset\n1,2\n", "it has no column source, label"),
        (b"filename,onset,offset,event_label\na,1,2,x\na,one,2,x\n", "row 2: could not convert"),
        (b"filename,onset,offset,event_label\na,3,2,x\n", "an event from 3.0 to 2.0 s is none"),
        (b"filename,onset,offset,event_label\na,nan,2,x\n", "an event from nan to 2.0 s is none"),
        (b"filename,onset,offset,event_label\n\xff\xfa,1,2,x\n", "'utf-8' codec can't decode"),
        (b'[\n{"source": "a", "events": [\n', "Expecting value"),
        (b'{"source": "a", "duration": 1}\n', "neither a list of tags nor one of events"),
        (b"RIFF\x00\x00\x00\x00WAVE", "it has no column"),
        (b"RIFF\x24\x00\x00\x00WAVE\xf2\xff", "table' is no table; expected what `panns detect`"),
        (b"PAR1 and no more", "Parquet"),
        (b"PK\x03\x04 and no more", "File is not a zip file"),
        (b"[1, 2]", "it has 1 where an object belongs"),
        (b'{"tags": [{"label": "Dog"}]}', "duration"),
    ],
)
def test_what_is_no_table_is_refused_in_one_line(
    content: bytes, message: str, tmp_path: Path
) -> None:
    (tmp_path / "table").write_bytes(content)
    with pytest.raises(UsageError, match=message) as caught:
        list(rows_of(tmp_path / "table"))
    assert "\n" not in str(caught.value)


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.csv' cannot be read: No such file"):
        list(rows_of(tmp_path / "nowhere.csv"))


@pytest.mark.skipif(sys.platform == "win32", reason="opening a folder is not permitted there")
def test_a_folder_of_recordings_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"' is a folder; expected what `panns detect` or `panns"):
        list(rows_of(tmp_path))


def test_memory_does_not_grow_with_a_table(tmp_path: Path) -> None:
    head, *rows = written("csv", tmp_path, detection()).read_text().splitlines(keepends=True)
    peaks = []
    for times in (200, 4_000):
        (tmp_path / "long.csv").write_text(head + "".join(rows) * times)
        tracemalloc.start()
        assert sum(1 for _ in rows_of(tmp_path / "long.csv")) == times * len(rows)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 10_000
