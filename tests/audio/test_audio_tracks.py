"""Sound tracks of a file: which there are, which is read, and what a file says of itself."""

from __future__ import annotations

import io
import logging
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from made_films import film, late
from made_recordings import NOISE, RATE, muxed, written
from numpy.typing import NDArray

from panns_inference.audio import Track, blocks, describe, read
from panns_inference.errors import AudioError, UsageError

TONES = {1: 500, 2: 1500, 3: 3000}
"""Number of a track to the frequency of what it holds, in Hz."""

CONTAINERS = {
    "a.mkv": "pcm_s16le",
    "a.mp4": "aac",
    "a.mov": "pcm_s16le",
    "a.ts": "mp2",
    "a.avi": "pcm_s16le",
    "a.ogg": "libopus",
}


def tone(frequency: int, rate: int) -> NDArray[np.float32]:
    return np.sin(np.arange(2 * rate) * 2 * np.pi * frequency / rate).astype(np.float32) / 2


def of_tracks(path: Path, codec: str, rate: int = 16_000) -> Path:
    """Two seconds of `TONES`, each in a track of its own."""
    with av.open(str(path), "w") as container:
        streams = [container.add_stream(codec, rate=rate, layout="mono") for _ in TONES]
        for stream, language in zip(streams, ("eng", "deu", "fra"), strict=True):
            stream.metadata["language"] = language
        for stream, frequency in zip(streams, TONES.values(), strict=True):
            frame = av.AudioFrame.from_ndarray(tone(frequency, rate)[None], "flt", "mono")
            frame.sample_rate = rate
            queue = av.AudioFifo()
            for converted in av.AudioResampler(stream.format, "mono", rate).resample(frame):
                queue.write(converted)
            while (part := queue.read(stream.frame_size or 1024, partial=True)) is not None:
                container.mux(stream.encode(part))
            container.mux(stream.encode(None))
    return path


def loudest(waveform: NDArray[np.float32], rate: int) -> float:
    """The frequency of most energy, in Hz."""
    power = np.abs(np.fft.rfft(waveform))
    return float(power.argmax() * rate / len(waveform))


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_track_is_read_by_its_number(tmp_path: Path, name: str) -> None:
    path = of_tracks(tmp_path / name, CONTAINERS[name])
    for number, frequency in TONES.items():
        waveform = read(path, 16_000, track=number, strict=True)
        assert loudest(waveform, 16_000) == pytest.approx(frequency, abs=2)
        joined = np.concatenate(list(blocks(path, 16_000, 777, track=number)))
        np.testing.assert_array_equal(joined, waveform)
    np.testing.assert_array_equal(read(path, 16_000), read(path, 16_000, track=1))


def test_a_track_that_is_not_there_is_an_error_that_lists_those_that_are(tmp_path: Path) -> None:
    path = of_tracks(tmp_path / "a.mkv", "aac")
    with pytest.raises(
        AudioError,
        match=r"a\.mkv' has no sound track 4; it has 1 \(aac, 1 channel, eng\), 2 \(aac, 1 channel",
    ):
        read(path, 16_000, track=4)
    with pytest.raises(AudioError, match=r"no sound track 2; it has 1 \(pcm_16, 1 channel\)"):
        read(io.BytesIO(written("WAV", "PCM_16")), 16_000, track=2)


@pytest.mark.parametrize("track", [0, -1, 1.5, True, "ALL"])
def test_numbers_that_are_no_tracks_are_refused_at_once(track: Any) -> None:
    with pytest.raises(UsageError, match="is no number of a sound track: they count from 1"):
        blocks("missing.mkv", 16_000, track=track)


def test_samples_in_memory_have_no_tracks() -> None:
    with pytest.raises(UsageError, match="track= is for files"):
        read(NOISE, RATE, track=1)


def test_a_format_of_one_track_has_a_first_one() -> None:
    content = written("WAV", "FLOAT")
    np.testing.assert_array_equal(read(io.BytesIO(content), RATE, track=1), NOISE)


def test_one_line_says_that_there_are_more_tracks(
    two_tracks: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "panns_inference")
    first = read(two_tracks, 16_000, strict=True)
    (line,) = caplog.messages
    assert "two_tracks.mkv' has 2 sound tracks, of which number 1 is used" in line
    assert "choose another with track: " in line
    caplog.clear()
    speech = read(two_tracks, 16_000, track=2)
    np.testing.assert_array_equal(read(two_tracks, 16_000, track=1), first)
    assert caplog.messages == []
    assert (np.abs(first).max(), np.abs(speech).max() > 0.1) == (0, True)
    read(of_tracks(tmp_path / "a.ogg", "libopus"), 16_000)
    (line,) = caplog.messages
    assert "3 sound tracks, of which number 1 is used" in line


def test_a_film_is_described(tmp_path: Path) -> None:
    found = describe(film(tmp_path / "film.mp4", late))
    assert found.container == "mov,mp4,m4a,3gp,3g2,mj2"
    assert (found.duration, found.first_time_stamp) == (pytest.approx(9, abs=0.05), 0)
    # The encoder's priming of 1024 samples stands before the sound.
    assert found.tracks == (Track(1, "aac", 1, 48_000, start=2.978),)


def test_the_tracks_of_a_file_are_described(tmp_path: Path) -> None:
    found = describe(of_tracks(tmp_path / "a.mkv", "aac", 48_000))
    assert [track.number for track in found.tracks] == [1, 2, 3]
    assert [track.language for track in found.tracks] == ["eng", "deu", "fra"]
    assert [track.is_default for track in found.tracks] == [True, False, False]
    assert {(t.codec, t.n_channels, t.sample_rate) for t in found.tracks} == {("aac", 1, 48_000)}
    assert found.duration == pytest.approx(2, abs=0.1)


def test_what_soundfile_knows_is_described() -> None:
    found = describe(io.BytesIO(written("FLAC", "PCM_24", np.stack([NOISE, NOISE], axis=1))))
    assert (found.container, found.duration) == ("flac", 4)
    assert found.tracks == (Track(1, "pcm_24", 2, RATE),)
    chained = describe(io.BytesIO(written("OGG", "VORBIS") + written("OGG", "VORBIS")))
    assert (chained.container, chained.duration) == ("ogg", 8)


def test_the_length_of_a_broadcast_and_of_a_recording_without_an_end_is_not_known(
    tmp_path: Path,
) -> None:
    uncounted = {"write_xing": "0", "id3v2_version": "0"}
    mp3 = muxed(tmp_path, "a.mp3", "mp3", container_options=uncounted)
    assert describe(io.BytesIO(mp3)).duration is None
    wav = bytearray(written("WAV", "PCM_16"))
    wav[4:8] = wav[40:44] = bytes(4)
    assert describe(io.BytesIO(wav)).duration == 4  # the size of the file says
    broadcast = describe(film(tmp_path / "a.ts", late, pictures=False))
    assert broadcast.first_time_stamp == pytest.approx(3, abs=0.05)
    assert broadcast.tracks[0].start == 0


def test_what_is_no_recording_is_not_described(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"cannot be decoded: a file without a sound track"):
        describe(film(tmp_path / "pictures.mp4"))
    with pytest.raises(AudioError, match=r"missing\.wav': no such file"):
        describe("missing.wav")
