"""Containers that only PyAV reads."""

from __future__ import annotations

import io
import sys
import warnings
from pathlib import Path

import av
import numpy as np
import pytest
from made_films import film, on_time
from made_recordings import MISSING, NOISE, RATE, muxed, read_bytes, written
from reading_process import ReadingProcess

from panns_inference.audio import read
from panns_inference.errors import AudioError, AudioWarning

CONTAINERS = {
    "a.mp4": ("aac", {"options": {"movflags": "faststart"}}),
    "a.mkv": ("pcm_s16le", {}),
    "a.wma": ("wmav2", {}),
    "a.tta": ("tta", {}),
    "a.wv": ("wavpack", {}),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_cut_container_says_how_much_is_missing(tmp_path: Path, name: str) -> None:
    codec, options = CONTAINERS[name]
    whole = muxed(tmp_path, name, codec, **options)  # type: ignore[arg-type]
    complete = read_bytes(whole, strict=True)
    assert len(complete) == pytest.approx(20 * RATE, abs=0.25 * RATE)
    with pytest.warns(AudioWarning, match=MISSING.pattern) as caught:
        waveform = read_bytes(whole[: len(whole) * 6 // 10])
    stated = MISSING.search(str(caught[0].message))
    assert stated is not None
    missing = (len(complete) - len(waveform)) / RATE
    assert float(stated[1]) == pytest.approx(missing, abs=0.25)
    assert 0.3 < len(waveform) / len(complete) < 0.7


def test_tags_in_an_old_alphabet_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "a.mka"
    with av.open(str(path), "w") as container:
        container.metadata["title"] = "caf__ d__j__ vu"
        stream = container.add_stream("pcm_s16le", rate=RATE, layout="mono")
        pcm = (NOISE[None] * 32_767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
        frame.sample_rate = RATE
        container.mux(stream.encode(frame))
    content = path.read_bytes()
    assert content.count(b"caf__") == 1
    latin = content.replace(b"caf__ d__j__ vu", "caf\xe9! d\xe9!j\xe0! vu".encode("latin-1"))
    np.testing.assert_allclose(read_bytes(latin, strict=True), NOISE, atol=1e-4)


def test_sound_that_is_shorter_than_the_picture_is_not_called_cut(tmp_path: Path) -> None:
    content = muxed(tmp_path, "a.mkv", "pcm_s16le", video=True)
    assert len(read_bytes(content, strict=True)) == 20 * RATE


def test_packets_that_cannot_be_decoded_are_left_out_and_counted(tmp_path: Path) -> None:
    whole = bytearray(muxed(tmp_path, "a.aac", "aac"))
    complete = read_bytes(bytes(whole), strict=True)
    middle = len(whole) // 2
    whole[middle : middle + 300] = np.random.default_rng(0).bytes(300)
    with pytest.warns(AudioWarning, match="how much is missing is not known"):
        waveform = read_bytes(bytes(whole))
    assert 0.9 < len(waveform) / len(complete) < 1  # what follows them is there


def test_a_track_that_begins_after_the_file_is_opened_does_no_harm(tmp_path: Path) -> None:
    content = bytearray(film(tmp_path / "film.ts", on_time, pictures=False).read_bytes())
    whole = read_bytes(bytes(content), 48_000)
    content[21 * 188 + 2] = 255  # the packet now belongs to a track that nobody has heard of
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AudioWarning)  # not every PyAV misses the packet
        waveform = read_bytes(bytes(content), 48_000)
    assert 0.7 < len(waveform) / len(whole) <= 1


def test_a_codec_that_ffmpeg_does_not_know_is_said_so(tmp_path: Path) -> None:
    content = bytearray(written("WAV", "PCM_16"))
    content[20:22] = b"\x77\x77"
    (tmp_path / "unknown.wav").write_bytes(content)
    with pytest.raises(AudioError, match=r"unknown.wav' cannot be decoded: .*a codec th"):
        read(tmp_path / "unknown.wav", 16_000)


def test_eight_channels_do_not_end_the_process(tmp_path: Path) -> None:
    path = tmp_path / "eight.mka"
    samples = np.random.default_rng(2).uniform(-0.5, 0.5, (8, 16_000)).astype(np.float32)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_f32le", rate=16_000, layout="7.1")
        frame = av.AudioFrame.from_ndarray(samples.T.reshape(1, -1), format="flt", layout="7.1")
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    process = ReadingProcess()
    answer = process.read(path, 16_000, tmp_path / "eight.npy")
    assert (process.close(), answer["samples"]) == ("", 16_000)
    np.testing.assert_allclose(np.load(tmp_path / "eight.npy"), samples.mean(axis=0), atol=1e-6)


def test_pyav_is_asked_for_by_the_name_of_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = muxed(tmp_path, "a.m4a", "alac")
    np.testing.assert_allclose(read_bytes(content), np.tile(NOISE, 5), atol=1e-4)
    monkeypatch.setitem(sys.modules, "av", None)  # what an import of a missing package finds
    with pytest.raises(AudioError, match=r'pip install "panns-inference\[codecs\]"'):
        read_bytes(content)


def test_what_is_no_recording_is_said_so() -> None:
    with pytest.raises(
        AudioError, match=r"the open file cannot be decoded: .*FFmpeg does not open"
    ):
        read(io.BytesIO(b"hello\0" * 100), 32_000)


@pytest.mark.parametrize("text", ["street.flac\n", "onset;Geräusch\r\n" * 99, "é" * 600])
def test_a_text_is_said_to_be_one(text: str) -> None:
    for content in (text.encode(), b"\xef\xbb\xbf" + text.encode()):
        with pytest.raises(AudioError, match=r"cannot be decoded: a text, and no sound; .*-from"):
            read(io.BytesIO(content), 32_000)


def test_a_big_endian_wav_is_never_decoded_by_pyav() -> None:
    content = bytearray(written("WAV", "PCM_16", endian="BIG"))
    at = content.index(b"fmt ") + 8
    content[at : at + 2] = b"\x77\x77"
    with pytest.raises(AudioError, match="a big-endian WAV with a codec that soundfile does not"):
        read_bytes(bytes(content))
