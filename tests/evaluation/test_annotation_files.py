"""Annotations of ELAN and Praat, as pympi and Praat itself write and read them."""

from __future__ import annotations

from pathlib import Path

import parselmouth
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pympi.Elan import Eaf

from panns_inference.errors import UsageError
from panns_inference.evaluation import read_annotations

praat = parselmouth.praat.call

Times = list[tuple[float, float, str]]


def times_in(path: Path) -> dict[str, Times]:
    return {
        name: [(event.onset, event.offset, event.label) for event in events]
        for name, events in read_annotations(path).items()
    }


def document(*media: str) -> Eaf:
    made = Eaf(author="tests")
    made.remove_tier("default")
    for path in media:
        made.add_linked_file(path, relpath=Path(path).name, mimetype="audio/x-wav")
    return made


def test_annotations_of_elan_are_those_of_pympi(tmp_path: Path) -> None:
    made = document("file:///rec/north/Fr%C3%BChling 1.wav")
    for tier in ("Ann", "Dog"):
        made.add_tier(tier)
    made.add_annotation("Ann", 500, 1250, "Dog")
    made.add_annotation("Ann", 1250, 4070, "Cat & <co>")
    made.add_annotation("Dog", 600, 700, "")
    made.add_tier("remarks", ling="default-lt", parent="Ann")
    made.linguistic_types["default-lt"]["TIME_ALIGNABLE"] = "true"
    made.to_file(path := tmp_path / "north.eaf")
    [(source, found)] = times_in(path).items()
    assert source == "/rec/north/Frühling 1.wav"
    read = Eaf(path)
    oracle = [
        (start / 1000, end / 1000, value or tier)
        for tier in read.get_tier_names()
        for start, end, value in read.get_annotation_data_for_tier(tier)
    ]
    assert sorted(found) == sorted(oracle)
    assert len(found) == 3


spans = st.lists(st.integers(0, 10**6), min_size=2, max_size=12, unique=True).map(sorted)
words = st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spans, words, words)
def test_any_annotations_of_elan(tmp_path: Path, times: list[int], tier: str, label: str) -> None:
    made = document()
    made.add_tier(tier)
    pairs = list(zip(times[::2], times[1::2], strict=False))
    for start, end in pairs:
        made.add_annotation(tier, start, end, label)
    made.to_file(path := tmp_path / "street.eaf")
    expected = [(start / 1000, end / 1000, label) for start, end in pairs]
    assert times_in(path) == {"street.eaf": expected}


def test_what_depends_on_an_annotation_of_elan_is_no_event(tmp_path: Path) -> None:
    made = document()
    made.add_tier("Dog")
    made.add_annotation("Dog", 0, 1000, "Dog")
    made.add_linguistic_type("note", constraints="Symbolic_Association", timealignable=False)
    made.add_tier("note", ling="note", parent="Dog")
    made.add_ref_annotation("note", "Dog", 500, "loud")
    made.to_file(path := tmp_path / "a.eaf")
    assert times_in(path) == {"a.eaf": [(0.0, 1.0, "Dog")]}


ELAN = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2024-05-01T10:00:00Z" FORMAT="3.0" VERSION="3.0">
<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
<MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/rec/a.mp4" MIME_TYPE="video/mp4" TIME_ORIGIN="5000"/>
</HEADER>
<TIME_ORDER>
<TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="1000"/><TIME_SLOT TIME_SLOT_ID="ts2"/>
<TIME_SLOT TIME_SLOT_ID="ts3"/><TIME_SLOT TIME_SLOT_ID="ts4" TIME_VALUE="4000"/>
</TIME_ORDER>
<TIER TIER_ID="calls" LINGUISTIC_TYPE_REF="default-lt">
<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts4">
<ANNOTATION_VALUE>  </ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
<TIER TIER_ID="phrases" LINGUISTIC_TYPE_REF="time" PARENT_REF="calls">
<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
<ANNOTATION_VALUE>x</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a3" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts3">
<ANNOTATION_VALUE>y</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a4" TIME_SLOT_REF1="ts3" TIME_SLOT_REF2="ts4">
<ANNOTATION_VALUE>z</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
</ANNOTATION_DOCUMENT>
"""


def test_times_that_elan_leaves_out_are_divided_and_those_of_a_medium_are_its_own(
    tmp_path: Path,
) -> None:
    """A time subdivision has times at its ends only; the medium begins 5 s before the others."""
    path = tmp_path / "film.eaf"
    for encoding in ("utf-8", "utf-16"):
        path.write_text(ELAN.replace("UTF-8", encoding.upper()), encoding)
        assert times_in(path) == {
            "C:/rec/a.mp4": [
                (6.0, 9.0, "calls"),
                (6.0, 7.0, "x"),
                (7.0, 8.0, "y"),
                (8.0, 9.0, "z"),
            ]
        }


def test_a_document_of_elan_without_annotations_is_a_recording_without_events(
    tmp_path: Path,
) -> None:
    document("file://server/rec/a.wav").to_file(tmp_path / "b.eaf")
    document().to_file(tmp_path / "c.eaf")
    assert times_in(tmp_path) == {"server/rec/a.wav": [], "c.eaf": []}


@pytest.mark.parametrize("way", ["Save as text file...", "Save as short text file..."])
@pytest.mark.parametrize("text", ["Dog", 'the "big" dog! 7 = x', "été", "狗"])
def test_intervals_of_praat(way: str, text: str, tmp_path: Path) -> None:
    """Praat writes letters beyond ASCII as UTF-16."""
    grid = praat("Create TextGrid", 0, 10, "Ann moment", "moment")
    praat(grid, "Insert boundary", 1, 2.5)
    praat(grid, "Insert boundary", 1, 3.25)
    praat(grid, "Set interval text", 1, 2, text)
    praat(grid, "Insert point", 2, 5, "Click")
    praat(grid, way, str(path := tmp_path / "street.TextGrid"))
    assert times_in(path) == times_in(tmp_path) == {"street.TextGrid": [(2.5, 3.25, text)]}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.eaf", ELAN[:-30], "broken XML"),
        ("a.eaf", "<?xml version='1.0'?><html/>", r"XML of another kind \(html\)"),
        ("a.eaf", ELAN.replace("milliseconds", "PAL-frames"), "its times are PAL-frames"),
        (
            "a.eaf",
            ELAN.replace('"4000"', '"900"'),
            "an event 'calls' cannot last from 6.0 to 5.9 s",
        ),
        ("a.TextGrid", 'File type = "ooTextFile"\n"Sound"\n0 1 2\n', "it is a Sound of Praat"),
        (
            "a.TextGrid",
            '"ooTextFile"\n"TextGrid"\n0 1 <exists> 1\n"IntervalTier" "x" 0 1 1\n0',
            "broken off",
        ),
    ],
)
def test_broken_files_are_refused(name: str, text: str, message: str, tmp_path: Path) -> None:
    (path := tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(UsageError, match=message) as caught:
        read_annotations(path)
    assert str(path) in str(caught.value)
