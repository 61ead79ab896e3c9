"""The part of a file that a decoder is given, and what becomes of a file that breaks."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_recordings import muxed, written

from panns_inference.audio import read
from panns_inference.audio.files import Section
from panns_inference.errors import AudioError


@given(data=st.data())
def test_a_section_is_the_bytes_it_frames(data: Any) -> None:
    content = data.draw(st.binary(min_size=1, max_size=60))
    start = data.draw(st.integers(0, len(content)))
    stop = data.draw(st.integers(start, len(content)))
    section = Section(io.BytesIO(content), start, stop)
    model = bytearray(content[start:stop])
    for _ in range(data.draw(st.integers(0, 3))):
        offset = data.draw(st.integers(0, len(model)))
        replacement = data.draw(st.binary(max_size=len(model) - offset))
        section = section.patched(offset, replacement)
        model[offset : offset + len(replacement)] = replacement
    oracle = io.BytesIO(bytes(model))
    for _ in range(data.draw(st.integers(1, 6))):
        whence = data.draw(st.sampled_from([io.SEEK_SET, io.SEEK_CUR, io.SEEK_END]))
        offset = data.draw(st.integers(0 if whence == io.SEEK_SET else -70, 70))
        base = {io.SEEK_SET: 0, io.SEEK_CUR: oracle.tell(), io.SEEK_END: len(model)}[whence]
        expected = oracle.seek(max(0, base + offset))
        assert section.seek(offset, whence) == expected == section.tell()
        size = data.draw(st.integers(0, 70))
        assert section.read(size) == oracle.read(size)
    assert section.peek(0, 100) == bytes(model)
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(model))] * 2)))
    assert section.section(first, last).peek(0, 100) == content[start:stop][first:last]


def test_of_patches_that_overlap_the_last_counts() -> None:
    section = Section(io.BytesIO(b"aaaa"), 0, 4)
    for offset, replacement in ((0, b"xx"), (1, b"yy"), (0, b"zz")):
        section = section.patched(offset, replacement)
    assert section.peek(0, 4) == b"zzya"


def test_a_section_that_seems_longer_holds_no_more_bytes() -> None:
    longer = Section(io.BytesIO(b"0123456789"), 2, 8).seeming(100)
    assert longer.peek(0, 1000) == b"234567"
    assert longer.read(1) == b""
    assert longer.seek(-3, io.SEEK_END) == 97
    assert (longer.read(5), longer.read(5)) == (bytes(3), b"")


class Failing(io.BytesIO):
    """A file that raises on its eighth read: a disk that breaks, or Ctrl-C."""

    def __init__(self, content: bytes, error: BaseException) -> None:
        super().__init__(content)
        self.error = error
        self.reads_left = 8

    def read(self, size: int | None = -1) -> bytes:
        self.reads_left -= 1
        if self.reads_left == 0:
            raise self.error
        return super().read(size)


@pytest.mark.parametrize("by", ["soundfile", "PyAV"])
def test_a_disk_that_breaks_is_an_error_and_ctrl_c_is_ctrl_c(tmp_path: Path, by: str) -> None:
    content = written("WAV", "FLOAT") if by == "soundfile" else muxed(tmp_path, "a.m4a", "alac")
    with pytest.raises(AudioError, match=r"the open file cannot be read: the disk broke"):
        read(Failing(content, OSError("the disk broke")), 16_000)
    with pytest.raises(KeyboardInterrupt):
        read(Failing(content, KeyboardInterrupt()), 16_000)
