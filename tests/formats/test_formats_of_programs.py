"""Formats of programs that show sounds with times, read back by somebody else."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import crowsetta
import numpy as np
import pandas
import parselmouth
import pytest
import srt
from pyannote.database.util import load_rttm
from pympi.Elan import Eaf
from some_results import EVENTS, detection, tagging, text_of, written

from panns_inference import __version__

praat = parselmouth.praat.call


def test_audacity_in_crowsetta(tmp_path: Path) -> None:
    path = written("audacity", tmp_path, detection())
    track = crowsetta.formats.seq.AudSeq.from_file(path)
    assert list(zip(track.labels, track.start_times, track.end_times, strict=True)) == [
        ("Speech 0.900", 0.0, 1.25),
        ("Male speech, man speaking 0.812", 0.5, 4.07),
        ("Speech 0.500", 2.0, 2.01),
        ("Speech 0.750", 6.99, 7.0),
    ]


# crowsetta calls pandas in a way that pandas 3.1 warns of.
@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_raven_in_crowsetta(tmp_path: Path) -> None:
    path = written("raven", tmp_path, detection())
    boxes = crowsetta.formats.bbox.Raven.from_file(path).to_bbox()
    assert [(box.label, box.onset, box.offset) for box in boxes] == [
        (label, onset, offset) for label, _, onset, offset, _ in EVENTS
    ]
    assert {(box.low_freq, box.high_freq) for box in boxes} == {(50.0, 14000.0)}
    frame = pandas.read_csv(path, sep="\t")
    assert frame["Selection"].tolist() == [1, 2, 3, 4]
    assert frame["Confidence"].tolist() == [each[4] for each in EVENTS]
    assert set(frame["View"]) == {"Spectrogram 1"}
    assert set(frame["Channel"]) == {1}
    assert set(frame["Begin File"]) == {"first day.flac"}


def test_rttm_in_pyannote(tmp_path: Path) -> None:
    path = written("rttm", tmp_path, detection(), detection(EVENTS[:1], None))
    found = load_rttm(path)
    assert sorted(found) == ["street/first%20day.flac", "unnamed"]
    turns = [
        (segment.start, segment.end, label)
        for segment, _, label in found["street/first%20day.flac"].itertracks(yield_label=True)
    ]
    assert [each[2] for each in turns] == [each[0].replace(" ", "_") for each in EVENTS]
    times = [(onset, offset) for _, _, onset, offset, _ in EVENTS]
    np.testing.assert_allclose([each[:2] for each in turns], times, atol=1e-9)
    lines = path.read_text().splitlines()
    assert {len(line.split(" ")) for line in lines} == {10}
    assert [float(line.split()[8]) for line in lines[:4]] == [each[4] for each in EVENTS]


def test_srt_in_srt(tmp_path: Path) -> None:
    events = [*EVENTS, ("Speech", 0, 359_999.9994, 360_000.5, 0.5)]
    text = written("srt", tmp_path, detection(events)).read_text()
    subtitles = list(srt.parse(text))
    assert [each.index for each in subtitles] == [1, 2, 3, 4, 5]
    assert [each.content for each in subtitles] == [each[0] for each in events]
    starts = [each.start.total_seconds() for each in subtitles]
    ends = [each.end.total_seconds() for each in subtitles]
    assert starts == [0.0, 0.5, 2.0, 6.99, 359_999.999]
    assert ends == [1.25, 4.07, 2.01, 7.0, 360_000.5]
    assert srt.compose(subtitles, reindex=False) == text


def test_a_subtitle_takes_time(tmp_path: Path) -> None:
    (subtitle,) = srt.parse(text_of("srt", detection([("Speech", 0, 6.9999, 7.0, 0.5)])))
    assert (subtitle.end - subtitle.start).total_seconds() == pytest.approx(0.001)


def read_in_praat(path: Path) -> dict[str, list[tuple[float, float, str]]]:
    grid = parselmouth.read(str(path))
    assert grid.xmin == 0
    tiers: dict[str, list[tuple[float, float, str]]] = {}
    for tier in range(1, int(praat(grid, "Get number of tiers")) + 1):
        tiers[praat(grid, "Get tier name", tier)] = [
            (
                praat(grid, "Get start time of interval", tier, i),
                praat(grid, "Get end time of interval", tier, i),
                praat(grid, "Get label of interval", tier, i),
            )
            for i in range(1, int(praat(grid, "Get number of intervals", tier)) + 1)
        ]
        assert tiers[praat(grid, "Get tier name", tier)][0][0] == 0
        assert tiers[praat(grid, "Get tier name", tier)][-1][1] == grid.xmax
    return tiers


def test_textgrid_in_praat(tmp_path: Path) -> None:
    speech = "Speech"
    man = "Male speech, man speaking"
    assert read_in_praat(written("textgrid", tmp_path, detection())) == {
        speech: [
            (0.0, 1.25, speech),
            (1.25, 2.0, ""),
            (2.0, 2.01, speech),
            (2.01, 6.99, ""),
            (6.99, 7.0, speech),
        ],
        man: [(0.0, 0.5, ""), (0.5, 4.07, man), (4.07, 7.0, "")],
    }


def test_textgrid_of_touching_events_in_praat(tmp_path: Path) -> None:
    # The gap and the last event are shorter than the decimals that are written.
    events = [
        ("Speech", 0, 1.0, 2.0, 0.5),
        ("Speech", 0, 2.0000001, 3.0, 0.5),
        ("Speech", 0, 6.9999999, 7.0, 0.5),
    ]
    assert read_in_praat(written("textgrid", tmp_path, detection(events))) == {
        "Speech": [(0.0, 1.0, ""), (1.0, 2.0, "Speech"), (2.0, 3.0, "Speech"), (3.0, 7.0, "")]
    }


def test_textgrid_of_a_recording_without_events_in_praat(tmp_path: Path) -> None:
    path = written("textgrid", tmp_path, detection(()))
    assert read_in_praat(path) == {"events": [(0.0, 7.0, "")]}


@pytest.mark.parametrize("name", ["audacity", "raven", "rttm", "textgrid", "srt", "eaf"])
def test_tags_last_as_long_as_their_recording(name: str, tmp_path: Path) -> None:
    tags = tagging().top(2)
    as_events = [(tag.label, tag.index, 0.0, 7.0, tag.probability) for tag in tags]
    assert text_of(name, tagging(), top=2) == text_of(name, detection(as_events))
    assert text_of(name, tagging(), threshold=0.6) == text_of(name, detection(as_events))


@pytest.mark.parametrize("label", ['a "quoted" bell', '"', "Straße ♪", "a\tb\nc", "!x"])
def test_peculiar_labels_in_praat(label: str, tmp_path: Path) -> None:
    shown = label.replace("\t", " ").replace("\n", " ")
    path = written("textgrid", tmp_path, detection([(label, 3, 1.0, 2.0, 0.5)]))
    assert read_in_praat(path) == {shown: [(0.0, 1.0, ""), (1.0, 2.0, shown), (2.0, 7.0, "")]}


def read_in_pympi(path: Path) -> dict[str, list[tuple[int, int, str]]]:
    document = Eaf(path)
    slots = list(document.timeslots.values())
    assert slots == sorted(slots)
    return {
        name: [tuple(each) for each in document.get_annotation_data_for_tier(name)]
        for name in document.get_tier_names()
    }


def test_eaf_in_pympi(tmp_path: Path) -> None:
    path = written("eaf", tmp_path, detection())
    speech = "Speech"
    man = "Male speech, man speaking"
    assert read_in_pympi(path) == {
        speech: [(0, 1250, speech), (2000, 2010, speech), (6990, 7000, speech)],
        man: [(500, 4070, man)],
    }
    document = Eaf(path)
    assert document.adocument["FORMAT"] == document.adocument["VERSION"] == "3.0"
    assert document.adocument["AUTHOR"] == f"panns_inference {__version__}"
    assert document.header == {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"}
    assert document.media_descriptors == [
        {
            "MEDIA_URL": f"file://{Path.cwd().as_posix()}/street/first day.flac",
            "MIME_TYPE": "audio/*",
            "RELATIVE_MEDIA_URL": "./first day.flac",
        }
    ]
    # Written by the other program too, it says the same.
    again = tmp_path / "again.eaf"
    document.to_file(again)
    assert read_in_pympi(again) == read_in_pympi(path)


def test_eaf_of_samples_and_of_a_wav_file_in_pympi(tmp_path: Path) -> None:
    assert Eaf(written("eaf", tmp_path, detection(source=None))).media_descriptors == []
    (descriptor,) = Eaf(
        written("eaf", tmp_path, detection(source="/a/Straße & <1>.WAV"))
    ).media_descriptors
    assert descriptor == {
        "MEDIA_URL": "file:///a/Straße & <1>.WAV",
        "MIME_TYPE": "audio/x-wav",
        "RELATIVE_MEDIA_URL": "./Straße & <1>.WAV",
    }


def test_eaf_of_a_recording_without_events_in_pympi(tmp_path: Path) -> None:
    assert read_in_pympi(written("eaf", tmp_path, detection(()))) == {}


def test_parts_of_eaf_are_in_the_order_of_its_schema(tmp_path: Path) -> None:
    document = ElementTree.parse(written("eaf", tmp_path, detection())).getroot()
    assert [each.tag for each in document] == [
        "HEADER", "TIME_ORDER", "TIER", "TIER", "LINGUISTIC_TYPE",
    ]  # fmt: skip
    assert {"AUTHOR", "DATE", "VERSION"} <= set(document.attrib)
    kinds = {each.get("LINGUISTIC_TYPE_REF") for each in document.iter("TIER")}
    (kind,) = document.iter("LINGUISTIC_TYPE")
    assert kinds == {kind.get("LINGUISTIC_TYPE_ID")}
    names = [each.get("ANNOTATION_ID") for each in document.iter("ALIGNABLE_ANNOTATION")]
    names += [each.get("TIME_SLOT_ID") for each in document.iter("TIME_SLOT")]
    assert len(set(names)) == len(names) == 4 + 8


def test_tiers_of_eaf_have_names_of_their_own(tmp_path: Path) -> None:
    events = [
        ("Bell", 3, 1.0, 2.0, 0.5),
        ("Bell", 4, 1.0, 3.0, 0.5),
        ("", 5, 1.0, 2.0, 0.5),
        ("a\x00\ufffeb\n", 6, 1.0, 2.0, 0.5),
    ]
    assert read_in_pympi(written("eaf", tmp_path, detection(events))) == {
        "Bell": [(1000, 2000, "Bell")],
        "Bell (4)": [(1000, 3000, "Bell")],
        "unnamed": [(1000, 2000, "")],
        "a  b ": [(1000, 2000, "a  b ")],
    }


def test_annotations_of_eaf_take_time_and_do_not_overlap(tmp_path: Path) -> None:
    events = [
        ("Speech", 0, 1.0, 2.0004, 0.5),
        ("Speech", 0, 2.0004, 2.00041, 0.5),
        ("Speech", 0, 2.00042, 3.0, 0.5),
        ("Speech", 0, 6.9999, 7.0, 0.5),
    ]
    assert read_in_pympi(written("eaf", tmp_path, detection(events))) == {
        "Speech": [
            (1000, 2000, "Speech"),
            (2000, 2001, "Speech"),
            (2001, 3000, "Speech"),
            (7000, 7001, "Speech"),
        ]
    }
