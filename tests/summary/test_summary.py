"""What tables of events come to, against pandas and a count of every second."""

from __future__ import annotations

import csv
import itertools
import json
import logging
import random
import tracemalloc
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from panns_inference import UsageError
from panns_inference.audioset import labels, mid_of
from panns_inference.summary import Group, summarise
from panns_inference.summary.covered import Covered

START = datetime.fromisoformat("2024-05-01T22:40:00+02:00")

Event = tuple[str, int, int, str]
"""File, onset, offset, label."""


def events(seed: int, n_files: int = 4, n_events: int = 150) -> list[Event]:
    """Events of whole seconds, file by file and by onset, many of them overlapping."""
    draw = random.Random(seed)
    found = []
    for number in range(n_files):
        onsets = sorted(draw.randrange(0, 9000) for _ in range(n_events))
        for onset in onsets:
            label = draw.choice(["Speech", "Dog", "Gunshot, gunfire"])
            found.append((f"day/{number}.wav", onset, onset + draw.randrange(1, 600), label))
    return found


def write(path: Path, found: Iterable[Event], start: datetime | None = None) -> Path:
    columns = ["filename", "onset", "offset", "event_label", "mid", "index", "probability"]
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow([*columns, *(["clock"] if start else [])])
        for name, onset, offset, label in found:
            clock = [(start + timedelta(seconds=onset)).isoformat()] if start else []
            what = [label, mid_of(label), labels.index(label), 0.5]
            table.writerow([name, f"{onset:.3f}", f"{offset:.3f}", *what, *clock])
    return path


def by_second(found: Sequence[Event], start: datetime | None) -> pd.DataFrame:
    """A row for each second of each recording in which a class is there."""
    rows = {
        (name, label, second)
        for name, onset, offset, label in found
        for second in range(onset, offset)
    }
    frame = pd.DataFrame(sorted(rows), columns=["file", "label", "second"])
    return with_hours(frame, start)


def with_hours(frame: pd.DataFrame, start: datetime | None) -> pd.DataFrame:
    if start is None:
        frame["hour"] = frame.second // 3600
        return frame
    times = [start + timedelta(seconds=second) for second in frame.second.tolist()]
    frame["hour"] = [each.replace(minute=0).isoformat(timespec="minutes") for each in times]
    frame["day"] = [each.date().isoformat() for each in times]
    frame["hour-of-day"] = [each.hour for each in times]
    return frame


BY = [["label"], ["file"], ["hour"], ["label", "hour"], ["hour", "label", "file"]]
BY_DAY = [["day"], ["day", "hour-of-day", "label"]]
"""Where the time of day is known."""


@pytest.mark.parametrize(
    ("by", "start"), [*itertools.product(BY, (None, START)), *itertools.product(BY_DAY, (START,))]
)
def test_seconds_and_events_are_those_of_pandas(
    tmp_path: Path, by: list[str], start: datetime | None
) -> None:
    found = events(len(by))
    groups = summarise([write(tmp_path / "events.csv", found, start)], by)
    seconds = by_second(found, start).groupby(by, sort=False).size()
    frame = pd.DataFrame(found, columns=["file", "second", "offset", "label"])
    counted = with_hours(frame, start).groupby(by, sort=False).size()
    wanted = {values if len(by) > 1 else (values,): n for values, n in seconds.items()}
    assert {each.values: round(each.seconds, 6) for each in groups} == wanted
    wanted = {values if len(by) > 1 else (values,): n for values, n in counted.items()}
    assert {each.values: each.events for each in groups if each.events} == wanted


def test_groups_are_in_order(tmp_path: Path) -> None:
    found = [
        ("b.wav", 0, 10, "Dog"),
        ("b.wav", 3500, 3700, "Speech"),
        ("a.wav", 5, 6, "Dog"),
    ]
    table = write(tmp_path / "events.csv", found)
    assert summarise([table]) == [Group(("Speech",), 1, 200.0), Group(("Dog",), 2, 11.0)]
    assert [each.values for each in summarise([table], ["file"])] == [("b.wav",), ("a.wav",)]
    assert summarise([table], ["hour", "label"]) == [
        Group((0, "Speech"), 1, 100.0),
        Group((0, "Dog"), 2, 11.0),
        Group((1, "Speech"), 0, 100.0),
    ]


def test_the_hour_that_comes_twice_is_two(tmp_path: Path) -> None:
    table = tmp_path / "events.csv"
    table.write_text(
        "filename,onset,offset,event_label,clock\n"
        "a.wav,0,1800,Dog,2024-10-27T02:00:00.000+02:00\n"
        "a.wav,3600,4200,Dog,2024-10-27T02:00:00.000+01:00\n"
    )
    assert summarise([table], ["hour"]) == [
        Group(("2024-10-27T02:00+02:00",), 1, 1800.0),
        Group(("2024-10-27T02:00+01:00",), 1, 600.0),
    ]


def test_an_hour_of_the_clock_ends_by_the_clock(tmp_path: Path) -> None:
    found = [("a.wav", 0, 7200, "Dog")]
    groups = summarise([write(tmp_path / "events.csv", found, START)], ["day", "hour-of-day"])
    assert groups == [
        Group(("2024-05-01", 22), 1, 1200.0),
        Group(("2024-05-01", 23), 0, 3600.0),
        Group(("2024-05-02", 0), 0, 2400.0),
    ]


def test_channels_of_a_recording_count_once(tmp_path: Path) -> None:
    table = tmp_path / "events.csv"
    table.write_text(
        "filename,onset,offset,event_label,channel\n"
        "a.wav,0,10,Dog,1\na.wav,20,30,Dog,1\na.wav,5,25,Dog,2\na.wav,28,29,Dog,2\n"
    )
    assert summarise([table]) == [Group(("Dog",), 4, 30.0)]


def test_a_file_without_events_has_a_row_of_its_own(tmp_path: Path) -> None:
    table = tmp_path / "events.csv"
    table.write_text(
        "filename,onset,offset,event_label\na.wav,,,\nb.wav,1,2,Dog\nc.wav,1,2,Speech\n"
    )
    found = summarise([table], ["file"], classes=["dog"])
    assert found == [Group(("a.wav",), 0, 0.0), Group(("b.wav",), 1, 1.0), Group(("c.wav",), 0, 0)]
    assert summarise([table], classes=["Dog"]) == [Group(("Dog",), 1, 1.0)]


def test_classes_by_label_mid_and_index(tmp_path: Path) -> None:
    found = [("a.wav", 0, 2, "Dog"), ("a.wav", 1, 3, "Speech"), ("a.wav", 5, 6, "Gunshot, gunfire")]
    table = write(tmp_path / "events.csv", found)

    def of(**filters: Any) -> set[str | int]:
        return {each.values[0] for each in summarise([table], **filters)}

    assert of(classes=["dog", "gunshot-gunfire"]) == {"Dog", "Gunshot, gunfire"}
    assert of(classes=["/m/09x0r"]) == {"Speech"}
    assert of(exclude=["0"]) == {"Dog", "Gunshot, gunfire"}
    assert of(classes=["Music"]) == set()
    with pytest.raises(UsageError, match=r"unknown label 'Dgo'; did you mean one of: Dog"):
        of(classes=["Dgo"])
    with pytest.raises(UsageError, match="no class has the mid '/m/none'"):
        of(exclude=["/m/none"])


def test_tables_of_every_dialect_come_to_the_same(tmp_path: Path) -> None:
    found = [("a.wav", 0, 2, "Dog"), ("a.wav", 1, 3, "Dog"), ("b.wav", 5, 6, "Gunshot, gunfire")]
    plain = write(tmp_path / "events.csv", found)
    text = plain.read_text()
    semicolons = tmp_path / "semicolons.csv"
    rows = [line.replace(".000", ",000") for line in text.replace(",", ";").splitlines()]
    rows = [row.replace('"Gunshot; gunfire"', '"Gunshot, gunfire"') for row in rows]
    semicolons.write_text("\n".join(rows).replace("0.5", "0,5"), encoding="utf-8-sig")
    lines = tmp_path / "events.jsonl"
    by_file: dict[str, list[dict[str, Any]]] = {"a.wav": [], "b.wav": []}
    for name, onset, offset, label in found:
        by_file[name].append({"onset": onset, "offset": offset, "label": label})
    lines.write_text(
        "".join(
            json.dumps({"source": name, "duration": 9, "model": "x", "events": rows}) + "\n"
            for name, rows in by_file.items()
        )
    )
    parquet = tmp_path / "events.parquet"
    pd.read_csv(plain).to_parquet(parquet)
    workbook = tmp_path / "events.xlsx"
    pd.read_csv(plain).to_excel(workbook, index=False)
    wanted = [Group(("Dog",), 2, 3.0), Group(("Gunshot, gunfire",), 1, 1.0)]
    for table in (plain, semicolons, lines, parquet, workbook):
        assert summarise([table]) == wanted, table.name


def test_the_time_of_day_is_needed_for_days(tmp_path: Path) -> None:
    table = write(tmp_path / "events.csv", events(1))
    with pytest.raises(UsageError, match=r"day needs the time of day.* panns detect --clock"):
        summarise([table], ["label", "day"])


def test_some_recordings_have_no_clock(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with_clock = write(tmp_path / "a.csv", [("a.wav", 0, 2, "Dog")], START)
    without = write(tmp_path / "b.csv", [("b.wav", 4000, 4002, "Dog")])
    assert summarise([with_clock, without], ["hour"]) == [
        Group((1,), 1, 2.0),
        Group(("2024-05-01T22:00+02:00",), 1, 2.0),
    ]
    assert "not known of 1 of 2 events" in caplog.text


def test_a_recording_whose_rows_are_scattered_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table = write(tmp_path / "a.csv", [("a.wav", 0, 2, "Dog")])
    with caplog.at_level(logging.WARNING):
        summarise([table, table])
    assert not caplog.text  # the rows follow each other
    other = write(tmp_path / "b.csv", [("b.wav", 0, 2, "Dog")])
    assert summarise([table, other, table]) == [Group(("Dog",), 3, 6.0)]
    assert "whose rows are in several places: 1" in caplog.text


@pytest.mark.parametrize(
    ("by", "message"),
    [([], "label, file, hour"), (["labels"], "unknown key to group by 'labels'.*label")],
)
def test_keys_that_are_none(tmp_path: Path, by: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        summarise([write(tmp_path / "events.csv", events(1))], by)


def test_memory_does_not_grow_with_the_table(tmp_path: Path) -> None:
    few = write(tmp_path / "few.csv", events(0, n_files=4, n_events=500))
    many = write(tmp_path / "many.csv", events(0, n_files=40, n_events=500))
    summarise([few])
    peaks = []
    for table in (few, many):
        tracemalloc.start()
        summarise([table], ["label", "hour"])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 20_000  # of which a table of 40 times 500 rows has a hundred


def test_covered_is_what_every_second_says() -> None:
    draw = random.Random(0)
    for _ in range(200):
        spans = [(on := draw.randrange(50), on + draw.randrange(8)) for _ in range(12)]
        covered, seconds = Covered(), set()
        for onset, offset in spans:
            covered.add(onset, offset)
            seconds |= set(range(onset, offset))
            assert covered.seconds == len(seconds)
