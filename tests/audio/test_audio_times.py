"""Sound stands where the time stamps of its film or recording say."""

from __future__ import annotations

import io
import logging
import warnings
from pathlib import Path

import av
import numpy as np
import pytest
from made_films import (
    BURSTS,
    CODECS,
    film,
    late,
    late_with_gap,
    on_time,
    onsets,
    sound_packets,
    very_late,
    with_gap,
)
from numpy.typing import NDArray

from panns_inference.audio import blocks, read
from panns_inference.errors import AudioError, AudioWarning

PRIMING = 0.03
"""Seconds that an encoder puts before the sound where a container cannot say so."""

FILMS = [name for name, (_, pictures, _) in CODECS.items() if pictures]


def by_ffmpeg(path: Path, rate: int, track: int = 0) -> NDArray[np.float32]:
    """The waveform of the filter `aresample=async=1:first_pts=0`, on the clock of the film."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[track]
        start = (container.start_time or 0) / 1_000_000
        frames = list(container.decode(stream))
        graph = av.filter.Graph()
        source = graph.add_abuffer(
            sample_rate=frames[0].sample_rate,
            format=frames[0].format.name,
            layout=frames[0].layout.name,
            time_base=frames[0].time_base,
        )
        placed = graph.add("aresample", f"async=1:first_pts=0:out_sample_rate={rate}")
        as_float = graph.add("aformat", "sample_fmts=flt:channel_layouts=mono")
        sink = graph.add("abuffersink")
        for one, other in ((source, placed), (placed, as_float), (as_float, sink)):
            one.link_to(other)
        graph.configure()
        found: list[NDArray[np.float32]] = []
        for frame in (*frames, None):
            if frame is not None:
                frame.pts = round(frame.pts - start / frame.time_base)
            source.push(frame)
            while True:
                try:
                    found.append(sink.pull().to_ndarray()[0])
                except (av.BlockingIOError, av.EOFError):
                    break
    return np.concatenate(found)


@pytest.mark.parametrize("kind", FILMS)
def test_a_track_that_begins_later_than_its_film_comes_later(tmp_path: Path, kind: str) -> None:
    rate = CODECS[kind][2]
    path = film(tmp_path / f"film.{kind}", late)
    waveform = read(path, rate, strict=True)
    assert onsets(waveform, rate) == pytest.approx([t + 3 for t in BURSTS], abs=PRIMING)
    assert len(waveform) / rate == pytest.approx(9, abs=2 * PRIMING)
    assert np.abs(waveform[: int(2.9 * rate)]).max() == 0


@pytest.mark.parametrize("kind", ["ts", "mpg", "mkv", "mp4"])
def test_a_track_may_begin_long_after_its_film(tmp_path: Path, kind: str) -> None:
    waveform = read(film(tmp_path / f"film.{kind}", very_late), 48_000, strict=True)
    assert onsets(waveform, 48_000) == pytest.approx([t + 20 for t in BURSTS], abs=PRIMING)


@pytest.mark.parametrize("kind", CODECS)
def test_a_gap_in_the_time_stamps_is_silence(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "panns_inference")
    rate = CODECS[kind][2]
    path = film(tmp_path / f"film.{kind}", with_gap)
    waveform = read(path, rate, strict=True)
    # The packet before the gap holds the first milliseconds of the burst at 2 s.
    heard = [time for time in onsets(waveform, rate) if not 1.9 < time < 4.1]
    assert heard == pytest.approx([0, 1, 5], abs=0.06)
    assert len(waveform) / rate == pytest.approx(6, abs=0.1)
    assert np.abs(waveform[int(2.2 * rate) : int(3.9 * rate)]).max() == 0
    (line,) = [message for message in caplog.messages if "film." in message]
    assert "has no sound from 2.0" in line


@pytest.mark.parametrize("kind", FILMS)
def test_a_late_track_may_have_gaps(tmp_path: Path, kind: str) -> None:
    rate = CODECS[kind][2]
    path = film(tmp_path / f"film.{kind}", late_with_gap)
    waveform = read(path, rate, strict=True)
    heard = [time for time in onsets(waveform, rate) if not 4.9 < time < 7.1]
    assert heard == pytest.approx([3, 4, 8], abs=PRIMING)
    assert len(waveform) / rate == pytest.approx(9, abs=2 * PRIMING)


@pytest.mark.parametrize("kind", CODECS)
@pytest.mark.parametrize("stamps", [on_time, late, with_gap, late_with_gap])
def test_samples_are_where_ffmpeg_has_them(tmp_path: Path, kind: str, stamps: object) -> None:
    rate = CODECS[kind][2]
    path = film(tmp_path / f"film.{kind}", stamps)  # type: ignore[arg-type]
    expected, waveform = by_ffmpeg(path, rate), read(path, rate, strict=True)
    assert abs(len(waveform) - len(expected)) <= 1
    n_samples = min(len(waveform), len(expected)) - 2
    # Half a sample is rounded up here, and down there.
    differences = [waveform[1:][:n_samples] - expected[lag:][:n_samples] for lag in (0, 1, 2)]
    assert min(np.abs(difference).max() for difference in differences) < 1e-4


def test_frames_without_a_container_may_change_their_rate(tmp_path: Path) -> None:
    content = b""
    for rate in (22_050, 44_100, 22_050):
        with av.open(str(tmp_path / "part.aac"), "w") as container:
            stream = container.add_stream("aac", rate=rate, layout="mono")
            for packet in sound_packets(stream, on_time, rate):
                container.mux(packet)
        content += (tmp_path / "part.aac").read_bytes()
    waveform = read(io.BytesIO(content), 48_000, strict=True)
    expected = [time + start for start in (0, 6.1, 12.15) for time in BURSTS]
    assert onsets(waveform, 48_000) == pytest.approx(expected, abs=0.1)


def test_a_film_may_begin_just_before_its_clock_begins_anew(tmp_path: Path) -> None:
    path, wrapping = film(tmp_path / "film.ts", late), tmp_path / "wrapping.ts"
    offset = {"output_ts_offset": str(2**33 // 90_000 - 4)}  # 4 s before the end of its 33 bits
    with av.open(str(path)) as given, av.open(str(wrapping), "w", container_options=offset) as copy:
        streams = [copy.add_stream_from_template(stream) for stream in given.streams]
        for packet in given.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                copy.mux(packet)
    waveform = read(wrapping, 48_000, strict=True)
    assert onsets(waveform, 48_000) == pytest.approx([t + 3 for t in BURSTS], abs=PRIMING)


@pytest.mark.parametrize("kind", ["m4a", "mp4", "mkv"])
def test_the_start_is_that_of_the_track_that_begins_first(tmp_path: Path, kind: str) -> None:
    path = film(tmp_path / f"film.{kind}", on_time, late, pictures=False)
    assert onsets(read(path, 48_000, track=1), 48_000) == pytest.approx(BURSTS, abs=PRIMING)
    second = onsets(read(path, 48_000, track=2), 48_000)
    assert second == pytest.approx([t + 3 for t in BURSTS], abs=PRIMING)


@pytest.mark.parametrize("kind", ["m4a", "mkv", "webm", "ts"])
def test_a_recording_begins_with_its_sound(tmp_path: Path, kind: str) -> None:
    path = film(tmp_path / f"recording.{kind}", late, pictures=False)
    assert onsets(read(path, 48_000, strict=True), 48_000) == pytest.approx(BURSTS, abs=PRIMING)


@pytest.mark.parametrize("kind", ["mp4", "mov", "m4a", "3gp", "mkv", "webm"])
def test_priming_of_an_encoder_is_no_sound(tmp_path: Path, kind: str) -> None:
    path = film(tmp_path / f"film.{kind}", on_time)
    waveform = read(path, 48_000, strict=True)
    assert onsets(waveform, 48_000) == pytest.approx(BURSTS, abs=0.002)
    assert 0 <= len(waveform) / 48_000 - 6 < 0.1  # the last packet is filled with zeros


@pytest.mark.parametrize("kind", ["ts", "mkv", "webm"])
def test_recordings_that_were_joined_follow_each_other(tmp_path: Path, kind: str) -> None:
    content = film(tmp_path / f"film.{kind}", on_time).read_bytes()
    with pytest.warns(AudioWarning, match=r"has time stamps that go back, at 6\.\d+ s by 6\.\d+ s"):
        waveform = read(io.BytesIO(content + content), 48_000)
    expected = [*BURSTS, *(time + 6 for time in BURSTS)]
    assert onsets(waveform, 48_000) == pytest.approx(expected, abs=2 * PRIMING)
    with pytest.raises(AudioError, match=r"the open file has time stamps that go back"):
        read(io.BytesIO(content + content), 48_000, strict=True)


def test_sound_that_was_sent_twice_is_heard_once(tmp_path: Path) -> None:
    content = film(tmp_path / "film.ts", on_time, pictures=False).read_bytes()
    begins = [at for at in range(0, len(content), 188) if content[at + 1 : at + 3] == b"\x41\x00"]
    late, early = begins[len(begins) * 2 // 3], begins[len(begins) // 3]
    with pytest.warns(AudioWarning, match=r"time stamps that go back, at .*: the sound that over"):
        waveform = read(io.BytesIO(content[:late] + content[early:]), 48_000)
    assert onsets(waveform, 48_000) == pytest.approx(BURSTS, abs=2 * PRIMING)
    assert len(waveform) / 48_000 == pytest.approx(6, abs=0.1)


HOURS = 3_600.0


@pytest.mark.parametrize("kind", ["ts", "mkv", "webm", "mp4"])
@pytest.mark.parametrize("jump", [5 * HOURS, 24 * 365 * HOURS])
def test_a_time_stamp_that_cannot_be_meant_makes_no_silence(
    tmp_path: Path, kind: str, jump: float
) -> None:
    path = film(tmp_path / f"film.{kind}", lambda t: t if t < 3 else t + jump, pictures=False)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        waveform = read(path, 48_000)
    assert onsets(waveform, 48_000) == pytest.approx(BURSTS, abs=PRIMING)
    assert {each.category for each in caught} <= {AudioWarning}
    # A year does not fit into the durations of an mp4: its stamps stand still.
    if jump == 5 * HOURS or kind in ("mkv", "webm"):
        assert "jump forwards, at 3.0" in str(caught[0].message)


def test_blocks_are_those_of_the_whole(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mkv", late_with_gap)
    whole = read(path, 32_000)
    for n_samples in (777, 32_000, 10**7):
        np.testing.assert_array_equal(np.concatenate(list(blocks(path, 32_000, n_samples))), whole)


def test_a_packet_that_cannot_be_decoded_leaves_silence(tmp_path: Path) -> None:
    content = bytearray(film(tmp_path / "film.mkv", on_time, pictures=False).read_bytes())
    with av.open(io.BytesIO(bytes(content))) as container:
        packets = [(float(p.pts * p.time_base), bytes(p)) for p in container.demux() if p.size]
    for time, packet in packets:
        if 2.5 <= time < 3.5:
            at = content.index(packet)
            content[at : at + len(packet)] = b"\xff" * len(packet)
    with pytest.warns(AudioWarning, match="is cut off or damaged"):
        waveform = read(io.BytesIO(content), 48_000)
    heard = [time for time in onsets(waveform, 48_000) if round(time) != 3]
    assert heard == pytest.approx([0, 1, 2, 4, 5], abs=PRIMING)
