"""What stands behind a recording in the same file is heard, or said."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from made_recordings import NOISE, RATE, read_bytes, written

from panns_inference.audio import describe, read
from panns_inference.errors import AudioError, AudioWarning

SUBTYPES = {"OGG": "VORBIS", "MP3": "MPEG_LAYER_III"}
"""Of formats that are not PCM_16."""

ALL_FORMS = ["WAV", "AIFF", "AU", "W64", "CAF", "FLAC", "OGG"]


def noise(form: str) -> bytes:
    return written(form, SUBTYPES.get(form, "PCM_16"))


@pytest.mark.parametrize(
    ("first", "second"),
    # Ogg behind Ogg is a chain, as its format has it.
    sorted({(a, b) for a in ("WAV", "OGG", "MP3") for b in ALL_FORMS} - {("OGG", "OGG")}),
)
def test_a_recording_behind_another_is_heard_and_it_is_said(first: str, second: str) -> None:
    content = noise(first) + noise(second)
    with pytest.warns(AudioWarning, match=r"states 4\.00 s .* holds 8\.00 s; all of it is used"):
        waveform = read_bytes(content)
    np.testing.assert_array_equal(waveform[: len(NOISE)], read_bytes(noise(first)))
    np.testing.assert_array_equal(waveform[len(NOISE) :], read_bytes(noise(second)))
    with pytest.raises(AudioError, match="all of it is used"):
        read_bytes(content, strict=True)
    assert describe(io.BytesIO(content)).duration == pytest.approx(8)


@pytest.mark.parametrize("form", ["WAV", "AU", "W64", "AIFF", "CAF", "OGG", "MP3"])
def test_bytes_behind_the_samples_that_nobody_knows_are_said(form: str) -> None:
    more = noise(form) + np.random.default_rng(0).bytes(20_000)
    text = (
        "has 20,000 bytes behind its samples that are neither sound nor metadata; they are not used"
    )
    with pytest.warns(AudioWarning, match=f"^the open file {text}$") as caught:
        np.testing.assert_array_equal(read_bytes(more), read_bytes(noise(form)))
    assert len(caught) == 1
    with pytest.raises(AudioError, match=text):
        read_bytes(more, strict=True)


def test_an_ogg_that_is_cut_is_said_also_if_another_recording_follows() -> None:
    with pytest.warns(AudioWarning) as caught:
        read_bytes(noise("OGG").rpartition(b"OggS")[0] + noise("WAV"))
    said = " ".join(str(each.message) for each in caught)
    assert "is cut off or damaged" in said
    assert "all of it is used" in said


FLAC = written("FLAC", "PCM_16")


def test_a_flac_joined_from_several_is_heard_whole() -> None:
    tagged = b"ID3\x04\0\0\0\0\x10\0" + bytes(2048) + FLAC
    with pytest.warns(AudioWarning, match=r"states 4\.00 s .* holds 12\.00 s; all of it is used"):
        waveform = read_bytes(tagged + FLAC + FLAC)
    np.testing.assert_allclose(waveform, np.tile(NOISE, 3), atol=1e-4)


ID3V1 = b"TAG" + b"A title".ljust(125, b"\0")
APE = bytes(100) + b"APETAGEX" + struct.pack("<4I8x", 2000, 32 + 100, 1, 0)


@pytest.mark.parametrize("tags", [ID3V1, APE, APE + ID3V1], ids=["ID3v1", "APE", "both"])
def test_tags_at_the_end_of_a_flac_are_none_of_its_sound(tags: bytes) -> None:
    waveform = read_bytes(FLAC + tags, strict=True)
    np.testing.assert_allclose(waveform, NOISE, atol=1e-4)


@pytest.mark.parametrize("n_samples", [1, 100, 4096, 9 * RATE, 90 * RATE])
def test_a_flac_joined_from_streams_of_any_length_is_heard_whole(n_samples: int) -> None:
    rough = np.random.default_rng(n_samples).uniform(-0.5, 0.5, n_samples)
    tone = 0.5 * np.sin(np.arange(n_samples))
    one, other = (written("FLAC", "PCM_16", samples) for samples in (rough, tone))
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


@pytest.mark.parametrize(("subtype", "n_channels"), [("PCM_16", 1), ("PCM_24", 8), ("PCM_16", 6)])
@pytest.mark.parametrize("n_stated", [1, 31_999])
def test_a_flac_whose_header_counts_too_few_samples_is_heard_whole(
    subtype: str, n_channels: int, n_stated: int
) -> None:
    samples = np.outer(NOISE, 1 / (1 + np.arange(n_channels)))
    whole = bytearray(written("FLAC", subtype, samples))
    complete = read_bytes(bytes(whole))
    word = int.from_bytes(whole[18:26], "big")
    whole[18:26] = (word >> 36 << 36 | n_stated).to_bytes(8, "big")
    with pytest.warns(
        AudioWarning, match=r"states .* s in its header and holds 4\.00 s; all of it"
    ):
        np.testing.assert_array_equal(read_bytes(bytes(whole)), complete)
