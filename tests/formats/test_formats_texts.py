"""Texts that somebody else wrote: names of files and labels, where they are shown and opened."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyannote.database.util import load_rttm
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

from panns_inference.formats import FORMATS
from panns_inference.results import Result
from panns_inference.terminal import printable

SPEECH = EVENTS[:1]


def cells(result: Result, **selection: object) -> list[str]:
    """What the CSV module reads in the first row."""
    text = text_of("csv", result, **selection)
    return next(iter(list(csv.reader(io.StringIO(text, newline="")))[1:]))


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\0=1"),
        *("\uff1d1", "\uff0b1", "\uff0d1", "\uff20a"),
        *("-", "=", "-inf", "+1 a", "--1", "-1.5.2", "+e5"),
    ],
)
def test_formulas_are_defused(text: str) -> None:
    name, *_, label = cells(detection([(text, 3, 0.5, 1.0, 0.5)], text))[:4]
    assert (name, label) == (f"'{text}", f"'{text}")
    name, *_, label = cells(detection([(text, 3, 0.5, 1.0, 0.5)], text), raw=True)[:4]
    assert (name, label) == (text, text)


@pytest.mark.parametrize(
    "text", ["-5", "+1.5", "-1e-3", "a=1", " -x", "'quoted'", "1-2", "\u2019=1"]
)
def test_numbers_and_other_texts_stay(text: str) -> None:
    assert cells(detection(SPEECH, text))[0] == text


def test_numbers_of_embeddings_stay() -> None:
    result = embedding("=a.wav")
    result.vector[:2] = -0.5, -1e-5
    assert cells(result)[0] == "'=a.wav"
    assert cells(result)[3:5] == ["-0.5", "-1e-05"]


@given(st.lists(st.text(st.sampled_from("'=+-@1.e\t\uff1d"), max_size=5), min_size=2, max_size=2))
def test_defused_texts_stay_apart(names: list[str]) -> None:
    first, second = (cells(detection(SPEECH, name))[0] for name in names)
    assert (first == second) == (names[0] == names[1])


@pytest.mark.parametrize("name", ["csv", "parquet"])
@pytest.mark.parametrize("empty", [detection((), "none.wav"), tagging("none.wav")])
def test_a_table_leaves_no_recording_out(name: str, empty: Result, tmp_path: Path) -> None:
    other = detection(SPEECH, "a.wav") if hasattr(empty, "events") else tagging("a.wav")
    read = pandas.read_csv if name == "csv" else pandas.read_parquet
    threshold = 0.0 if hasattr(empty, "events") else 0.8
    if not hasattr(empty, "events"):
        empty.clipwise[:] = 0.5
    path = written(name, tmp_path, empty, other, empty, threshold=threshold)
    frame = read(path)
    assert frame["filename"].tolist() == ["none.wav", "a.wav", "none.wav"]
    of_the_recording = {"filename", "model", "duration"} & set(frame.columns)
    assert frame.iloc[[0, 2]].drop(columns=of_the_recording).isna().all(axis=None)
    found = frame.dropna(subset=["event_label"])
    assert found["filename"].tolist() == ["a.wav"]
    counts = frame.groupby("filename")["event_label"].count()
    assert counts.to_dict() == {"a.wav": 1, "none.wav": 0}


@pytest.mark.parametrize("name", ["csv", "parquet"])
def test_stretches_without_tags_are_one_row(name: str, tmp_path: Path) -> None:
    read = pandas.read_csv if name == "csv" else pandas.read_parquet
    frame = read(written(name, tmp_path, stretched_tagging(), threshold=0.99))
    assert frame["filename"].tolist() == ["street/first day.flac"]
    assert frame["onset"].isna().tolist() == [True]


NAMES = st.text(st.sampled_from(' _%\t\n\u3000\x85\u2028\x00a2"0'), min_size=1, max_size=6)


@given(NAMES, NAMES)
def test_what_differs_in_white_space_stays_apart_in_rttm(first: str, second: str) -> None:
    lines = [text_of("rttm", detection([(n, 3, 0, 1, 0.5)], n)) for n in (first, second)]
    fields = [line.split() for line in lines]
    assert [len(each) for each in fields] == [10, 10]
    assert unquote(fields[0][1]) == first
    assert unquote(fields[0][7].replace("_", " ")) == first
    for column in (1, 7):
        assert (fields[0][column] == fields[1][column]) == (first == second)


def test_names_with_spaces_in_pyannote(tmp_path: Path) -> None:
    names = ["a b.wav", "a_b.wav", "a  b.wav", "a\tb.wav", " a b.wav", 'a "b.wav']
    path = written("rttm", tmp_path, *(detection(SPEECH, name) for name in names))
    assert sorted(map(unquote, load_rttm(path))) == sorted(names)
    assert set(load_rttm(path)["a_b.wav"].labels()) == {"Speech"}


STEERING = "\x1b[2J\x9b31m\x7f\u202egpj.exe\u2066\u200f\u2028\ufeff\U000e0041"


@pytest.mark.parametrize("name", ["json", "jsonl"])
def test_json_is_exact_and_steers_no_terminal(name: str) -> None:
    text = text_of(name, detection([(STEERING, 3, 0, 1, 0.5)], STEERING))
    assert text.replace("\n", "").isprintable()
    found = json.loads(text)
    (found,) = found if name == "json" else (found,)
    assert (found["source"], found["events"][0]["label"]) == (STEERING, STEERING)


def test_tables_for_people_steer_no_terminal() -> None:
    for result in (
        detection([(STEERING, 3, 0, 1, 0.5)], STEERING),
        tagging(STEERING),
        embedding(STEERING),
    ):
        text = text_of("table", result)
        assert text.replace("\n", "").isprintable()
        assert r"\x1b[2J\x9b31m\x7f\u202egpj.exe\u2066\u200f\u2028\ufeff\U000e0041" in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Straße ♪ 日本\u3000\U0001f469\u200d\U0001f680.wav",) * 2,
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",) * 2,
        ("a\nb\tc\r\0", r"a\nb\tc\r\x00"),
        ("\udce9\ud800", r"\udce9\ud800"),
        ("\u061c\u200e\u202a\u202d\u2069\u2029\x85", r"\u061c\u200e\u202a\u202d\u2069\u2029\x85"),
        ("C:\\new", "C:\\new"),
    ],
)
def test_what_is_shown(text: str, shown: str) -> None:
    assert printable(text) == shown


def interrupted(result: Result, error: BaseException) -> Iterator[Result]:
    yield result
    yield result
    raise error


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()], ids=["error", "Ctrl-C"])
@pytest.mark.parametrize("kind", [tagging, detection, embedding])
def test_what_was_begun_is_ended(kind: type[Result], error: BaseException) -> None:
    """Of results that end with an error, those before it are a whole document."""
    result = kind(source="a.wav")
    for name, form in FORMATS.items():
        if not form.several or not isinstance(result, form.results):
            continue
        file = io.BytesIO() if form.binary else io.StringIO()
        with pytest.raises(type(error)):
            form.write(interrupted(result, error), file, top=3)
        written = file.getvalue() if form.binary else file.getvalue().encode()
        assert written == content_of(name, result, result, top=3), name


@pytest.mark.parametrize("n_done", [0, 1, 2])
def test_json_is_ended_where_a_result_cannot_be_written(n_done: int) -> None:
    bad = embedding("bad.wav")
    bad.vector[3] = float("nan")
    file = io.StringIO()
    with pytest.raises(ValueError, match=r"result of bad\.wav by Cnn14 holds values"):
        FORMATS["json"].write([*[embedding()] * n_done, bad], file)
    assert len(json.loads(file.getvalue())) == n_done


def test_json_is_ended_where_writing_is_interrupted() -> None:
    class Interrupted(io.StringIO):
        n_writes = 0

        def write(self, text: str) -> int:
            self.n_writes += 1
            if self.n_writes == 3:
                raise KeyboardInterrupt
            return super().write(text)

    file = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        FORMATS["json"].write([embedding()] * 3, file)
    assert len(json.loads(file.getvalue())) == 1
