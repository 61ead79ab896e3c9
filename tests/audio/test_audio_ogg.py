"""Ogg page by page: chains, holes, and files that begin in the middle of a broadcast."""

from __future__ import annotations

import io
import re
import struct
import sys

import av
import numpy as np
import pytest
import soundfile
from made_recordings import MISSING, NOISE, RATE, read_bytes, written

from panns_inference.errors import AudioWarning


def pages(content: bytes) -> list[bytes]:
    """The pages of an Ogg file, found by their capture pattern."""
    starts = [match.start() for match in re.finditer(b"OggS\0", content)]
    return [
        content[start:stop] for start, stop in zip(starts, [*starts[1:], len(content)], strict=True)
    ]


LONG_OGG = pages(written("OGG", "VORBIS", np.tile(NOISE, 20)))


HOLE = b"".join(LONG_OGG[:6] + LONG_OGG[8:])


def stated_gap(content: bytes) -> float:
    """Seconds that are missing, as the warning says."""
    with pytest.warns(AudioWarning, match=MISSING.pattern) as caught:
        read_bytes(content)
    assert len(caught) == 1
    stated = MISSING.search(str(caught[0].message))
    assert stated is not None
    return float(stated[1])


def test_an_ogg_with_a_hole_says_how_long_it_is() -> None:
    n_missing = position(LONG_OGG[7]) - position(LONG_OGG[5])
    assert n_missing > RATE / 10
    assert stated_gap(HOLE) == pytest.approx(n_missing / RATE, abs=0.1)


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_what_follows_lost_pages_is_heard_at_its_time(subtype: str) -> None:
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, 80 * RATE)
    found = pages(written("OGG", subtype, noise))
    whole = read_bytes(b"".join(found))
    first, stop = len(found) // 2, len(found) // 2 + 2
    with pytest.warns(AudioWarning, match=MISSING.pattern):
        waveform = read_bytes(b"".join(found[:first] + found[stop:]))
    assert abs(len(waveform) - len(whole)) <= RATE // 100
    scale = RATE / (48_000 if subtype == "OPUS" else RATE)
    begin, end = (round(position(found[at - 1]) * scale) for at in (first, stop))
    lost = slice(begin + RATE // 2, end - RATE // 2)
    assert np.abs(waveform[lost]).max() == 0
    for part in (slice(0, begin - RATE // 2), slice(end + RATE // 2, end + 3 * RATE)):
        assert np.corrcoef(waveform[part], whole[part])[0, 1] > 0.9


def test_without_pyav_lost_pages_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    n_missing = position(LONG_OGG[7]) - position(LONG_OGG[5])
    assert stated_gap(HOLE) == pytest.approx(n_missing / RATE, abs=0.1)


def position(page: bytes) -> int:
    """Samples of the stream up to the end of a page."""
    return int(struct.unpack_from("<q", page, 6)[0])


@pytest.mark.parametrize("n_bytes", [4, 20, 27, 40])
def test_an_ogg_that_ends_in_the_header_of_a_page_is_cut(n_bytes: int) -> None:
    with pytest.warns(AudioWarning, match="how much is missing is not known"):
        waveform = read_bytes(b"".join(LONG_OGG[:6]) + LONG_OGG[6][:n_bytes])
    assert len(waveform) > 2 * RATE


def test_bytes_between_the_pages_of_an_ogg_are_passed_over() -> None:
    whole = read_bytes(b"".join(LONG_OGG))
    content = b"".join(LONG_OGG[:6]) + bytes(100_000) + b"".join(LONG_OGG[6:])
    assert abs(len(read_bytes(content)) - len(whole)) < 2 * RATE


def test_an_ogg_from_the_middle_of_a_broadcast_is_not_called_cut() -> None:
    late = [bytearray(page) for page in LONG_OGG]
    with av.open(io.BytesIO(b"".join(LONG_OGG))) as container:
        assert container.format.name == "ogg"
    for page in late[2:]:  # the position of each page, and its checksum
        (position,) = struct.unpack_from("<q", page, 6)
        if position > 0:
            struct.pack_into("<q", page, 6, position + 3_600 * RATE)
        struct.pack_into("<I", page, 22, 0)
        struct.pack_into("<I", page, 22, ogg_checksum(page))
    waveform = read_bytes(b"".join(late), strict=True)
    assert len(waveform) == pytest.approx(20 * len(NOISE), abs=RATE)


def ogg_checksum(page: bytes) -> int:
    """CRC-32 with the polynomial 0x04C11DB7, not reflected."""
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C11DB7 if value & 0x80000000 else 0)) & 0xFFFFFFFF
    return value


def test_a_link_of_a_chain_that_cannot_be_decoded_is_a_gap() -> None:
    good, bad = written("OGG", "VORBIS"), bytearray(written("OGG", "VORBIS"))
    bad[28:35] = b"\x01unknown"[:7]
    with pytest.warns(AudioWarning, match="how much is missing is not known"):
        waveform = read_bytes(good + bytes(bad))
    np.testing.assert_array_equal(waveform, read_bytes(good))


def test_holes_in_the_links_of_a_chain_are_added_up() -> None:
    assert stated_gap(HOLE + HOLE) == pytest.approx(2 * stated_gap(HOLE), abs=0.02)


def test_a_chain_of_recordings_of_several_rates_is_joined() -> None:
    many = np.tile(NOISE, (2, 2)).T
    chain = b""
    for rate, n_channels in ((16_000, 1), (44_100, 2), (8_000, 1)):
        soundfile.write(link := io.BytesIO(), many[:rate, :n_channels], rate, format="OGG")
        chain += link.getvalue()
    assert len(read_bytes(chain, 32_000)) == 3 * 32_000
