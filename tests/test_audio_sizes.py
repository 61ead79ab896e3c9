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
import soundfile
from made_recordings import NOISE, RATE, read_bytes, written

from panns_inference.audio import blocks, describe, read, stated_length
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


def test_the_recording_with_two_chunks_is_heard_whole(shared: Path) -> None:
    with pytest.warns(AudioWarning, match=r"h_two_data\.wav' states 1\.50 s .* holds 3\.00 s"):
        waveform = read(shared / "faults" / "h_two_data.wav", 16_000)
    raw = (shared / "faults" / "h_two_data.wav").read_bytes()
    first, second = (raw.index(b"data"), raw.rindex(b"data"))
    samples = raw[first + 8 : first + 8 + 48_000] + raw[second + 8 :]
    expected = np.frombuffer(samples, "<i2").astype(np.float32) / 32_768
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


@pytest.mark.parametrize("form", ["WAV", "AIFF", "AU", "W64", "CAF", "FLAC", "OGG"])
def test_a_recording_behind_another_is_heard_and_it_is_said(form: str) -> None:
    first, second = wav(chunk(b"data", PCM)), written(form, "VORBIS" if form == "OGG" else "PCM_16")
    with pytest.warns(AudioWarning, match=r"states 4\.00 s .* holds 8\.00 s; all of it is used"):
        waveform = read_bytes(first + second)
    np.testing.assert_allclose(waveform[: len(NOISE)], NOISE, atol=1e-4)
    loud = float(np.square(waveform[len(NOISE) :]).mean())
    assert (len(waveform), loud) == (2 * len(NOISE), pytest.approx(1 / 12, rel=0.1))
    with pytest.raises(AudioError, match="all of it is used"):
        read_bytes(first + second, strict=True)


def test_recordings_of_other_rates_behind_each_other_are_all_heard() -> None:
    double = struct.pack("<HHIIHH", 1, 1, 2 * RATE, 4 * RATE, 2, 16)
    second = chunk(b"RIFF", b"WAVE" + chunk(b"fmt ", double) + chunk(b"data", PCM))
    with pytest.warns(AudioWarning, match=r"states 4\.00 s in its header and holds 10\.00 s"):
        assert len(read_bytes(wav(chunk(b"data", PCM)) + second + TWO)) == 10 * RATE


FLAC = written("FLAC", "PCM_16")


def test_a_flac_joined_from_several_is_heard_whole() -> None:
    tagged = b"ID3\x04\0\0\0\0\x10\0" + bytes(2048) + FLAC
    assert said(tagged + FLAC + FLAC, 3 * len(NOISE)) == [
        "the open file states 4.00 s in its header and holds 12.00 s; all of it is used"
    ]


@pytest.mark.parametrize("n_samples", [1, 100, 4096, 9 * RATE, 90 * RATE])
def test_a_flac_joined_from_streams_of_any_length_is_heard_whole(n_samples: int) -> None:
    noise = np.random.default_rng(n_samples).uniform(-0.5, 0.5, n_samples)
    tone = 0.5 * np.sin(np.arange(n_samples))
    one, other = (written("FLAC", "PCM_16", samples) for samples in (noise, tone))
    for streams in ([one, one], [other, other, one], [FLAC, one], [one, FLAC], [other, one, FLAC]):
        with pytest.warns(AudioWarning, match="all of it is used") as caught:
            waveform = read_bytes(b"".join(streams))
        assert len(caught) == 1
        np.testing.assert_array_equal(waveform, np.concatenate([*map(read_bytes, streams)]))
        length = describe(io.BytesIO(b"".join(streams))).duration
        assert length == pytest.approx(len(waveform) / RATE)


def test_an_ordinary_flac_is_read_once(tmp_path: Path) -> None:
    class Counting(io.FileIO):
        n_bytes = 0

        def read(self, size: int | None = -1, /) -> bytes:
            found = super().read(-1 if size is None else size) or b""
            self.n_bytes += len(found)
            return found

    path = tmp_path / "long.flac"
    path.write_bytes(written("FLAC", "PCM_16", np.tile(NOISE, 100)))
    with Counting(path) as file:
        assert len(read(file, RATE, strict=True)) == 100 * len(NOISE)
        assert file.n_bytes < 1.05 * path.stat().st_size


def test_a_flac_of_two_rates_is_heard_whole() -> None:
    file = io.BytesIO()
    soundfile.write(file, NOISE, 2 * RATE, format="FLAC")
    with pytest.warns(AudioWarning, match=r"states 4\.00 s in its header and holds 6\.00 s"):
        assert len(read_bytes(FLAC + file.getvalue())) == 6 * RATE


@pytest.mark.parametrize(
    "path", ["flac_pcm_16_44100_1ch", "flac_pcm_24_8ch", "flac_pcm_16_8000_6ch"]
)
@pytest.mark.parametrize("n_stated", [1, 7_999])
def test_a_flac_whose_header_counts_too_few_samples_is_heard_whole(
    shared: Path, path: str, n_stated: int
) -> None:
    whole = bytearray((shared / "audio" / "formats" / f"{path}.flac").read_bytes())
    complete = read_bytes(bytes(whole))
    word = int.from_bytes(whole[18:26], "big")
    whole[18:26] = (word >> 36 << 36 | n_stated).to_bytes(8, "big")
    with pytest.warns(
        AudioWarning, match=r"states .* s in its header and holds 1\.00 s; all of it"
    ):
        np.testing.assert_array_equal(read_bytes(bytes(whole)), complete)


@pytest.mark.parametrize("form", ["WAV", "AU", "W64", "AIFF", "CAF"])
def test_bytes_behind_the_samples_that_nobody_knows_are_said(form: str) -> None:
    more = written(form, "PCM_16") + np.random.default_rng(0).bytes(20_000)
    text = "has 20,000 bytes behind its samples that are neither sound nor notes; they are not used"
    assert said(more, len(NOISE)) == [f"the open file {text}"]
    with pytest.raises(AudioError, match=text):
        read_bytes(more, strict=True)


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
