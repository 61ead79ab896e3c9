"""Clips are the samples of their recordings, to the bit, under names that every system has."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from made_recordings import muxed

from panns_inference.audio import read
from panns_inference.audio.excerpts import excerpts
from panns_inference.cli import main
from panns_inference.clips import cut_out
from panns_inference.clips.names import names_of_clips, safe_name
from panns_inference.errors import UsageError
from panns_inference.events import Event
from panns_inference.formats.read import Row

RATE = 22_050
STEREO = np.random.default_rng(3).uniform(-1, 1, (5 * RATE, 2))
SPANS = ((0.0, 0.5), (0.25, 1.75), (0.5, 0.51), (3.999, 9.0))


def table(path: Path, *rows: Sequence[Any]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["filename", "onset", "offset", "event_label", "probability"])
        writer.writerows(rows)
    return path


def clips_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


def expected(samples: Any, rate: int, onset: float, offset: float) -> Any:
    return samples[max(0, round(onset * rate)) : round(offset * rate)]


EXACT = [
    ("wav", "PCM_16", "int16", "PCM_16"),
    ("wav", "PCM_24", "int32", "PCM_24"),
    ("wav", "PCM_32", "int32", "PCM_32"),
    ("wav", "FLOAT", "float32", "FLOAT"),
    ("wav", "DOUBLE", "float64", "DOUBLE"),
    ("wav", "PCM_U8", "int16", "PCM_U8"),
    ("wav", "ULAW", "int16", "PCM_16"),
    ("aiff", "PCM_S8", "int16", "PCM_U8"),
    ("flac", "PCM_24", "int32", "PCM_24"),
    ("rf64", "PCM_16", "int16", "PCM_16"),
    ("ogg", "VORBIS", "float32", "FLOAT"),
    ("mp3", "MPEG_LAYER_III", "float32", "FLOAT"),
    ("wav", "IMA_ADPCM", "float32", "FLOAT"),
]


@pytest.mark.parametrize(("form", "subtype", "kind", "of_clip"), EXACT)
def test_samples_are_those_of_the_recording(
    form: str, subtype: str, kind: str, of_clip: str, tmp_path: Path
) -> None:
    path = tmp_path / f"night.{form}"
    soundfile.write(path, STEREO, RATE, subtype=subtype, format=form)
    rows = [("night." + form, *span, "Dog", 0.5 + k / 10) for k, span in enumerate(SPANS)]
    report = cut_out(table(tmp_path / "events.csv", *rows), tmp_path / "out", margin=0.125)
    assert not report.failures
    samples, _ = soundfile.read(path, dtype=kind, always_2d=True)
    if form == "mp3":  # of which libsndfile gives other bits when it has sought
        samples = np.stack([read(path, RATE, channel=k) for k in (1, 2)], axis=1)
    for number, (onset, offset) in enumerate(SPANS):
        (clip,) = (tmp_path / "out" / "Dog").glob(f"{0.5 + number / 10:.2f}_*.wav")
        found, rate = soundfile.read(clip, dtype=kind, always_2d=True)
        assert (rate, soundfile.info(clip).subtype) == (RATE, of_clip)
        wanted = expected(samples, RATE, onset - 0.125, offset + 0.125)
        assert np.array_equal(found, wanted), (onset, offset)


def test_flac_holds_the_same_integers(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", STEREO, RATE, subtype="PCM_16")
    path = table(tmp_path / "events.csv", ("a.wav", 1, 2, "Dog", 0.5))
    (clip,) = cut_out(path, tmp_path / "out", form="flac").written
    assert soundfile.info(clip).format == "FLAC"
    samples, _ = soundfile.read(tmp_path / "a.wav", dtype="int16")
    assert np.array_equal(soundfile.read(clip, dtype="int16")[0], samples[RATE : 2 * RATE])


def test_a_film_counts_time_as_detection_does(tmp_path: Path) -> None:
    (tmp_path / "film.mkv").write_bytes(muxed(tmp_path, "film.mkv", "aac", video=True))
    path = table(tmp_path / "events.csv", ("film.mkv", 3, 4.5, "Dog", 0.5))
    (clip,) = cut_out(path, tmp_path / "out").written
    found, rate = soundfile.read(clip, dtype="float32")
    assert np.array_equal(found, read(tmp_path / "film.mkv", rate)[3 * rate : round(4.5 * rate)])


def test_what_is_cut_off_is_used_as_far_as_it_goes(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", STEREO, RATE, subtype="PCM_16")
    whole = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(whole[: len(whole) // 2])  # 2.5 s
    path = table(tmp_path / "t.csv", ("a.wav", 1, 2, "Dog", 0.5), ("a.wav", 3, 4, "Cat", 0.5))
    report = cut_out(path, tmp_path / "out")
    assert clips_in(tmp_path / "out") == ["Dog/0.50_a_1.00-2.00.wav"]
    (failure,) = report.failures
    assert "ends before 1 of its events" in failure.cause


def test_long_recordings_are_cut_block_by_block(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros((200_000, 1)), 8_000, subtype="PCM_16")
    found = list(excerpts(tmp_path / "a.wav", [(0.0, 25.0), (1.0, 2.0)]))
    assert [(part.number, len(part.samples), part.is_last) for part in found] == [
        (0, 1 << 16, False),
        (0, 1 << 16, False),
        (0, 1 << 16, False),
        (0, 200_000 - 3 * (1 << 16), True),
        (1, 8_000, True),
    ]


def test_names_sort_by_probability_and_are_possible_everywhere() -> None:
    row = Row("a/b:c/nul.wav", Event(1.0, 2.5, 'Dog <"1/2"> ', "", 0, 0.934, 0.5), channel=2)
    (name,) = names_of_clips([row], ".wav")
    assert name.as_posix() == "Dog __1_2__/0.93__nul.channel2_1.00-2.50.wav"
    names = ("con", "LPT1.old", "a.", "..", "", "\x07\u202ex", "日本" * 90, "犬", "a\udce9b")
    assert [safe_name(each) for each in names] == [
        "_con",
        "_LPT1.old",
        "a",
        "_",
        "_",
        "__x",
        "日本" * 20,
        "犬",
        "a_b",
    ]


def test_recordings_of_one_name_are_distinguished() -> None:
    event = Event(1.0, 2.0, "Dog", "", 0, 0.5, 0.5)
    rows = [Row(name, event) for name in ("n/1.wav", "s/1.WAV", "2.wav", "x_y/z.wav", "x/y_z.wav")]
    rows += [Row("2.wav", event)]
    names = [name.name for name in names_of_clips(rows, ".wav")]
    assert names[:2] == ["0.50_n_1_1.00-2.00.wav", "0.50_s_1_1.00-2.00.wav"]
    assert names[2] == names[5]  # the same event again
    assert names[3:5] == ["0.50_z_1.00-2.00.wav", "0.50_y_z_1.00-2.00.wav"]


def test_a_clip_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", STEREO, RATE)
    path = table(tmp_path / "t.csv", *(("a.wav", k, k + 1, "Dog", 0.5) for k in range(3)))
    own = tmp_path / "out" / "Dog" / "0.50_a_1.00-2.00.wav"
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    report = cut_out(path, tmp_path / "out")
    assert (len(report.written), report.n_there, report.failures) == (2, 1, [])
    assert own.read_text() == "mine"
    assert cut_out(path, tmp_path / "out").n_there == 3


@pytest.mark.parametrize(
    ("choice", "top", "names"),
    [
        ({}, 1, ["Bow-wow/0.30_a_3.00-4.00.wav", "Dog/0.80_a_1.00-2.00.wav"]),
        ({"classes": ["dog"]}, None, ["Dog/0.50_a_0.00-1.00.wav", "Dog/0.80_a_1.00-2.00.wav"]),
        ({"classes": ["/m/0bt9lr"], "min_probability": 0.6}, 9, ["Dog/0.80_a_1.00-2.00.wav"]),
        ({"exclude": ["DOG"]}, None, ["Bow-wow/0.30_a_3.00-4.00.wav"]),
        ({}, 0, []),
    ],
)
def test_events_are_chosen(
    choice: dict[str, Any], top: int | None, names: list[str], tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "a.wav", STEREO, RATE)
    rows = [(0, 1, "Dog", 0.5), (1, 2, "Dog", 0.8), (3, 4, "Bow-wow", 0.3)]
    path = table(tmp_path / "t.csv", *(("a.wav", *row) for row in rows))
    cut_out(path, tmp_path / "out", top=top, **choice)
    assert clips_in(tmp_path / "out") == names


def test_a_class_that_nobody_knows_is_named(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", ("a.wav", 0, 1, "Bow-wow", 0.5))
    for wanted, message in (("Bowwoww", "did you mean one of: Bow-wow"), ("/m/0", "no class has")):
        with pytest.raises(UsageError, match=message):
            cut_out(path, tmp_path / "out", classes=[wanted])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("named", "place"),
    [
        ("a.wav", "tables/a.wav"),
        ("north/a.wav", "tables/north/a.wav"),
        ("/elsewhere/rec/a.wav", "tables/rec/a.wav"),
        (r"D:\rec\north\a.wav", "tables/a.wav"),
        (r"n\udce9.wav", "tables/n\udce9.wav"),
    ],
)
def test_recordings_are_found_beside_their_table(named: str, place: str, tmp_path: Path) -> None:
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(tmp_path / "x.wav", STEREO, RATE)
    (tmp_path / "x.wav").rename(tmp_path / place)
    path = table(tmp_path / "tables" / "t.csv", (named, 0, 1, "Dog", 0.5))
    assert len(cut_out(path, tmp_path / "out").written) == 1
    (tmp_path / "t.csv").write_bytes(path.read_bytes())
    assert cut_out(tmp_path / "t.csv", tmp_path / "out").failures
    more = cut_out(tmp_path / "t.csv", tmp_path / "out", root=tmp_path / "tables")
    assert more.n_there == 1


def test_an_end_that_two_recordings_share_stands_for_none(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", STEREO, RATE)
    rows = [("north/a.wav", 0, 1, "Dog", 0.5), ("south/a.wav", 0, 1, "Dog", 0.5)]
    report = cut_out(table(tmp_path / "t.csv", *rows), tmp_path / "out")
    assert (len(report.failures), report.written) == (2, [])


def test_the_command_lists_what_is_missing_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    soundfile.write(tmp_path / "a.wav", STEREO, RATE)
    rows = [(name, k, k + 1, "Dog", 0.5) for name in ("a.wav", "b.wav") for k in range(3)]
    path = table(tmp_path / "t.csv", *rows)
    status = main(["clips", str(path), "-o", str(tmp_path / "out"), "--margin", "0.1"])
    lines = capsys.readouterr().err.splitlines()
    assert status == 1
    assert [line.count("'b.wav': no such file") for line in lines] == [1, 0]
    assert lines[1] == f"panns: 3 clips written to {tmp_path / 'out'}"
    assert len(clips_in(tmp_path / "out")) == 3


def test_one_clip_is_no_plural(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    soundfile.write(tmp_path / "a.wav", STEREO, RATE)
    path = table(tmp_path / "t.csv", ("a.wav", 0, 1, "Dog", 0.5))
    assert main(["clips", str(path), "-o", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().err == f"panns: 1 clip written to {tmp_path / 'out'}\n"


def test_what_a_format_cannot_hold_is_a_failure(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros((8_000, 9)), 8_000)
    path = table(tmp_path / "t.csv", ("a.wav", 0, 1, "Dog", 0.5))
    (failure,) = cut_out(path, tmp_path / "out", form="flac").failures
    assert "0.50_a_0.00-1.00.flac cannot be written as flac" in failure.cause
    assert clips_in(tmp_path / "out") == []
    assert len(cut_out(path, tmp_path / "out").written) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="there are no limits of this kind")
def test_a_full_disk_leaves_no_half_clip(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", STEREO, RATE)
    path = table(tmp_path / "t.csv", ("a.wav", 0, 4, "Dog", 0.5))
    code = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
from panns_inference.cli import main
sys.exit(main(["clips", sys.argv[1], "-o", sys.argv[2]]))
"""
    command = [sys.executable, "-c", code, str(path), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "0.50_a_0.00-4.00.wav cannot be written: File too large" in line
    assert [*(tmp_path / "out" / "Dog").iterdir()] == []


def test_a_folder_that_cannot_be_made_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    soundfile.write(tmp_path / "a.wav", STEREO, RATE)
    (tmp_path / "out").write_text("a file")
    path = table(tmp_path / "t.csv", ("a.wav", 0, 1, "Dog", 0.5))
    assert main(["clips", str(path), "-o", str(tmp_path / "out")]) == 1
    assert "cannot be written: Not a directory" in capsys.readouterr().err
