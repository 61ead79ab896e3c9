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
from made_films import film, late_with_gap
from made_formats import CONTAINERS, by_pyav, by_soundfile, odd_headers
from reading_process import ReadingProcess

FILES = (
    "aiff_pcm_16.aiff",
    "au_pcm_16.au",
    "caf_alac_16.caf",
    "flac_pcm_16.flac",
    "mp3_mpeg_layer_iii.mp3",
    "notes.wav",
    "ogg_opus.ogg",
    "ogg_vorbis.ogg",
    "rf64_pcm_16.rf64",
    "streamed.wav",
    "voc_pcm_16.voc",
    "w64_pcm_16.w64",
    "wav_float.wav",
    "wav_ms_adpcm.wav",
    "wav_pcm_16.wav",
    "film.mkv",
    "film.mp4",
    "film.ts",
    "film.webm",
    *CONTAINERS,
)
N_CHANGED = 200
"""Changed recordings made of each file, for each of the two processes."""

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


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `FILES`."""
    folder = tmp_path_factory.mktemp("whole")
    for made in (by_soundfile, by_pyav, odd_headers):
        assert list(made(folder))
    for kind in ("mkv", "mp4", "ts", "webm"):
        film(folder / f"film.{kind}", late_with_gap)
    return folder


def changed(content: bytes, share: float, changes: list[Change]) -> bytes:
    """The first `share` of a file, with changes one after the other."""
    left = bytearray(content[: max(1, int(share * len(content)))])
    for change in changes:
        left = change(left)
    return bytes(left)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_a_changed_recording_is_samples_or_an_audio_error(
    whole: Path, tmp_path: Path, process: ReadingProcess, name: str
) -> None:
    content = (whole / name).read_bytes()
    path = tmp_path / name
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
