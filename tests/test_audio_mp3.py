"""MP3: tags before it, the count of its frames, and the silence of its decoder."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
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
    begin = "import os, threading\nfrom panns_inference.audio._quiet import quiet\n"
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


def test_an_mp3_that_counts_one_frame_too_many_is_whole() -> None:
    at = max(MP3.find(b"Xing"), MP3.find(b"Info"))
    (n_frames,) = struct.unpack(">I", MP3[at + 8 : at + 12])
    more = MP3[: at + 8] + struct.pack(">I", n_frames + 1) + MP3[at + 12 :]
    assert len(read_bytes(more, strict=True)) == pytest.approx(len(NOISE), abs=1152)
