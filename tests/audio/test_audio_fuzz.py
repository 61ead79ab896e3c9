"""Recordings that are cut and changed at random end in samples or an AudioError, never else.

They are read in a process of its own, in which a crash, a wait or another error is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from reading_process import ReadingProcess

FILES = (
    "audio/formats/aiff_pcm_16_8000_1ch.aiff",
    "audio/formats/au_pcm_16_8000_1ch.au",
    "audio/formats/caf_alac_16_8000_1ch.caf",
    "audio/formats/flac_pcm_16_16000_1ch.flac",
    "audio/formats/mp3_mpeg_layer_iii_16000_1ch.mp3",
    "audio/formats/mp3_with_picture.mp3",
    "audio/formats/ogg_opus_16000_1ch.ogg",
    "audio/formats/ogg_vorbis_16000_1ch.ogg",
    "audio/formats/rf64_pcm_16_8000_1ch.rf64",
    "audio/formats/voc_pcm_16_8000_1ch.voc",
    "audio/formats/w64_pcm_16_8000_1ch.w64",
    "audio/formats/wav_float_16000_1ch.wav",
    "audio/formats/wav_list_before_and_after.wav",
    "audio/formats/wav_ms_adpcm_16000_1ch.wav",
    "audio/formats/wav_pcm_16_16000_1ch.wav",
    "audio/not_libsndfile/aac_mono.m4a",
    "audio/not_libsndfile/adts.aac",
    "audio/not_libsndfile/amr_nb.amr",
    "audio/not_libsndfile/flac.mkv",
    "audio/not_libsndfile/mp3.flv",
    "audio/not_libsndfile/mpegts_mp2.ts",
    "audio/not_libsndfile/ogg_two_chained.ogg",
    "audio/not_libsndfile/opus.webm",
    "audio/not_libsndfile/pcm.avi",
    "audio/not_libsndfile/pcm.mov",
    "audio/not_libsndfile/phone.3gp",
    "audio/not_libsndfile/video_h264_aac.mp4",
    "audio/not_libsndfile/wavpack.wv",
    "audio/not_libsndfile/wmav2.wma",
    "faults/delay3.mp4",
    "faults/gap.webm",
    "faults/h_two_data.wav",
    "faults/two_tracks.mkv",
)
N_CHANGED = 200
"""Changed recordings made of each file, for each of the two processes: 13,200 in all."""

Change = Callable[[bytearray], bytearray]

# Where a change is made: anywhere, or in the first bytes, where headers are.
PLACE = st.one_of(st.floats(0, 1, exclude_max=True), st.integers(0, 200))
SIZES = [0, 1, 8, 36, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 16, 2**32 - 1, 2**63, 2**64 - 1]


def offset(place: float, content: bytearray) -> int:
    return (place if isinstance(place, int) else int(place * len(content))) % len(content)


def byte(place: float, value: int) -> Change:
    def change(content: bytearray) -> bytearray:
        content[offset(place, content)] = value
        return content

    return change


def bit(place: float, number: int) -> Change:
    def change(content: bytearray) -> bytearray:
        content[offset(place, content)] ^= 1 << number
        return content

    return change


def size(place: float, value: int, width: int, order: Literal["little", "big"]) -> Change:
    """A number that counts something, or says when it is to be heard, becomes another."""

    def change(content: bytearray) -> bytearray:
        at = offset(place, content)
        content[at : at + width] = (value % 256**width).to_bytes(width, order)
        return content

    return change


def copied(place: float, n_bytes: int, target: float) -> Change:
    def change(content: bytearray) -> bytearray:
        at, to = offset(place, content), offset(target, content)
        return content[:to] + content[at : at + n_bytes] + content[to:]

    return change


def left_out(place: float, n_bytes: int) -> Change:
    def change(content: bytearray) -> bytearray:
        at = offset(place, content)
        return content[:at] + content[at + n_bytes :] or content

    return change


def twice(content: bytearray) -> bytearray:
    """The file, and itself behind it."""
    return content + content


LENGTH = st.integers(1, 64) | st.integers(1, 20_000)
CHANGES = st.lists(
    st.one_of(
        st.builds(byte, PLACE, st.sampled_from([0, 1, 127, 128, 254, 255]) | st.integers(0, 255)),
        st.builds(bit, PLACE, st.integers(0, 7)),
        st.builds(
            size,
            PLACE,
            st.sampled_from(SIZES),
            st.sampled_from([2, 4, 8]),
            st.sampled_from(["little", "big"]),
        ),
        st.builds(copied, PLACE, LENGTH, PLACE),
        st.builds(left_out, PLACE, LENGTH),
        st.just(twice),
    ),
    max_size=8,
)


@pytest.fixture(scope="module", params=[True, False], ids=["with PyAV", "without PyAV"])
def process(request: pytest.FixtureRequest) -> Iterator[ReadingProcess]:
    process = ReadingProcess(without_av=not request.param)
    yield process
    process.close()


def changed(content: bytes, share: float, changes: list[Change]) -> bytes:
    """The first `share` of a file, with changes one after the other."""
    left = bytearray(content[: max(1, int(share * len(content)))])
    for change in changes:
        left = change(left)
    return bytes(left)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_a_changed_recording_is_samples_or_an_audio_error(
    shared: Path, tmp_path: Path, process: ReadingProcess, name: str
) -> None:
    content = (shared / name).read_bytes()
    path = tmp_path / Path(name).name
    outcomes = set()

    @settings(
        max_examples=N_CHANGED,
        database=None,
        phases=[Phase.generate],  # a process that has ended cannot be asked for a smaller case
        suppress_health_check=list(HealthCheck),
    )
    @given(share=st.just(1.0) | st.floats(0, 1), changes=CHANGES)
    def check(share: float, changes: list[Change]) -> None:
        path.write_bytes(changed(content, share, changes))
        answer = process.read(path, 32_000)
        assert "failure" not in answer
        if "error" in answer:
            outcomes.add("error")
            assert path.name in answer["error"]
        else:
            outcomes.add("samples")
            assert answer["samples"] > 0
            assert answer["finite"]
            assert all(each.startswith("AudioWarning: ") for each in answer["warnings"])

    check()
    assert "error" in outcomes  # so the changes were not too small to matter
