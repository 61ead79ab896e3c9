"""Files that are cut, or whose header lies: what is there is read, what is missing is said."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_films import Stamps, film, late, on_time, with_gap
from made_recordings import MISSING, NOISE, RATE, read_bytes, without_length, written

from panns_inference.audio import blocks, read
from panns_inference.errors import AudioError, AudioWarning

# Format and subtype, and the bytes of a sample.
IN_CHUNKS = {
    ("WAV", "PCM_16", "LITTLE"): 2,
    ("WAV", "PCM_16", "BIG"): 2,
    ("WAV", "ULAW", "LITTLE"): 1,
    ("WAVEX", "PCM_24", "LITTLE"): 3,
    ("RF64", "PCM_16", "LITTLE"): 2,
    ("W64", "FLOAT", "LITTLE"): 4,
    ("AIFF", "PCM_16", "BIG"): 2,
    ("AU", "PCM_16", "BIG"): 2,
    ("CAF", "PCM_16", "BIG"): 2,
}
SPHERE = {
    ("NIST", "PCM_16", "LITTLE"): 2,
    ("NIST", "PCM_24", "BIG"): 3,
    ("NIST", "ULAW", "FILE"): 1,
}
# What nobody records in any more: libsndfile takes a cut one for a shorter one, and so do we.
OLD = {
    ("AVR", "PCM_16", "BIG"): 2,
    ("AVR", "PCM_U8", "BIG"): 1,
    ("MAT4", "PCM_16", "LITTLE"): 2,
    ("MAT4", "DOUBLE", "BIG"): 8,
    ("MAT5", "PCM_16", "LITTLE"): 2,
    ("MAT5", "FLOAT", "BIG"): 4,
    ("MPC2K", "PCM_16", "FILE"): 2,
    ("SVX", "PCM_16", "BIG"): 2,
    ("WVE", "ALAW", "FILE"): 1,
}
CLAIMING = IN_CHUNKS | SPHERE


@given(kind=st.sampled_from(sorted(CLAIMING)), share=st.floats(0.01, 0.99))
def test_a_cut_file_whose_header_claims_a_size_says_how_much_is_missing(
    kind: tuple[str, str, str], share: float
) -> None:
    form, subtype, endian = kind
    whole = written(form, subtype, endian=endian)
    n_header = len(whole) - len(NOISE) * CLAIMING[kind]
    cut = whole[: n_header + int(share * (len(whole) - n_header))]
    with pytest.warns(AudioWarning, match=MISSING.pattern) as caught:
        waveform = read_bytes(cut)
    # A header may have chunks behind the samples too: the cut is known to some bytes only.
    n_expected = (len(cut) - n_header) // CLAIMING[kind]
    assert abs(len(waveform) - n_expected) <= n_header // CLAIMING[kind] + 1
    np.testing.assert_allclose(
        waveform, read_bytes(whole)[: len(waveform)], atol=0, err_msg="another sound"
    )
    stated = MISSING.search(str(caught[0].message))
    assert stated is not None
    assert float(stated[1]) == pytest.approx((len(NOISE) - len(waveform)) / RATE, abs=0.05)
    with pytest.raises(AudioError, match=r"the open file is cut off or damaged: [\d.]+ s are miss"):
        read_bytes(cut, strict=True)


@pytest.mark.parametrize("kind", sorted(OLD))
def test_a_cut_file_of_an_old_format_gives_what_it_holds(kind: tuple[str, str, str]) -> None:
    form, subtype, endian = kind
    whole = written(form, subtype, endian=endian)
    n_bytes = OLD[kind]
    waveform = read_bytes(whole[: -n_bytes * 1000])
    n_behind = (len(whole) - n_bytes * len(NOISE)) // n_bytes  # MAT5 has some bytes there
    assert 0 <= len(waveform) - (len(NOISE) - 1000) <= n_behind
    n_sure = len(NOISE) - 1000
    np.testing.assert_array_equal(waveform[:n_sure], read_bytes(whole)[:n_sure])


# Of these libsndfile takes all that follows for samples.
TO_THE_END = {form for form, _, _ in OLD | SPHERE}


@pytest.mark.parametrize("kind", sorted(CLAIMING | OLD))
def test_a_whole_file_is_whole_also_in_strict_use(kind: tuple[str, str, str]) -> None:
    form, subtype, endian = kind
    whole = written(form, subtype, endian=endian)
    assert len(read_bytes(whole, strict=True)) == len(NOISE)
    if form not in TO_THE_END:
        more = read_bytes(whole + b"bytes behind the end", strict=True)
        np.testing.assert_array_equal(more, read_bytes(whole))


CODED = {"FLAC": "PCM_16", "MP3": "MPEG_LAYER_III", "OGG": "VORBIS"}


@pytest.mark.parametrize("form", CODED)
@pytest.mark.parametrize("share", [0.6, 0.75, 0.9])
def test_a_cut_file_of_frames_says_so_and_gives_what_it_holds(form: str, share: float) -> None:
    whole = written(form, CODED[form], np.tile(NOISE, 4))
    with pytest.warns(AudioWarning, match="is cut off or damaged") as caught:
        waveform = read_bytes(whole[: int(share * len(whole))])
    complete = read_bytes(whole)
    assert 0.3 < len(waveform) / len(complete) < share + 0.02
    n_same = len(waveform) - 2048  # a codec may fade where it ends
    np.testing.assert_allclose(waveform[:n_same], complete[:n_same], atol=1e-6)
    stated = MISSING.search(str(caught[0].message))
    if form == "OGG":  # nothing in the file says how long it was
        assert stated is None
    else:
        assert stated is not None
        missing = (len(complete) - len(waveform)) / RATE
        assert float(stated[1]) == pytest.approx(missing, abs=0.01)


def test_in_strict_use_what_is_there_comes_before_the_error() -> None:
    cut = written("WAV", "PCM_16")[:32_044]
    found = blocks(io.BytesIO(cut), RATE, 10_000, strict=True)
    assert len(next(found)) == 10_000
    with pytest.raises(AudioError, match=r"2\.00 s are missing$"):
        list(found)


def chunk(name: bytes, content: bytes, n_bytes: int | None = None) -> bytes:
    return name + struct.pack("<I", len(content) if n_bytes is None else n_bytes) + content


def wav(n_claimed: int, n_container: int, content: bytes, behind: bytes = b"") -> bytes:
    form = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16))
    body = b"WAVE" + form + chunk(b"data", content, n_claimed) + behind
    return chunk(b"RIFF", body, n_container)


PCM = (NOISE * 32_767).astype("<i2").tobytes()


@pytest.mark.parametrize("n_container", [0, 8, 36, 0xFFFFFFFF])
def test_a_size_that_was_never_filled_in_is_that_of_the_file(n_container: int) -> None:
    waveform = read_bytes(wav(0, n_container, PCM), strict=True)
    np.testing.assert_allclose(waveform, NOISE, atol=1e-4)


@pytest.mark.parametrize("n_claimed", [0x7FFFFFFF, 0x7FFFF000, 0x80000000, 0xFFFFFFFF, 0xFFFFFFF0])
def test_a_size_as_large_as_can_be_written_is_that_of_the_file(n_claimed: int) -> None:
    waveform = read_bytes(wav(n_claimed, 0xFFFFFFFF, PCM), strict=True)
    np.testing.assert_allclose(waveform, NOISE, atol=1e-4)


def test_an_empty_recording_with_a_note_behind_it_is_empty() -> None:
    note = chunk(b"LIST", b"INFOICMT\x04\0\0\0abcd" * 50)
    content = wav(0, 36 + len(note), b"", note)
    with pytest.raises(AudioError, match=r"the open file holds no samples$"):
        read_bytes(content)


@pytest.mark.parametrize("form", ["WAV", "WAVEX", "W64", "AIFF", "CAF", "SVX", "AU", "RIFX"])
def test_samples_behind_a_size_of_nothing_are_read(form: str) -> None:
    endian = {"RIFX": "BIG"}.get(form, "FILE")
    whole = bytearray(written(form.replace("RIFX", "WAV"), "PCM_16", endian=endian))
    mark, empty = {
        "AIFF": (b"SSND", struct.pack(">I", 8)),
        "AU": (b".snd" + whole[4:8], bytes(4)),
        "CAF": (b"data", struct.pack(">Q", 4)),
        "SVX": (b"BODY", bytes(4)),
        "W64": (b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a", struct.pack("<Q", 24)),
    }.get(form, (b"data", bytes(4)))
    at = whole.index(mark) + len(mark)
    whole[at : at + len(empty)] = empty
    waveform = read_bytes(bytes(whole), strict=True)
    np.testing.assert_allclose(waveform[: len(NOISE)], NOISE, atol=1e-4)
    assert len(waveform) - len(NOISE) < 40  # chunks behind the samples count as samples now


def test_silence_behind_a_size_of_nothing_is_read() -> None:
    assert len(read_bytes(wav(0, 36 + 32_000, bytes(32_000)), strict=True)) == 16_000


def test_a_lack_of_less_than_a_hundredth_of_a_second_is_said_so() -> None:
    with pytest.warns(AudioWarning, match=r"damaged: less than 0\.01 s is missing; what it holds"):
        assert len(read_bytes(written("WAV", "PCM_16")[:-1])) == len(NOISE) - 1


def test_a_nist_that_counts_no_samples_is_never_called_cut() -> None:
    whole = written("NIST", "PCM_16")
    for count in (b"sample_cound -i 32000", b"sample_count -s x2000"):
        header = whole[:1024].replace(b"sample_count -i 32000", count)
        assert header != whole[:1024]
        assert len(read_bytes(header + whole[1024:40_000], strict=True)) == 38_976 / 2


def test_a_chain_of_empty_chunks_does_not_take_long() -> None:
    content = b"RIFF\xff\xff\xff\xffWAVE" + bytes(40_000_000)
    with pytest.raises(AudioError, match="a chain of 10,000 chunks without samples"):
        read_bytes(content)


def test_a_cut_sds_is_not_filled_up_with_silence() -> None:
    whole = written("SDS", "PCM_16", np.tile(NOISE, 3))
    assert len(read_bytes(whole, strict=True)) == 3 * len(NOISE)
    with pytest.warns(AudioWarning, match="is cut off or damaged"):
        waveform = read_bytes(whole[: len(whole) * 8 // 10])
    assert len(waveform) < 0.8 * 3 * len(NOISE)
    np.testing.assert_allclose(waveform, read_bytes(whole)[: len(waveform)], atol=1e-6)


def test_samples_that_a_flac_holds_before_the_damage_are_given(tmp_path: Path) -> None:
    content = bytearray(written("FLAC", "PCM_16"))
    whole, middle = read_bytes(bytes(content)), len(content) // 2
    content[middle : middle + 200] = bytes(200)
    (tmp_path / "damaged.flac").write_bytes(content)
    with pytest.warns(AudioWarning, match=r"damaged\.flac' is cut off or damaged: [12]\.\d+ s are"):
        waveform = read(tmp_path / "damaged.flac", RATE)
    assert len(waveform) > len(whole) / 4
    np.testing.assert_array_equal(waveform, whole[: len(waveform)])


def test_a_flac_without_a_length_that_is_cut_says_so() -> None:
    whole = without_length(written("FLAC", "PCM_16"))
    assert len(read_bytes(whole, strict=True)) == len(NOISE)
    with pytest.warns(AudioWarning, match="how much is missing is not known"):
        cut = read_bytes(whole[: len(whole) * 6 // 10])
    assert 0.4 < len(cut) / len(NOISE) < 0.6


WAV = written("WAV", "PCM_16")
PICTURE = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(40)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (PICTURE, r"decoded: a format that FFmpeg does not open"),
        (
            WAV[:24] + struct.pack("<I", 1) + WAV[28:],
            r"has a sample rate of 1 Hz; from 100 to 10,000,000 Hz are possible",
        ),
        (WAV[:36], r"cannot be decoded"),
        (WAV[:40] + bytes(4), r"holds no samples$"),
        (
            written("OGG", "VORBIS", NOISE[:RATE])[:6_000],
            r"holds no samples that can be decoded$",
        ),
        (
            written("WAV", "FLOAT", -1e24 * np.ones(RATE, np.float32)),
            r"has a sample of -1e\+24 at 0\.000 s; samples must be finite",
        ),
    ],
    ids=["picture", "rate", "no data", "no samples", "no page", "too loud"],
)
def test_the_cause_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "recording.wav"
    path.write_bytes(content)
    with pytest.raises(AudioError, match=message) as caught:
        read(path, 16_000)
    assert str(caught.value).startswith(repr(str(path)))


@pytest.mark.parametrize("kind", ["mkv", "webm"])
def test_a_film_that_is_cut_says_how_much_sound_is_missing(kind: str, tmp_path: Path) -> None:
    path = film(tmp_path / f"a.{kind}", on_time)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size * 6 // 10)
    with pytest.warns(AudioWarning, match=r"cut off or damaged: [123]\.\d\d s are missing"):
        read(path, 32_000)
    with pytest.raises(AudioError, match="cut off or damaged"):
        read(path, 32_000, strict=True)


@pytest.mark.parametrize("stamps", [on_time, late, with_gap])
@pytest.mark.parametrize("kind", ["mkv", "webm"])
def test_a_whole_film_is_whole_also_in_strict_use(
    kind: str, stamps: Stamps, tmp_path: Path
) -> None:
    read(film(tmp_path / f"a.{kind}", stamps), 32_000, strict=True)
