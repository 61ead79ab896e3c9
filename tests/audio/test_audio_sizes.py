"""Sound that a header does not count: all of it is read, and it is said.

The oracle is what the files were made from; what no test can write whole is a file with a hole.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from made_recordings import NOISE, RATE, read_bytes, written

from panns_inference.audio import blocks, read, stated_length
from panns_inference.errors import AudioError, AudioWarning

GIB = 1 << 30
SHORT = 0xFFFFFFFF  # the largest size of 32 bits
HALF = len(NOISE) // 2
PCM = (NOISE * 32_767).astype("<i2").tobytes()
FORMAT = struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)
NOTE = b"INFOICMT" + struct.pack("<I", 40) + b"a note of forty bytes, all of them text "


def chunk(name: bytes, content: bytes, size: int | None = None, order: str = "<") -> bytes:
    n_bytes = len(content) if size is None else size
    return name + struct.pack(f"{order}I", n_bytes) + content + bytes(len(content) % 2)


def wav(*chunks: bytes, size: int | None = None) -> bytes:
    return chunk(b"RIFF", b"WAVE" + chunk(b"fmt ", FORMAT) + b"".join(chunks), size)


def said(content: bytes, n_samples: int) -> list[str]:
    """What is said of a recording of that many samples."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        waveform = read_bytes(content)
    assert len(waveform) == n_samples
    np.testing.assert_allclose(waveform, np.tile(NOISE, 3)[:n_samples], atol=2e-3)
    assert all(each.category is AudioWarning for each in caught)
    return [str(each.message) for each in caught]


# How a writer states the size of its samples, by the bytes of what it wrote.
STATED: dict[str, Callable[[int], int]] = {
    "wrapped": lambda n_bytes: n_bytes % 2**32,
    "as large as can be": lambda _: SHORT,
    "never filled in": lambda _: 0,
}
# Format, subtype and order; the mark before the size, and bytes that it counts beside the samples.
SHORT_FORMS = {
    "wav": ("WAV", "PCM_16", "FILE", b"data", 0),
    "wav of floats": ("WAVEX", "FLOAT", "FILE", b"data", 0),
    "rifx": ("WAV", "PCM_16", "BIG", b"data", 0),
    "aiff": ("AIFF", "PCM_16", "FILE", b"SSND", 8),
    "aifc": ("AIFF", "FLOAT", "FILE", b"SSND", 8),
    "aifc, little": ("AIFF", "PCM_16", "LITTLE", b"SSND", 8),
    "au": ("AU", "PCM_16", "FILE", b".snd\0\0\0\x18", 0),
}


def large(path: Path, form: str, stated: str, behind: bytes = b"") -> float:
    """Write 4.2 GiB of silence, as a hole, of which the header states something else.

    Returns:
        its true length in seconds.
    """
    container, subtype, endian, mark, own = SHORT_FORMS[form]
    small = written(container, subtype, np.zeros((100, 8)), endian=endian)
    at = small.index(mark) + len(mark)
    start = 24 if form == "au" else at + 4 + own
    width = 8 * (4 if subtype == "FLOAT" else 2)
    n_samples = (4 * GIB + 200_000_000) // width
    n_bytes = n_samples * width
    order = "<" if small[:4] == b"RIFF" else ">"
    size = struct.pack(f"{order}I", STATED[stated](n_bytes + own))
    with path.open("wb") as file:
        file.write(small[:at] + size + small[at + 4 : start])
        file.seek(start + n_bytes)
        file.write(behind)
        file.truncate()
    return n_samples / RATE


@pytest.mark.parametrize("stated", STATED)
@pytest.mark.parametrize("form", SHORT_FORMS)
def test_more_than_32_bits_can_state_has_the_length_of_the_file(
    tmp_path: Path, form: str, stated: str
) -> None:
    path = tmp_path / form
    length = large(path, form, stated)
    assert stated_length(path) == pytest.approx(length, abs=0.001)
    assert len(next(blocks(path, RATE, 1000, strict=True))) == 1000  # before anything is said


@pytest.mark.parametrize("form", ["wav", "wav of floats"])
def test_notes_behind_more_than_32_bits_can_state_are_no_sound(tmp_path: Path, form: str) -> None:
    length = large(tmp_path / form, form, "wrapped", chunk(b"LIST", NOTE * 100))
    assert stated_length(tmp_path / form) == length


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "stated"),
    [("wav", "wrapped"), ("wav of floats", "as large as can be"), ("aiff", "never filled in")],
)
def test_all_beyond_4_gib_is_heard_and_said(tmp_path: Path, form: str, stated: str) -> None:
    path = tmp_path / form
    length = large(path, form, stated)
    heard: list[int] = []
    with pytest.raises(AudioError, match=rf"s in its header and holds {length:.2f} s; all of it"):
        heard.extend(map(len, blocks(path, RATE, strict=True)))
    assert sum(heard) == round(length * RATE)


TWO = wav(
    chunk(b"data", PCM[: len(PCM) // 2]), chunk(b"LIST", NOTE), chunk(b"data", PCM[len(PCM) // 2 :])
)


def test_both_of_two_chunks_of_samples_are_heard_and_it_is_said() -> None:
    assert said(TWO, len(NOISE)) == [
        "the open file states 2.00 s in its header and holds 4.00 s; all of it is used"
    ]
    with pytest.raises(AudioError, match=r"states 2\.00 s in its header and holds 4\.00 s"):
        read_bytes(TWO, strict=True)


def test_the_recording_with_two_chunks_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "two_chunks.wav").write_bytes(TWO)
    with pytest.warns(AudioWarning, match=r"two_chunks\.wav' states 2\.00 s .* holds 4\.00 s"):
        waveform = read(tmp_path / "two_chunks.wav", RATE)
    expected = np.frombuffer(PCM, "<i2").astype(np.float32) / 32_768
    np.testing.assert_array_equal(waveform, expected)


def big_endian(form: str, chunks: bytes) -> bytes:
    return chunk(b"FORM", form.encode() + chunks, order=">")


def test_two_chunks_of_samples_in_other_containers_are_heard() -> None:
    whole = written("AIFF", "PCM_16")
    at = whole.index(b"SSND")
    first, rest = whole[at + 16 : at + 16 + 2 * HALF], whole[at + 16 + 2 * HALF :]
    aiff = big_endian(
        "AIFF",
        whole[12:at]
        + chunk(b"SSND", bytes(8) + first, order=">")
        + chunk(b"SSND", bytes(8) + rest, order=">"),
    )
    assert len(said(aiff, len(NOISE))) == 1
    w64 = written("W64", "PCM_16")
    at = w64.index(b"data\xf3")
    head = w64[at : at + 16]
    halves = [PCM[: 2 * HALF], PCM[2 * HALF :]]
    long = w64[:at] + b"".join(head + struct.pack("<Q", 24 + len(h)) + h for h in halves)
    assert len(said(long, len(NOISE))) == 1


def test_a_second_chunk_that_is_cut_is_heard_as_far_as_it_goes() -> None:
    messages = said(TWO[:-1600], len(NOISE) - 800)
    assert [text for text in messages if "is cut off or damaged: 0.10 s are missing" in text]
    assert [text for text in messages if "states 2.00 s in its header and holds 3.90 s" in text]


def test_recordings_of_other_rates_behind_each_other_are_all_heard() -> None:
    double = struct.pack("<HHIIHH", 1, 1, 2 * RATE, 4 * RATE, 2, 16)
    second = chunk(b"RIFF", b"WAVE" + chunk(b"fmt ", double) + chunk(b"data", PCM))
    with pytest.warns(AudioWarning, match=r"states 4\.00 s in its header and holds 10\.00 s"):
        assert len(read_bytes(wav(chunk(b"data", PCM)) + second + TWO)) == 10 * RATE


ID3V2 = b"ID3\x04\0\0\0\0\x10\0" + bytes(2048)
ID3V1 = b"TAG" + b"Title".ljust(125, b"\0")
APE = b"APETAGEX" + struct.pack("<IIII", 2000, 332, 1, 0xA0000000) + bytes(8) + bytes(332)
HARMLESS = {
    "notes": chunk(b"LIST", NOTE * 60) + chunk(b"id3 ", ID3V2) + chunk(b"bext", bytes(602)),
    "guano": chunk(b"guan", "GUANO|Version: 1.0\nNote: café\n".encode() * 99),
    "odd sizes": chunk(b"iXML", b"<a/>\n" * 501) + chunk(b"_PMX", b"<x:xmpmeta/>" * 101),
    "odd sizes, unaligned": chunk(b"iXML", b"<a/>\n" * 501)[:-1] + chunk(b"LIST", NOTE * 60),
    "notes that are cut": chunk(b"LIST", NOTE * 60, 10_000),
    "zeros": bytes(100_000),
    "zeros and notes": bytes(512) + chunk(b"LIST", NOTE * 60),
    "id3v1": ID3V1,
    "id3v2": ID3V2,
    "ape and id3v1": APE + ID3V1,
    "text": b"<?xpacket begin=''?>" + b"<x:xmpmeta/>\n" * 300,
    "a few bytes": b"\xfe\x01" * 100,
    "an empty chunk of samples": chunk(b"data", b"") + chunk(b"LIST", NOTE),
}


@pytest.mark.parametrize("behind", HARMLESS)
def test_what_ordinary_files_have_behind_their_samples_is_not_said(behind: str) -> None:
    content = wav(chunk(b"data", PCM)) + HARMLESS[behind]
    np.testing.assert_allclose(read_bytes(content, strict=True), NOISE, atol=1e-4)


@pytest.mark.parametrize("form", [b"RF64", b"BW64"])
@pytest.mark.parametrize("long_size", [0, len(PCM) // 2])
def test_the_short_size_of_an_rf64_counts_where_there_is_one(form: bytes, long_size: int) -> None:
    long = chunk(b"ds64", struct.pack("<QQQI", 0, long_size, long_size // 2, 0))
    content = b"WAVE" + long + chunk(b"fmt ", FORMAT) + chunk(b"data", PCM)
    waveform = read_bytes(chunk(form, content, SHORT), strict=True)
    np.testing.assert_allclose(waveform, NOISE, atol=1e-4)


def test_an_au_of_unknown_size_goes_to_the_end_and_nothing_is_said() -> None:
    whole = written("AU", "PCM_16")
    content = whole[:8] + struct.pack(">I", SHORT) + whole[12:]
    np.testing.assert_allclose(read_bytes(content, strict=True), NOISE, atol=1e-4)


@pytest.mark.parametrize("size", [2**31 - 1, SHORT, 0])
def test_a_size_of_nothing_does_not_hide_notes_or_silence(size: int) -> None:
    silence = bytes(64_000)
    waveform = read(io.BytesIO(wav(chunk(b"data", silence, size), size=size)), RATE, strict=True)
    assert len(waveform) == 32_000
