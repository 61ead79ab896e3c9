"""When a recording began: by its name, by its header, and by which of them where they differ."""

from __future__ import annotations

import io
import os
import struct
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import made_headers
import numpy as np
import pytest
import soundfile
from made_headers import RATE, bext, chunk, comment, guano, wamd, wav

from panns_inference import UsageError, recording_start
from panns_inference.audio.clock import after, from_text, to_text
from panns_inference.errors import AudioTypeError

MORNING = datetime(2024, 5, 1, 5, 30)
UTC = timezone.utc


def east(hours: float) -> timezone:
    return timezone(timedelta(hours=hours))


NAMES = {
    "20240501_053000.WAV": MORNING,
    "20240501_053000T.WAV": MORNING,
    "24E144085F256349_20240501_053000.WAV": MORNING,
    "5A8B3C10.WAV": datetime.fromtimestamp(0x5A8B3C10, UTC),
    "5a8b3c10.wav": datetime.fromtimestamp(0x5A8B3C10, UTC),
    "S4A00000_20240501_053000.wav": MORNING,
    "S4A00000_0+1_20240501_053000.wav": MORNING,
    "S4A00000_-_20240501_053000.wav": MORNING,
    "S4A00000_0+1_20240501$053000.wav": MORNING,
    "S4A00000_20240501_053000_000.wav": MORNING,
    "SMM01234_20240501_053000.wav": MORNING,
    "20240501-053000.wav": MORNING,
    "20240501053000.wav": MORNING,
    "garden 20240501 053000 left.wav": MORNING,
    "garden.20240501_053000": MORNING,
    "REC_20240501_053000123.m4a": MORNING.replace(microsecond=123_000),
    "SITE_240501_053000.x.wav": MORNING,
    "240501-053000.wav": MORNING,
    "2024-05-01T05-30-00Z.wav": MORNING.replace(tzinfo=UTC),
    "2024-05-01T05:30:00.250+02:00.wav": MORNING.replace(microsecond=250_000, tzinfo=east(2)),
    "2024-05-01T05-30.wav": MORNING,
    "2024-05-01 05.30.00.wav": MORNING,
    "2024-05-01 05.30.00": MORNING,
    "2024_05_01_05_30_00.wav": MORNING,
    "20240501T053000+0200.wav": MORNING.replace(tzinfo=east(2)),
    "20240501T053000-0330_REC.flac": MORNING.replace(tzinfo=east(-3.5)),
    "20240501T0530Z.flac": MORNING.replace(tzinfo=UTC),
    "S20240501T053000+1000_E20240501T062955+1000_+40.5-105.1.flac": MORNING.replace(
        tzinfo=east(10)
    ),
    "Screen Recording 2024-05-01 at 5.30.00\u202fPM.mov": MORNING.replace(hour=17),
    "Screen Recording 2024-05-01 at 12.30.00 AM.mov": MORNING.replace(hour=0),
    "Eurasian_Wren-85-2024-05-01-birdnet-05:30:00.wav": MORNING,
    "5146.240501053000.wav": MORNING,
    # A number behind the time is no difference to UTC.
    "20240501_053000-0100.wav": MORNING,
    "20240501T053000-0001.wav": MORNING,
    "day 20240501_053000 copied 20240501_053000.wav": MORNING,
}

NO_TIME = [
    "",
    "street.flac",
    "240501_001.wav",
    "240501_0001.wav",
    "20240501.wav",
    "2024-05-01.wav",
    "20240501_0001.wav",
    "2024-05-01-12345.wav",
    "20241301_053000.wav",
    "20240230_053000.wav",
    "20240501_243000.wav",
    "20240501_053060.wav",
    "2024-05-01 at 13.30.00 PM.wav",
    "19700101_000012.WAV",
    "99991231_053000.wav",
    "12345678901234.wav",
    "920240501_0530001.wav",
    "123456_789012.wav",
    "20240501T053000+2500.wav",
    "20240501_053000_20240502_053000.wav",
    # Names of eight digits: a number, a date, one beyond the years of AudioMoth, a word.
    "60012345.wav",
    "DEADBEEF.wav",
    "0000001A.WAV",
    "ACE.wav",
]


@pytest.mark.parametrize(("name", "start"), NAMES.items())
def test_names_as_recorders_write_them(name: str, start: datetime) -> None:
    found = recording_start(f"/mnt/20200101_000000/{name}")
    assert found == start
    assert found.tzinfo == start.tzinfo


@pytest.mark.parametrize("name", NO_TIME)
def test_names_that_tell_no_time(name: str) -> None:
    assert recording_start(name) is None


HEADERS = {
    "GUANO": (guano("2024-05-01T05:30:00.500+02:00"), "2024-05-01T05:30:00.500000+02:00"),
    "GUANO in UTC": (guano("2024-05-01T05:30:00Z"), "2024-05-01T05:30:00+00:00"),
    "GUANO without a zone": (guano("2024-05-01T05:30:00"), "2024-05-01T05:30:00"),
    "GUANO with a space": (guano("2024-05-01 05:30:00 +0200"), "2024-05-01T05:30:00+02:00"),
    "SM4": (wamd("2024-05-01 05:30:00-05:00"), "2024-05-01T05:30:00-05:00"),
    "SM4 without a colon": (wamd("2024-05-01 05:30:00+1000"), "2024-05-01T05:30:00+10:00"),
    "SM3": (wamd("2024-05-01 05:30:00.250"), "2024-05-01T05:30:00.250000"),
    "AudioMoth": (
        comment(
            "Recorded at 05:30:00 01/05/2024 (UTC+2) by AudioMoth 24E144085F256349 at medium gain "
            "setting while battery state was 4.2V and temperature was 12.3C."
        ),
        "2024-05-01T05:30:00+02:00",
    ),
    "AudioMoth in UTC": (
        comment("Recorded at 05:30:00 01/05/2024 (UTC) by AudioMoth 24E1"),
        "2024-05-01T05:30:00+00:00",
    ),
    "AudioMoth, half an hour": (
        comment("Recorded at 05:30:00.123 01/05/2024 (UTC-3:30) by AudioMoth 24E1"),
        "2024-05-01T05:30:00.123000-03:30",
    ),
    "first AudioMoths": (
        comment("Recorded at 05:30:00 01/05/2024 by AudioMoth 24E1 at gain setting 2"),
        "2024-05-01T05:30:00",
    ),
    "bext": (bext("2024-05-01", "05:30:00"), "2024-05-01T05:30:00"),
    "bext with other signs": (bext("2024_05_01", "05-30-00"), "2024-05-01T05:30:00"),
    "bext with a part of a second": (
        bext("2024-05-01", "05:30:00", 19_800 * RATE + RATE // 4),
        "2024-05-01T05:30:00.250000",
    ),
    "bext with a time code": (
        bext("2024-05-01", "05:30:00", 36_000 * RATE),
        "2024-05-01T05:30:00",
    ),
    "bext with a date and a reference": (
        bext("2024-05-01", "", 19_800 * RATE),
        "2024-05-01T05:30:00",
    ),
}


@pytest.mark.parametrize("place", ["before", "behind"])
@pytest.mark.parametrize(("header", "start"), HEADERS.values(), ids=HEADERS)
def test_headers_as_recorders_write_them(
    tmp_path: Path, header: bytes, start: str, place: str
) -> None:
    path = tmp_path / "ZOOM0001.WAV"
    wav(path, header) if place == "before" else wav(path, behind=header)
    found = recording_start(path)
    assert found is not None
    assert found.isoformat() == start


NOT_A_TIME = {
    "no month": guano("2024-13-01T05:30:00"),
    "no date": wamd("05:30:00"),
    "nothing": guano(""),
    "another comment": comment("Recorded in the garden"),
    "no day": comment("Recorded at 05:30:00 31/02/2024 (UTC) by AudioMoth 24E1"),
    "empty bext": bext("", ""),
    "zeros": bext("0000-00-00", "00:00:00"),
    "date alone": bext("2024-05-01", ""),
    "clock never set": bext("1970-01-01", "00:00:10"),
    "cut bext": chunk(b"bext", b"short"),
    "cut wamd": chunk(b"wamd", struct.pack("<HI", 1, 1 << 31)),
    "not text": chunk(b"guan", b"\xff\xfe\x00Timestamp: \xff"),
}


@pytest.mark.parametrize("header", NOT_A_TIME.values(), ids=NOT_A_TIME)
def test_a_header_without_a_possible_time_leaves_it_to_the_name(
    tmp_path: Path, header: bytes
) -> None:
    assert recording_start(wav(tmp_path / "ZOOM0001.WAV", header)) is None
    assert recording_start(wav(tmp_path / "20240501_053000.WAV", header)) == MORNING


def test_the_first_source_that_tells_a_time_counts(tmp_path: Path) -> None:
    headers = [
        guano("2024-05-01T01:00:00"),
        wamd("2024-05-01 02:00:00"),
        comment("Recorded at 03:00:00 01/05/2024 (UTC) by AudioMoth 24E1"),
        bext("2024-05-01", "04:00:00"),
    ]
    hours = []
    for first in range(len(headers) + 1):
        path = wav(tmp_path / "20240501_050000.WAV", *reversed(headers[first:]))
        found = recording_start(path)
        hours.append(found and found.hour)
    assert hours == [1, 2, 3, 4, 5]


def test_headers_of_other_forms(tmp_path: Path) -> None:
    wide = wav(tmp_path / "x.wav", bext("2024-05-01", "05:30:00", 0, ">"), form=b"RIFX")
    assert recording_start(wide) == MORNING
    # The size of the samples is in the chunk ds64, and their own is 2^32 - 1.
    long_size = chunk(b"ds64", struct.pack("<QQQI", 0, len(made_headers.SAMPLES), RATE, 0))
    path = wav(tmp_path / "long.wav", behind=guano("2024-05-01T05:30:00"))
    raw = path.read_bytes().replace(b"RIFF", b"RF64", 1)
    data = raw.index(b"data")
    raw = raw[:12] + long_size + raw[12 : data + 4] + b"\xff" * 4 + raw[data + 8 :]
    path.write_bytes(raw)
    assert recording_start(path) == MORNING


@pytest.mark.parametrize("kind", ["flac", "ogg", "aiff"])
def test_comments_of_an_audiomoth_that_were_converted(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"x.{kind}"
    with soundfile.SoundFile(path, "w", RATE, 1) as sound:
        sound.comment = "Recorded at 05:30:00 01/05/2024 (UTC+2) by AudioMoth 24E1"
        sound.write(np.zeros(RATE))
    assert recording_start(path) == MORNING.replace(tzinfo=east(2))


def test_a_recording_that_lost_power_and_files_that_are_none(tmp_path: Path) -> None:
    path = wav(tmp_path / "x.wav", guano("2024-05-01T05:30:00"))
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2])
    assert recording_start(path) == MORNING
    for content in (b"", b"RIFF", b"RIFF\0\0\0\0WAVE" + bytes(5000), os.urandom(3000)):
        path.write_bytes(content)
        assert recording_start(path) is None
    assert recording_start(tmp_path) is None


def test_open_files_stay_where_they_were(tmp_path: Path) -> None:
    file = io.BytesIO(b"tag" + wav(tmp_path / "x.wav", guano("2024-05-01T05:30:00")).read_bytes())
    file.seek(3)
    assert recording_start(file) == MORNING
    assert file.tell() == 3


def test_whatever_a_recording_is_given_as(tmp_path: Path) -> None:
    raw = wav(tmp_path / "x.wav", guano("2024-05-01T05:30:00")).read_bytes()
    assert recording_start(raw) == MORNING
    assert recording_start({"audio": {"bytes": raw, "path": None}}) == MORNING
    assert recording_start({"path": "20240501_053000.wav", "array": [0.0], "rate": 1}) == MORNING
    assert recording_start(np.zeros(5)) is None
    with pytest.raises(AudioTypeError, match="no recording"):
        recording_start(None)  # type: ignore[arg-type]


def test_a_pipe_is_left_alone() -> None:
    reader, writer = os.pipe()
    with open(reader, "rb") as file, open(writer, "wb") as end:
        end.write(b"RIFF....")
        end.flush()
        assert recording_start(file) is None
        end.close()
        assert file.read() == b"RIFF...."


PATTERNS = [
    ("%Y%m%d_%H%M%S", "SITE9_20240501_053000.wav", MORNING),
    ("%d.%m.%y %Hh%M", "day 01.05.24 05h30.wav", MORNING),
    ("%d%b%Y-%I%M%p", "01May2024-0530AM.wav", MORNING),
    ("%Y-%m-%d/%H-%M-%S", "2024-05-01/05-30-00.wav", MORNING),
    ("%y%j%H%M%z", "x241220530+0200.wav", MORNING.replace(tzinfo=east(2))),
    ("%Y%m%d", "all day 20240501.wav", MORNING.replace(hour=0, minute=0)),
    ("REC%Y%m%d%H%M", "20200101_000000_REC202405010530.wav", MORNING),
    ("%Y%m%d_%H%M%S", "20240501_250000_20240501_053000.wav", MORNING),
    ("100%%_%Y%m%d_%H%M", "100%_20240501_0530.wav", MORNING),
    ("%Y%m%d_%H%M%S", "20241301_053000.wav", None),
    ("%Y_%m_%d_%H", "20240501_053000.wav", None),
]


@pytest.mark.parametrize(("pattern", "name", "start"), PATTERNS)
def test_patterns_of_ones_own(pattern: str, name: str, start: datetime | None) -> None:
    assert recording_start(name, pattern=pattern) == start


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("%H%M%S", "states no date"),
        ("%m%d%H", "states no date"),
        ("%Y%m%d%Q", "%Q in the pattern .* is none of %Y"),
        ("%Y%m%d%", "is none of"),
        ("YYYYMMDD", "states no date"),
    ],
)
def test_patterns_that_cannot_be(pattern: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        recording_start("x.wav", pattern=pattern)


def test_a_time_zone_is_that_of_times_without_one() -> None:
    found = recording_start("20240501_053000.wav", time_zone="Europe/Berlin")
    assert found is not None
    assert found.isoformat() == "2024-05-01T05:30:00+02:00"
    found = recording_start("2024-05-01T05-30-00Z.wav", time_zone="Europe/Berlin")
    assert found is not None
    assert found.isoformat() == "2024-05-01T07:30:00+02:00"
    for name in ("+02:00", "+2", "UTC+2", "+0200"):
        found = recording_start("20240501_053000.wav", time_zone=name)
        assert found == MORNING.replace(tzinfo=east(2))
    assert recording_start("20240501_053000.wav", time_zone="utc") == MORNING.replace(tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Berlin", "+25:00", "+02:75", ""])
def test_time_zones_that_are_none(zone: str) -> None:
    with pytest.raises(UsageError, match=r"did you mean|such as \+02:00|is like it"):
        recording_start("x.wav", time_zone=zone)


def test_times_that_no_clock_showed_or_that_came_twice() -> None:
    assert recording_start("20240331_023000.wav", time_zone="Europe/Berlin") is None
    twice = recording_start("20241027_023000.wav", time_zone="Europe/Berlin")
    assert twice is not None
    assert twice.isoformat() == "2024-10-27T02:30:00+02:00"


def test_seconds_pass_while_clocks_are_changed() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    before = datetime(2024, 3, 31, 1, 59, 30, tzinfo=berlin)
    assert after(before, 60).isoformat() == "2024-03-31T03:00:30+02:00"
    before = datetime(2024, 10, 27, 2, 59, 30, tzinfo=berlin)
    assert after(before, 60).isoformat() == "2024-10-27T02:00:30+01:00"
    assert after(datetime(2024, 3, 31, 1, 59, 30), 60) == datetime(2024, 3, 31, 2, 0, 30)


@pytest.mark.parametrize(
    "moment",
    [
        MORNING,
        MORNING.replace(tzinfo=UTC, microsecond=5),
        MORNING.replace(tzinfo=ZoneInfo("Europe/Berlin")),
        datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")),
    ],
)
def test_texts_keep_the_time_zone(moment: datetime) -> None:
    back = from_text(to_text(moment))
    assert back.isoformat() == moment.isoformat()
    assert str(back.tzinfo) == str(moment.tzinfo)
