"""Recordings that are cut and changed at random end in samples or an AudioError, never else.

They are read in a process of its own, in which a crash, a wait or another error is seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from reading_process import ReadingProcess

FILES = (
    "formats/aiff_pcm_16_8000_1ch.aiff",
    "formats/au_pcm_16_8000_1ch.au",
    "formats/caf_alac_16_8000_1ch.caf",
    "formats/flac_pcm_16_16000_1ch.flac",
    "formats/mp3_mpeg_layer_iii_16000_1ch.mp3",
    "formats/mp3_with_picture.mp3",
    "formats/ogg_opus_16000_1ch.ogg",
    "formats/ogg_vorbis_16000_1ch.ogg",
    "formats/rf64_pcm_16_8000_1ch.rf64",
    "formats/w64_pcm_16_8000_1ch.w64",
    "formats/wav_float_16000_1ch.wav",
    "formats/wav_ms_adpcm_16000_1ch.wav",
    "formats/wav_pcm_16_16000_1ch.wav",
    "not_libsndfile/aac_mono.m4a",
    "not_libsndfile/adts.aac",
    "not_libsndfile/mpegts_mp2.ts",
    "not_libsndfile/ogg_two_chained.ogg",
    "not_libsndfile/opus.webm",
    "not_libsndfile/video_h264_aac.mp4",
    "not_libsndfile/wmav2.wma",
)

# Where a change is made: anywhere, or in the first bytes, where headers are.
PLACE = st.one_of(st.floats(0, 1, exclude_max=True), st.integers(0, 200))
EDITS = st.lists(
    st.tuples(PLACE, st.sampled_from([0, 1, 127, 128, 254, 255]) | st.integers(0, 255))
)


@pytest.fixture(scope="module", params=[True, False], ids=["with PyAV", "without PyAV"])
def process(request: pytest.FixtureRequest) -> Iterator[ReadingProcess]:
    process = ReadingProcess(without_av=not request.param)
    yield process
    process.close()


def changed(content: bytes, share: float, edits: list[tuple[float, int]]) -> bytes:
    """The first `share` of a file, with other bytes at some places."""
    left = bytearray(content[: max(1, int(share * len(content)))])
    for place, value in edits:
        at = place if isinstance(place, int) else int(place * len(left))
        left[at % len(left)] = value
    return bytes(left)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_a_changed_recording_is_samples_or_an_audio_error(
    shared: Path, tmp_path: Path, process: ReadingProcess, name: str
) -> None:
    content = (shared / "audio" / name).read_bytes()
    path = tmp_path / Path(name).name
    outcomes = set()

    @settings(
        max_examples=1000,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],  # a process that has ended cannot be asked for a smaller case
        suppress_health_check=list(HealthCheck),
    )
    @given(share=st.just(1.0) | st.floats(0, 1), edits=EDITS)
    def check(share: float, edits: list[tuple[float, int]]) -> None:
        path.write_bytes(changed(content, share, edits))
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
