"""Results of single channels and tracks, in every format."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from some_results import (
    content_of,
    detection,
    embedding,
    framewise_detection,
    stretched_embedding,
    stretched_tagging,
    tagging,
    text_of,
)

from panns_inference import Detection, UsageError
from panns_inference.formats import FORMATS
from panns_inference.results import Result

NAME = "street/first day.flac"


def channels(result: Result, *numbers: int) -> list[Any]:
    return [replace(result, channel=number) for number in numbers]


TWO = [
    replace(detection([("Speech", 0, 2.0, 3.0, 0.9)]), channel=1),
    replace(detection([("Speech", 0, 1.0, 2.5, 0.8), ("Dog", 74, 4.0, 5.0, 0.7)]), channel=2),
]
FILM = [replace(each, track=2) for each in TWO]
QUIET = replace(detection([]), channel=2)


def rows(name: str, *results: Result, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text_of(name, *results)), delimiter=delimiter))


def test_csv_says_which_channel_and_track() -> None:
    found = rows("csv", *FILM)
    assert list(found[0])[7:9] == ["track", "channel"]
    assert [(row["track"], row["channel"], row["event_label"]) for row in found] == [
        ("2", "1", "Speech"),
        ("2", "2", "Speech"),
        ("2", "2", "Dog"),
    ]
    mixed = rows("csv", detection())
    assert "track" not in mixed[0]
    assert {row["channel"] for row in mixed} == {""}
    (empty,) = rows("csv", QUIET)
    assert (empty["filename"], empty["channel"], empty["onset"]) == (NAME, "2", "")


@pytest.mark.parametrize("result", [embedding(), stretched_embedding()])
def test_csv_of_embeddings_has_it_before_the_values(result: Result) -> None:
    found = rows("csv", *channels(result, 1, 2))
    assert list(found[0])[:6] == ["filename", "channel", "onset", "offset", "0", "1"]
    assert {row["channel"] for row in found} == {"1", "2"}


@pytest.mark.parametrize(
    "result", [detection(), detection([]), tagging(), stretched_tagging(), embedding()]
)
def test_parquet_has_the_columns_of_csv_as_numbers(result: Result) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(io.BytesIO(content_of("parquet", *channels(result, 1, 3))))
    assert str(table.schema.field("channel").type) == "int32"
    assert sorted(set(table["channel"].to_pylist())) == [1, 3]
    plain = parquet.read_table(io.BytesIO(content_of("parquet", result)))
    if "channel" in plain.column_names:
        assert plain["channel"].null_count == len(plain)


def test_json_and_its_lines_have_a_key() -> None:
    for found in (
        json.loads(text_of("json", *FILM)),
        [json.loads(line) for line in text_of("jsonl", *FILM).splitlines()],
    ):
        assert [(each["track"], each["channel"]) for each in found] == [(2, 1), (2, 2)]
    mixed = json.loads(text_of("jsonl", detection()))
    assert mixed["channel"] is None
    assert "track" not in mixed


def test_the_heading_of_a_table_says_it() -> None:
    text = text_of("table", *FILM)
    assert f"{NAME}, track 2, channel 1 (7.00 s, Cnn14)\n" in text
    assert f"\n\n{NAME}, track 2, channel 2 (7.00 s, Cnn14)\n" in text


def test_raven_has_the_channel_of_each_selection_and_one_recording() -> None:
    other = replace(TWO[0], source="b.wav")
    found = rows("raven", *TWO, other, delimiter="\t")
    assert [
        (row["Selection"], row["Channel"], row["Begin Time (s)"], row["Begin File"])
        for row in found
    ] == [
        ("1", "1", "2.000", "first day.flac"),
        ("2", "2", "1.000", "first day.flac"),
        ("3", "2", "4.000", "first day.flac"),
        ("4", "1", "9.000", "b.wav"),
    ]
    assert {row["Annotation"] for row in found} == {"Speech", "Dog"}
    assert rows("raven", FILM[0], delimiter="\t")[0]["Annotation"] == "Speech (track 2)"


def test_rttm_has_a_field_for_the_channel() -> None:
    fields = [line.split() for line in text_of("rttm", *TWO).splitlines()]
    assert [(each[2], each[7]) for each in fields] == [
        ("1", "Speech"),
        ("2", "Speech"),
        ("2", "Dog"),
    ]
    assert text_of("rttm", FILM[1]).split()[1] == "street/first%20day.flac.track2"


def test_labels_and_subtitles_of_all_channels_come_in_the_order_of_time() -> None:
    expected = ["Speech (channel 2)", "Speech (channel 1)", "Dog (channel 2)"]
    lines = text_of("audacity", *TWO).splitlines()
    assert [line.split("\t")[2].rpartition(" ")[0] for line in lines] == expected
    blocks = text_of("srt", *TWO).strip().split("\n\n")
    assert [block.splitlines()[::2] for block in blocks] == [
        [str(number), label] for number, label in enumerate(expected, start=1)
    ]


def tiers(name: str, results: Sequence[Detection]) -> list[str]:
    text = text_of(name, *results)
    if name == "eaf":
        return [tier.attrib["TIER_ID"] for tier in ElementTree.fromstring(text).iter("TIER")]
    lines = [line.strip() for line in text.splitlines()]
    return [line[8:-1] for line in lines if line.startswith('name = "')]


@pytest.mark.parametrize("name", ["textgrid", "eaf"])
def test_each_channel_has_tiers_of_its_own(name: str) -> None:
    expected = ["Speech (channel 1)", "Speech (channel 2)", "Dog (channel 2)"]
    assert tiers(name, TWO) == expected
    assert tiers(name, [FILM[0]]) == ["Speech (track 2, channel 1)"]
    assert tiers(name, [replace(TWO[0], duration=3.5), TWO[1]]) == expected
    assert tiers(name, [replace(each, channel=None) for each in TWO[:1]]) == ["Speech"]


def test_a_textgrid_lasts_as_long_as_the_longest_track() -> None:
    short = replace(detection([("Speech", 0, 2.0, 3.0, 0.9)], duration=3.0), track=1)
    text = text_of("textgrid", short, replace(short, track=2, duration=5.0))
    assert text.count("xmax = 5.000") == 1 + 2 + 2  # the file, its tiers and their last intervals


def test_npz_holds_one_channel_and_says_which() -> None:
    one = replace(framewise_detection(), channel=2)
    with np.load(io.BytesIO(content_of("npz", one))) as archive:
        assert archive["channel"] == 2
        assert "track" not in archive
    with pytest.raises(UsageError, match="npz holds one channel of one track"):
        content_of("npz", one, replace(one, channel=3))


@pytest.mark.parametrize("name", [name for name, form in FORMATS.items() if not form.several])
def test_other_recordings_do_not_get_into_a_file_for_one(name: str) -> None:
    one = replace(framewise_detection(), channel=1)
    for other in (replace(one, source="b.wav", channel=2), one, replace(one, channel=None)):
        with pytest.raises(UsageError, match="holds one recording, not several"):
            content_of(name, one, other)


@pytest.mark.parametrize("name", ["csv", "jsonl"])
def test_channels_and_whole_recordings_do_not_get_into_one_table(name: str) -> None:
    with pytest.raises(UsageError, match="results of channels or of whole recordings, not both"):
        text_of(name, TWO[0], detection())
