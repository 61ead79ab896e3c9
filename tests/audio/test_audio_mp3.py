"""MP3: tags before it, the count of its frames, and the silence of its decoder."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile
from made_films import SECONDS, on_time, sound_packets
from made_recordings import MISSING, NOISE, RATE, read_bytes, written
from reading_process import ReadingProcess

from panns_inference.errors import AudioWarning


def tag(content: bytes, footer: bool = False) -> bytes:
    """An ID3v2 tag of any content."""
    size = bytes(len(content) >> shift & 0x7F for shift in (21, 14, 7, 0))
    flags = b"\x10" if footer else b"\0"
    behind = b"3DI\x04\0" + flags + size if footer else b""
    return b"ID3\x04\0" + flags + size + content + behind


MP3 = written("MP3", "MPEG_LAYER_III")


@pytest.mark.parametrize(
    "before",
    [
        tag(b"\xff\xfb\x90\x64 no frame of sound" * 500),
        tag(bytes(1000), footer=True),
        tag(b"COMM\0\0\0\x03\0\0abc") + tag(bytes(50)),  # mpg123 complains of such a comment
    ],
)
def test_tags_before_an_mp3_are_left_out(before: bytes, tmp_path: Path) -> None:
    (tmp_path / "tagged.mp3").write_bytes(before + MP3)
    process = ReadingProcess()
    answer = process.read(tmp_path / "tagged.mp3", RATE, tmp_path / "tagged.npy")
    assert process.close() == ""
    assert answer["warnings"] == []
    np.testing.assert_array_equal(np.load(tmp_path / "tagged.npy"), read_bytes(MP3))


def test_a_cut_or_damaged_mp3_makes_no_library_write_to_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "cut.mp3").write_bytes(MP3[: len(MP3) // 2])
    middle = len(MP3) // 2
    (tmp_path / "hurt.mp3").write_bytes(MP3[:middle] + bytes(2000) + MP3[middle + 2000 :])
    process = ReadingProcess()
    (warning,) = process.read(tmp_path / "cut.mp3", RATE)["warnings"]
    assert "cut.mp3' is cut off or damaged" in warning
    assert process.read(tmp_path / "hurt.mp3", RATE)["samples"] > 0
    assert process.close() == ""


def written_by(program: str, **more: Any) -> str:
    """What a Python program writes on its standard error."""
    begin = "import os, threading\nfrom panns_inference.audio._soundfile import quiet\n"
    done = subprocess.run(
        [sys.executable, "-c", begin + program], capture_output=True, text=True, check=True, **more
    )
    return done.stderr


def test_only_the_words_of_the_only_thread_are_kept_back() -> None:
    say = "with quiet(): os.write(2, b'inside ')\nos.write(2, b'outside')\n"
    assert written_by(say) == "outside"
    thread = "end = threading.Event(); threading.Thread(target=end.wait).start()\n"
    assert written_by(thread + say + "end.set()") == "inside outside"
    closed = "os.close(2)\nwith quiet(): pass\nos._exit(0)"
    assert written_by(closed) == ""


@pytest.mark.parametrize("flags", [0, 1, 2, 3])
def test_an_mp3_whose_frames_are_not_counted_is_never_called_cut(flags: int) -> None:
    at = max(MP3.find(b"Xing"), MP3.find(b"Info"))
    counts = MP3[at + 8 : at + 12], MP3[at + 12 : at + 16]
    head = bytearray(MP3[: at + 16])
    head[at + 4 : at + 8] = flags.to_bytes(4, "big")
    head[at + 8 :] = {0: b"\0" * 8, 1: counts[0] + b"\0" * 4, 2: counts[1] + b"\0" * 4}.get(
        flags, counts[0] + counts[1]
    )
    cut = bytes(head) + MP3[at + 16 : len(MP3) // 2]
    if flags & 1:
        with pytest.warns(AudioWarning, match=MISSING.pattern):
            waveform = read_bytes(cut)
    else:
        waveform = read_bytes(cut, strict=True)
    assert 0.2 < len(waveform) / len(NOISE) < 0.6


def as_mp3(samples: Any, rate: int = RATE) -> bytes:
    soundfile.write(file := io.BytesIO(), samples, rate, format="MP3")
    return file.getvalue()


def uncounted(mp3: bytes) -> bytes:
    """The same sound without the frame that counts the others."""
    with av.open(io.BytesIO(mp3)) as container:
        return mp3[next(container.demux(audio=0)).pos :]


def samples_by_pyav(content: bytes) -> int:
    with av.open(io.BytesIO(content)) as container:
        return sum(frame.samples for frame in container.decode(audio=0))


ID3V1 = b"TAG" + bytes(125)
APE = b"APETAGEX" + struct.pack("<IIII8x", 2000, 92, 1, 1 << 31) + b"x" * 60
APE += APE[:32]
LONG = as_mp3(np.tile(NOISE, 3)[::-1])


@pytest.mark.parametrize("without_av", [False, True])
@pytest.mark.parametrize(
    "between", [b"", ID3V1, tag(bytes(500)), APE + ID3V1 + tag(b"\xff\xfb" * 200)]
)
def test_joined_mp3s_are_read_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch, between: bytes, without_av: bool
) -> None:
    if without_av:
        monkeypatch.setitem(sys.modules, "av", None)
    alone = [read_bytes(MP3), read_bytes(LONG)]
    joined = read_bytes(MP3 + between + LONG + ID3V1, strict=True)
    np.testing.assert_allclose(joined, np.concatenate(alone), atol=1e-6)
    # It adds what the encoder put before each and behind it.
    assert samples_by_pyav(MP3 + LONG) == pytest.approx(len(joined), abs=5 * 1152)


def test_an_mp3_of_any_rate_of_bits_that_is_not_counted_is_read_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    silence_and_noise = np.concatenate([np.zeros(8 * RATE), np.tile(NOISE, 4), np.zeros(8 * RATE)])
    for samples in (
        NOISE,
        silence_and_noise,
        silence_and_noise[::2],
        silence_and_noise[9 * RATE :],
    ):
        content = uncounted(as_mp3(samples))
        waveform = read_bytes(content, strict=True)
        assert len(waveform) == pytest.approx(samples_by_pyav(content), abs=1152)
        for tags in (APE, APE + ID3V1, APE[32:], ID3V1):
            np.testing.assert_array_equal(read_bytes(content + tags, strict=True), waveform)


def test_many_mp3s_of_several_rates_are_joined() -> None:
    rates = (16_000, 44_100, 8_000, 32_000) * 5
    chain = b"".join(as_mp3(np.tile(NOISE, 2)[:rate], rate) for rate in rates)
    assert len(read_bytes(chain, 16_000, strict=True)) == len(rates) * 16_000


@pytest.mark.parametrize("between", [b"", ID3V1, APE, APE + ID3V1])
@pytest.mark.parametrize("counted", [(True, False), (False, True), (False, False)])
def test_a_part_of_joined_mp3s_that_is_not_counted_is_read_too(
    counted: tuple[bool, bool], between: bytes
) -> None:
    first, second = (
        mp3 if is_counted else uncounted(mp3)
        for mp3, is_counted in zip((MP3, LONG), counted, strict=True)
    )
    joined = read_bytes(first + between + second, strict=True)
    assert len(joined) == pytest.approx(4 * len(NOISE), abs=5 * 1152)


def test_each_of_joined_mp3s_says_what_it_lacks() -> None:
    cut = MP3[: len(MP3) // 2], LONG[: len(LONG) // 2]
    with pytest.warns(AudioWarning, match=MISSING.pattern) as caught:
        waveform = read_bytes(cut[0] + cut[1])
    stated = MISSING.search(str(caught[0].message))
    assert stated is not None
    assert float(stated[1]) == pytest.approx((4 * len(NOISE) - len(waveform)) / RATE, abs=0.01)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000])
def test_a_cut_of_less_than_a_frame_of_mp3_is_seen(rate: int) -> None:
    file = io.BytesIO()
    soundfile.write(file, NOISE[:rate], rate, format="MP3", subtype="MPEG_LAYER_III")
    for share in (0.5, 0.8, 0.9, 0.95, 0.98):
        with pytest.warns(AudioWarning, match="is cut off or damaged"):
            read_bytes(file.getvalue()[: int(share * len(file.getvalue()))])


def test_an_mp3_that_counts_one_frame_too_many_is_whole() -> None:
    at = max(MP3.find(b"Xing"), MP3.find(b"Info"))
    (n_frames,) = struct.unpack(">I", MP3[at + 8 : at + 12])
    more = MP3[: at + 8] + struct.pack(">I", n_frames + 1) + MP3[at + 12 :]
    assert len(read_bytes(more, strict=True)) == pytest.approx(len(NOISE), abs=1152)


def test_an_mp3_that_changes_its_rate_and_counts_nothing_is_said(tmp_path: Path) -> None:
    content = b""
    for rate in (22_050, 44_100):
        options = {"write_xing": "0", "id3v2_version": "0"}
        with av.open(str(tmp_path / "part.mp3"), "w", container_options=options) as container:
            stream = container.add_stream("mp3", rate=rate, layout="mono")
            for packet in sound_packets(stream, on_time, rate):
                container.mux(packet)
        part = (tmp_path / "part.mp3").read_bytes()
        assert len(read_bytes(part, strict=True)) == pytest.approx(SECONDS * RATE, abs=RATE / 5)
        content += part
    with pytest.warns(AudioWarning, match="damaged: how much is missing is not known"):
        read_bytes(content)
