"""Tags and embeddings of stretches, with their times, in every format."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from pathlib import Path
from xml.etree import ElementTree

import crowsetta
import numpy as np
import pandas
import parselmouth
import pytest
import srt
from hypothesis import given
from hypothesis import strategies as st
from pyannote.database.util import load_rttm
from pympi.Elan import Eaf
from some_results import (
    content_of,
    stretched_embedding,
    stretched_tagging,
    tagging,
    text_of,
    written,
)

praat = parselmouth.praat.call

MAN = "Male speech, man speaking"

FOUND = [
    (MAN, 0.0, 2.0, 0.75),
    ("Speech", 0.0, 2.0, 0.5),
    ("Speech", 1.5, 3.5, 0.875),
    (MAN, 3.0, 3.5, 0.625),
]
"""Tags of the stretches with a probability of 0.5 or more: label, onset, offset, probability."""


@pytest.mark.parametrize("name", ["csv", "parquet"])
def test_tags_in_pandas(name: str, tmp_path: Path) -> None:
    read = pandas.read_csv if name == "csv" else pandas.read_parquet
    frame = read(written(name, tmp_path, stretched_tagging(), threshold=0.5))
    found = frame[["event_label", "onset", "offset", "probability"]]
    assert list(found.itertuples(index=False, name=None)) == FOUND
    assert set(frame["filename"]) == {"street/first day.flac"}
    top = read(written(name, tmp_path, stretched_tagging(), top=1))
    assert top["probability"].tolist() == [0.75, 0.875, 0.625]


@pytest.mark.parametrize("name", ["csv", "parquet"])
def test_stretches_and_whole_recordings_in_one_table(name: str, tmp_path: Path) -> None:
    read = pandas.read_csv if name == "csv" else pandas.read_parquet
    whole = tagging("whole.wav")
    frame = read(written(name, tmp_path, stretched_tagging(), whole, threshold=0.6))
    found = frame[["filename", "onset", "offset", "index"]].tail(3)
    assert list(found.itertuples(index=False, name=None)) == [
        ("street/first day.flac", 3.0, 3.5, 1),
        ("whole.wav", 0.0, 7.0, 1),
        ("whole.wav", 0.0, 7.0, 0),
    ]


def test_embeddings_in_pandas(tmp_path: Path) -> None:
    result = stretched_embedding()
    times = [(0.0, 2.0), (1.5, 3.5), (3.0, 3.5)]
    vectors = [part.vector for part in result.stretches]
    text = pandas.read_csv(written("csv", tmp_path, result))
    assert list(text.columns) == ["filename", "onset", "offset", *map(str, range(512))]
    assert list(text[["onset", "offset"]].itertuples(index=False, name=None)) == times
    assert np.array_equal(text.iloc[:, 3:].to_numpy(np.float32), vectors)
    table = pandas.read_parquet(written("parquet", tmp_path, result))
    assert list(table.columns) == ["filename", "onset", "offset", "embedding"]
    assert list(table[["onset", "offset"]].itertuples(index=False, name=None)) == times
    assert np.array_equal(np.stack(table["embedding"]), vectors)


@pytest.mark.parametrize("name", ["json", "jsonl"])
def test_json_holds_the_whole_and_the_stretches(name: str) -> None:
    content = content_of(name, stretched_tagging(), threshold=0.5)
    tags = json.loads(content)[0] if name == "json" else json.loads(content)
    assert [(tag["index"], round(tag["probability"], 6)) for tag in tags["tags"]] == [
        (1, 0.9), (0, 0.75), (526, 0.5),
    ]  # fmt: skip
    assert [
        (tag["label"], part["onset"], part["offset"], tag["probability"])
        for part in tags["stretches"]
        for tag in part["tags"]
    ] == FOUND


def test_json_of_embeddings_of_stretches() -> None:
    result = stretched_embedding()
    found = json.loads(text_of("jsonl", result))
    assert np.array_equal(np.array(found["embedding"], np.float32), result.vector)
    assert [(each["onset"], each["offset"]) for each in found["stretches"]] == [
        (0.0, 2.0),
        (1.5, 3.5),
        (3.0, 3.5),
    ]
    vectors = np.array([each["embedding"] for each in found["stretches"]], np.float32)
    assert np.array_equal(vectors, [part.vector for part in result.stretches])


def test_a_table_holds_the_whole_and_the_stretches() -> None:
    silent = dataclasses.replace(stretched_tagging(), silence=1.25)
    assert text_of("table", silent, top=1) == (
        "street/first day.flac (3.50 s, 1.25 s of it silence, Cnn14)\n"
        "  0.900  Male speech, man speaking\n"
        "  0.00 - 2.00 s  0.750  Male speech, man speaking\n"
        "  1.50 - 3.50 s  0.875  Speech\n"
        "  3.00 - 3.50 s  0.625  Male speech, man speaking\n"
    )
    heading, whole, *parts = text_of("table", stretched_embedding()).splitlines()
    assert heading == "street/first day.flac (3.50 s, Cnn14)"
    first = stretched_embedding().vector[0]
    assert whole.startswith(f"  512 values: {first:.3f} ")
    assert [part[:24] for part in parts] == [
        f"  0.00 - 2.00 s  {first:.3f} 0",
        f"  1.50 - 3.50 s  {first + 1:.3f} 1",
        f"  3.00 - 3.50 s  {first + 2:.3f} 2",
    ]


def test_labels_in_crowsetta(tmp_path: Path) -> None:
    path = written("audacity", tmp_path, stretched_tagging(), threshold=0.5)
    track = crowsetta.formats.seq.AudSeq.from_file(path)
    found = zip(track.labels, track.start_times, track.end_times, strict=True)
    assert list(found) == [(f"{label} {p:.3f}", start, end) for label, start, end, p in FOUND]


# crowsetta calls pandas in a way that pandas 3.1 warns of.
@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_selections_in_crowsetta(tmp_path: Path) -> None:
    path = written("raven", tmp_path, stretched_tagging(), threshold=0.5)
    boxes = crowsetta.formats.bbox.Raven.from_file(path).to_bbox()
    assert [(box.label, box.onset, box.offset) for box in boxes] == [each[:3] for each in FOUND]


def test_turns_in_pyannote(tmp_path: Path) -> None:
    found = load_rttm(written("rttm", tmp_path, stretched_tagging(), threshold=0.5))
    turns = [
        (label.replace("_", " "), segment.start, segment.end)
        for segment, _, label in found["street/first%20day.flac"].itertracks(yield_label=True)
    ]
    assert sorted(turns) == sorted(each[:3] for each in FOUND)


def test_subtitles_in_srt() -> None:
    found = srt.parse(text_of("srt", stretched_tagging(), threshold=0.5))
    assert [
        (each.content, each.start.total_seconds(), each.end.total_seconds()) for each in found
    ] == [each[:3] for each in FOUND]


def test_a_tag_ends_where_the_next_stretch_has_it_in_praat(tmp_path: Path) -> None:
    grid = parselmouth.read(str(written("textgrid", tmp_path, stretched_tagging(), threshold=0.5)))
    tiers = {
        praat(grid, "Get tier name", tier): [
            (
                praat(grid, "Get label of interval", tier, i),
                praat(grid, "Get start time of interval", tier, i),
                praat(grid, "Get end time of interval", tier, i),
            )
            for i in range(1, int(praat(grid, "Get number of intervals", tier)) + 1)
        ]
        for tier in (1, 2)
    }
    assert tiers == {
        MAN: [(MAN, 0.0, 2.0), ("", 2.0, 3.0), (MAN, 3.0, 3.5)],
        "Speech": [("Speech", 0.0, 1.5), ("Speech", 1.5, 3.5)],
    }


def test_a_tag_ends_where_the_next_stretch_has_it_in_pympi(tmp_path: Path) -> None:
    document = Eaf(written("eaf", tmp_path, stretched_tagging(), threshold=0.5))
    assert {
        name: [each[:2] for each in document.get_annotation_data_for_tier(name)]
        for name in document.get_tier_names()
    } == {MAN: [(0, 2000), (3000, 3500)], "Speech": [(0, 1500), (1500, 3500)]}


@pytest.mark.parametrize("name", ["audacity", "textgrid", "eaf"])
def test_a_stretch_alone_has_its_times(name: str) -> None:
    last = stretched_tagging().stretches[2]
    text = text_of(name, last, threshold=0.5)
    assert {"audacity": "3.000\t3.500\t", "textgrid": "xmax = 3.500", "eaf": '"3500"'}[name] in text


@given(st.integers(1, 3000), st.integers(1, 3000), st.lists(st.booleans(), min_size=1, max_size=12))
def test_intervals_of_any_stretches_are_valid(window: int, hop: int, loud: list[bool]) -> None:
    whole = tagging()
    stretches = [
        dataclasses.replace(
            whole,
            onset=hop * number / 1000,
            duration=window / 1000,
            clipwise=np.full(527, np.float32(is_loud)),
        )
        for number, is_loud in enumerate(loud)
    ]
    duration = stretches[-1].offset
    result = dataclasses.replace(whole, duration=duration, stretches=tuple(stretches))
    labels = {"top": 1, "threshold": 0.5}

    times = [(hop * i, hop * i + window) for i, is_loud in enumerate(loud) if is_loud]
    begun = [start for start, _ in times]
    expected = [
        (start, min([end, *begun[number + 1 :]])) for number, (start, end) in enumerate(times)
    ]
    root = ElementTree.fromstring(text_of("eaf", result, **labels))
    slots = {each.get("TIME_SLOT_ID"): each.get("TIME_VALUE") for each in root.iter("TIME_SLOT")}
    found = [
        tuple(int(slots[each.get(f"TIME_SLOT_REF{end}")]) for end in (1, 2))
        for each in root.iter("ALIGNABLE_ANNOTATION")
    ]
    assert found == expected

    with tempfile.TemporaryDirectory() as folder:
        grid = parselmouth.read(str(written("textgrid", Path(folder), result, **labels)))
    intervals = [
        [praat(grid, f"Get {end} time of interval", 1, i) for end in ("start", "end")]
        for i in range(1, int(praat(grid, "Get number of intervals", 1)) + 1)
        if praat(grid, "Get label of interval", 1, i)
    ]
    np.testing.assert_allclose(np.reshape(intervals, (-1, 2)) * 1000, np.reshape(found, (-1, 2)))
