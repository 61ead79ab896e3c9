"""Tables, CSV and JSON, and what all formats have in common."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas
import pytest
import srt
from hypothesis import given
from hypothesis import strategies as st
from some_results import (
    EVENTS,
    content_of,
    detection,
    embedding,
    framewise_detection,
    tagging,
    text_of,
    written,
)

from panns_inference import Detection, UsageError
from panns_inference.audioset import labels as audioset_labels
from panns_inference.audioset import mid_of
from panns_inference.events import Event
from panns_inference.formats import FORMATS
from panns_inference.results import Result

RESULTS = (tagging(), framewise_detection(), embedding())


def test_a_table_of_tags() -> None:
    other = dataclasses.replace(tagging(), source=None, clipwise=np.zeros(527, np.float32))
    assert text_of("table", tagging(), other, top=2, threshold=0.1) == (
        "street/first day.flac (7.00 s, Cnn14)\n"
        "  0.900  Male speech, man speaking\n"
        "  0.750  Speech\n"
        "\n"
        "samples (7.00 s, Cnn14)\n"
        "  no tags\n"
    )


def test_a_table_of_events() -> None:
    later = [("Speech", 0, 5.0, 3600.5, 0.5)]
    long = detection(later, "a\nb\x1b.wav", 3601.0)
    assert text_of("table", detection(EVENTS[:2]), long, detection(())) == (
        "street/first day.flac (7.00 s, Cnn14)\n"
        "  0.00 - 1.25 s  0.900  Speech\n"
        "  0.50 - 4.07 s  0.812  Male speech, man speaking\n"
        "\n"
        "a\\nb\\x1b.wav (3601.00 s, Cnn14)\n"
        "     5.00 - 3600.50 s  0.500  Speech\n"
        "\n"
        "street/first day.flac (7.00 s, Cnn14)\n"
        "  no events\n"
    )


def test_a_table_of_embeddings() -> None:
    vector = np.array([0, 0.25, 1, 2, 3, 4, 5], np.float32)
    result = dataclasses.replace(embedding(), vector=vector)
    assert text_of("table", result).splitlines()[1:] == [
        "  7 values: 0.000 0.250 1.000 2.000 3.000 4.000 ..."
    ]


def test_csv_of_events_in_pandas(tmp_path: Path) -> None:
    path = written("csv", tmp_path, detection(), detection(EVENTS[:1], "other.wav"))
    frame = pandas.read_csv(path)
    assert list(frame.columns) == [
        "filename", "onset", "offset", "event_label", "mid", "index", "probability",
        "channel", "model", "threshold",
    ]  # fmt: skip
    assert frame["filename"].tolist() == ["street/first day.flac"] * 4 + ["other.wav"]
    found = frame[["event_label", "index", "onset", "offset", "probability"]]
    assert list(found.itertuples(index=False, name=None)) == [*EVENTS, EVENTS[0]]
    assert frame["mid"].tolist() == [mid_of(label) for label in frame["event_label"]]


def test_csv_of_tags_in_pandas(tmp_path: Path) -> None:
    frame = pandas.read_csv(written("csv", tmp_path, tagging(), top=3))
    assert frame["event_label"].tolist() == [
        "Male speech, man speaking", "Speech", audioset_labels[526],
    ]  # fmt: skip
    assert frame["probability"].tolist() == [0.9, 0.75, 0.5]
    assert list(frame.columns) == [
        "filename", "event_label", "mid", "index", "probability", "channel", "model", "threshold",
        "duration",
    ]  # fmt: skip
    assert len(pandas.read_csv(written("csv", tmp_path, tagging()))) == 527


def test_csv_of_embeddings_keeps_every_bit(tmp_path: Path) -> None:
    path = written("csv", tmp_path, embedding("a.wav"), embedding("b,c.wav"))
    frame = pandas.read_csv(path, index_col=["filename", "onset", "offset"])
    assert frame.index.tolist() == [("a.wav", 0.0, 7.0), ("b,c.wav", 0.0, 7.0)]
    assert list(frame.columns) == [str(number) for number in range(512)]
    for row in frame.to_numpy(np.float32):
        assert np.array_equal(row, embedding().vector)


def test_lines_of_csv_end_with_a_newline(tmp_path: Path) -> None:
    content = written("csv", tmp_path, detection()).read_bytes()
    assert content.count(b"\n") == 5
    assert b"\r" not in content


def test_short_events_have_more_decimals() -> None:
    events = [("Speech", 0, 6.99, 6.99 + 1 / 32000, 0.5)]
    assert ",6.990,6.990031,Speech," in text_of("csv", detection(events))


def test_json_is_one_list(tmp_path: Path) -> None:
    path = written("json", tmp_path, detection(), detection((), None))
    first, second = json.loads(path.read_text(encoding="utf-8"))
    assert first["source"] == "street/first day.flac"
    assert first["duration"] == 7.0
    assert first["model"] == "Cnn14"
    assert [Event(**event) for event in first["events"]] == list(detection().events)
    assert second == {
        "schema": 1,
        "source": None,
        "channel": None,
        "duration": 7.0,
        "model": "Cnn14",
        "events": [],
    }


def test_json_lines(tmp_path: Path) -> None:
    path = written("jsonl", tmp_path, tagging("a.wav"), tagging("b.wav"), top=10, threshold=0.6)
    frame = pandas.read_json(path, lines=True)
    assert frame["source"].tolist() == ["a.wav", "b.wav"]
    for tags in frame["tags"]:
        assert [(tag["label"], tag["index"]) for tag in tags] == [
            ("Male speech, man speaking", 1),
            ("Speech", 0),
        ]
        assert [tag["mid"] for tag in tags] == ["/m/05zppz", "/m/09x0r"]
        assert [tag["probability"] for tag in tags] == pytest.approx([0.9, 0.75], abs=1e-7)


def test_json_of_embeddings_keeps_every_bit() -> None:
    (result,) = json.loads(text_of("json", embedding()))
    assert np.array_equal(np.array(result["embedding"], np.float32), embedding().vector)


def test_json_is_readable() -> None:
    assert "Straße ♪.wav" in text_of("json", detection(source="Straße ♪.wav"))


@pytest.mark.parametrize("name", ["json", "jsonl"])
def test_json_cannot_hold_what_is_not_finite(name: str) -> None:
    result = dataclasses.replace(embedding("a.wav"), vector=np.full(3, np.nan, np.float32))
    with pytest.raises(UsageError, match=r"result of a\.wav by Cnn14 holds values that are not f"):
        text_of(name, result)
    assert ",nan,nan,nan" in text_of("csv", result)


@pytest.mark.parametrize(
    "name",
    [name for name, form in FORMATS.items() if Detection in form.results and not form.binary],
)
def test_a_recording_without_events_is_a_valid_file(name: str) -> None:
    text = text_of(name, detection(()))
    expected = {
        "csv": 2,
        "tsv": 2,
        "json": 3,
        "jsonl": 1,
        "raven": 1,
        "table": 2,
        "textgrid": 18,
        "eaf": 8,
    }
    assert len(text.splitlines()) == expected.get(name, 0)


def test_no_recording_at_all() -> None:
    written = {name: content_of(name) for name in FORMATS}
    assert {name: content for name, content in written.items() if content} == {"json": b"[\n]\n"}


@pytest.mark.parametrize("name", FORMATS)
def test_what_a_format_holds_is_what_it_says(name: str) -> None:
    form = FORMATS[name]
    for result in RESULTS:
        if isinstance(result, form.results):
            assert len(content_of(name, result)) > 80
        else:
            message = f"{name} holds (Tagging or )?Detection, not {type(result).__name__}"
            with pytest.raises(UsageError, match=message):
                content_of(name, result)
    one, other = framewise_detection(), tagging()
    if form.several:
        assert len(content_of(name, one, one)) > len(content_of(name, one))
        with pytest.raises(UsageError, match="results of one type: tags, events or embeddings"):
            content_of(name, one, other)
    else:
        with pytest.raises(UsageError, match=f"format {name} holds one recording, not several"):
            content_of(name, one, one)


def test_names_and_extensions() -> None:
    assert {name: form.extension for name, form in FORMATS.items()} == {
        "table": ".txt",
        "csv": ".csv",
        "tsv": ".tsv",
        "xlsx": ".xlsx",
        "json": ".json",
        "jsonl": ".jsonl",
        "parquet": ".parquet",
        "npz": ".npz",
        "audacity": ".txt",
        "raven": ".selections.txt",
        "rttm": ".rttm",
        "textgrid": ".TextGrid",
        "srt": ".srt",
        "eaf": ".eaf",
    }
    assert all(form.name == name for name, form in FORMATS.items())
    assert [name for name, form in FORMATS.items() if form.binary] == ["xlsx", "parquet", "npz"]
    assert [name for name, form in FORMATS.items() if form.framewise] == ["npz"]


SEVERAL = [name for name, form in FORMATS.items() if form.several]


@pytest.mark.parametrize("name", [name for name in SEVERAL if not FORMATS[name].binary])
def test_results_are_written_as_they_come(name: str, tmp_path: Path) -> None:
    path = tmp_path / "out"
    seen = []

    def results() -> Iterator[Detection]:
        for number in range(3):
            seen.append(len(set(re.findall("recording[0-9]", path.read_text()))))
            yield detection(EVENTS[:1], f"recording{number}.wav")

    with path.open("w") as file:
        FORMATS[name].write(results(), file)
    assert seen == [0, 1, 2]


@pytest.mark.parametrize(
    ("name", "result"),
    [
        (name, result)
        for name in SEVERAL
        for result in RESULTS
        if isinstance(result, FORMATS[name].results)
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_no_result_is_kept(name: str, result: Result) -> None:
    made: list[weakref.ref[Result]] = []
    alive = []

    def results() -> Iterator[Result]:
        for number in range(5):
            alive.append(sum(each() is not None for each in made))
            new = dataclasses.replace(result, source=f"{number}.wav")
            made.append(weakref.ref(new))
            yield new
            del new

    file = io.BytesIO() if FORMATS[name].binary else io.StringIO()
    FORMATS[name].write(results(), file)
    assert alive == [0, 1, 1, 1, 1]


# Control characters, separators, quotes, a lone surrogate (a byte of a name that is not UTF-8),
# and what a spreadsheet, a shell or a parser may take for something else.
peculiar = st.text(st.sampled_from("aß♪ ,;\"'\t\n\r\x00\x1b\x85\u2028\\=<&|\udce9"), max_size=8)


@given(peculiar, peculiar)
def test_peculiar_texts_come_back_from_csv_and_json(source: str, label: str) -> None:
    result = detection([(label, 3, 0.5, 1.0, 0.5)], source)

    def plain(text: str) -> str:
        return text.encode("utf-8", "backslashreplace").decode()

    (row,) = csv.DictReader(io.StringIO(text_of("csv", result, raw=True), newline=""))
    assert (row["filename"], row["event_label"], row["mid"]) == (plain(source), plain(label), "")
    for text in (text_of("json", result)[1:-2], text_of("jsonl", result)):
        found = json.loads(text.encode())
        assert (found["source"], found["events"][0]["label"]) == (source, label)


@given(peculiar, peculiar)
def test_peculiar_texts_break_no_line(source: str, label: str) -> None:
    result = detection([(label, 3, 0.5, 1.0, 0.5), ("Bell", 4, 2.0, 3.0, 0.5)], source)
    one = text_of("audacity", result).splitlines()
    assert [line.split("\t")[:2] for line in one] == [["0.500", "1.000"], ["2.000", "3.000"]]
    table = text_of("raven", result).splitlines()
    assert [len(line.split("\t")) for line in table] == [12, 12, 12]
    assert len(text_of("table", result).splitlines()) == 3
    document = ElementTree.fromstring(text_of("eaf", result))
    assert [each.get("TIME_VALUE") for each in document.iter("TIME_SLOT")] == [
        "500", "1000", "2000", "3000",
    ]  # fmt: skip
    rttm = text_of("rttm", result)
    assert [len(line.split()) for line in rttm.splitlines()] == [10, 10]
    # Nothing that steers a terminal.
    assert (text_of("table", result) + rttm).replace("\n", "").isprintable()
    assert [each.start.total_seconds() for each in srt.parse(text_of("srt", result))] == [0.5, 2.0]


def test_no_heavy_package_is_imported_before_it_is_needed() -> None:
    heavy = {"torch", "pyarrow", "xlsxwriter"}
    code = f"import sys, panns_inference.formats; print({heavy} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "set()\n"


@pytest.mark.parametrize(
    ("name", "module", "extra"), [("parquet", "pyarrow", "table"), ("xlsx", "xlsxwriter", "xlsx")]
)
def test_an_extra_that_is_missing_is_named(
    name: str, module: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    message = rf'the format {name} needs {module}: pip install "panns-inference\[{extra}\]"'
    with pytest.raises(UsageError, match=message):
        FORMATS[name].require()
    with pytest.raises(UsageError, match=message):
        content_of(name, tagging())
    assert {FORMATS[each].require() for each in FORMATS if each != name} == {None}
