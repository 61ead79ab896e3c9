"""Reading: paths, open files and arrays give the same, at once and in blocks."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import warnings
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given
from hypothesis import strategies as st
from made_recordings import muxed, without_length, written
from numpy.typing import NDArray
from reading_process import MEGABYTE

from panns_inference.audio import blocks, length_of, read, stated_length
from panns_inference.audio._waveform import HIGHEST_PEAK
from panns_inference.errors import AudioError, AudioWarning, UsageError

NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, (50_000, 2)).astype(np.float32)


@pytest.fixture
def stereo(tmp_path: Path) -> Path:
    """A float WAV of noise with two channels at 44,100 Hz."""
    path = tmp_path / "stereo.wav"
    soundfile.write(path, NOISE, 44_100, subtype="FLOAT")
    return path


def expected(rate: int, sample_rate: int = 44_100) -> NDArray[np.float32]:
    """The mean of the channels by NumPy, resampled at one go."""
    mono = NOISE.mean(axis=1, dtype=np.float32)
    resampled: NDArray[np.float32] = soxr.resample(mono, sample_rate, rate)
    return resampled if rate != sample_rate else mono


def wav(samples: NDArray[Any], rate: int = 16_000, subtype: str = "FLOAT") -> io.BytesIO:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype=subtype)
    file.seek(0)
    return file


def test_a_path_an_open_file_and_bytes_give_the_same(stereo: Path) -> None:
    waveform = read(stereo, 32_000)
    assert waveform.dtype == np.float32
    assert waveform.flags.writeable
    np.testing.assert_array_equal(waveform, expected(32_000))
    np.testing.assert_array_equal(read(str(stereo), 32_000), waveform)
    np.testing.assert_array_equal(read(io.BytesIO(stereo.read_bytes()), 32_000), waveform)
    with stereo.open("rb") as file:
        np.testing.assert_array_equal(read(file, 32_000), waveform)
        assert not file.closed
    with open(stereo, "rb", buffering=0) as file:
        np.testing.assert_array_equal(read(file, 32_000), waveform)


def test_an_array_gives_the_same_as_a_file_of_it() -> None:
    many = np.random.default_rng(1).uniform(-1, 1, (12_000, 12)).astype(np.float32)
    of_file = read(wav(many), 32_000)
    np.testing.assert_array_equal(read(many.T, 32_000, sample_rate=16_000), of_file)
    np.testing.assert_array_equal(
        read(np.ascontiguousarray(many.T), 32_000, sample_rate=16_000), of_file
    )


def test_a_file_is_read_from_where_it_stands(stereo: Path, tmp_path: Path) -> None:
    whole = stereo.read_bytes()
    (tmp_path / "inside").write_bytes(b"something else " * 100 + whole)
    with (tmp_path / "inside").open("rb") as file:
        file.seek(1500)
        np.testing.assert_array_equal(read(file, 44_100), expected(44_100))


def test_a_file_that_gives_less_than_asked_is_read_whole(stereo: Path) -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 0, 777) if size and size > 0 else size)

    np.testing.assert_array_equal(read(Slow(stereo.read_bytes()), 44_100), expected(44_100))


@given(
    n_samples=st.integers(1, 60_000),
    rate=st.sampled_from([8_000, 12_345, 16_000, 32_000, 44_100, 48_000]),
    in_file=st.booleans(),
)
def test_blocks_of_any_size_are_the_whole_bit_for_bit(
    n_samples: int, rate: int, in_file: bool
) -> None:
    source: Any = wav(NOISE, 44_100) if in_file else NOISE.T
    sample_rate = None if in_file else 44_100
    found = list(blocks(source, rate, n_samples, sample_rate=sample_rate))
    assert [len(block) for block in found[:-1]] == [n_samples] * (len(found) - 1)
    assert 1 <= len(found[-1]) <= n_samples
    np.testing.assert_array_equal(np.concatenate(found), expected(rate))


def test_blocks_can_be_changed_without_a_trace() -> None:
    samples = np.ones(1000, np.float32)
    for block in blocks(samples, 16_000, 100):
        block *= 0
    assert samples.min() == 1


def test_blocks_are_ten_seconds_at_32_khz_unless_told() -> None:
    assert [len(block) for block in blocks(np.zeros(700_000, np.float32), 32_000)] == [
        320_000,
        320_000,
        60_000,
    ]


def test_a_long_file_in_blocks_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.flac"
    with soundfile.SoundFile(path, "w", 44_100, 2, subtype="PCM_16") as file:
        for _ in range(600):
            file.write(np.zeros((44_100, 2), np.int16))
    program = (
        "import resource, sys\n"
        "from panns_inference.audio import blocks\n"
        "most = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "count = lambda path: sum(map(len, blocks(path, 32000)))\n"
        "count(sys.argv[1]); before = most()\n"
        "print(count(sys.argv[2]), (most() - before) * 1024)\n"
    )
    short = tmp_path / "short.flac"
    soundfile.write(short, np.zeros((44_100 * 12, 2), np.int16), 44_100)
    done = subprocess.run(
        [sys.executable, "-c", program, short, path], capture_output=True, text=True, check=True
    )
    n_samples, grown = map(int, done.stdout.split())
    assert n_samples == 600 * 32_000  # 77 MB as float32
    assert grown < 16 * MEGABYTE


def test_blocks_let_go_of_a_file_that_is_not_read_to_its_end(stereo: Path) -> None:
    found = blocks(stereo, 44_100, 1000)
    assert len(next(found)) == 1000
    found.close()
    # A file that was left open would be a ResourceWarning, which is an error here.
    np.testing.assert_array_equal(read(stereo, 44_100), expected(44_100))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rate": 0}, r"rate=0 is no sample rate: give whole Hz from 100 to 10,000,000"),
        ({"rate": "fast"}, r"rate='fast' is no sample rate"),
        ({"rate": 32_000.5}, r"rate=32000.5 is no sample rate"),
        ({"rate": float("nan")}, r"rate=nan is no sample rate"),
        ({"rate": 32_000, "sample_rate": 16_000}, r"sample_rate= is for samples in memory"),
        ({"rate": 32_000, "resampler": "sox"}, r"unknown resampler 'sox'; .*: soxr, resampy$"),
        ({"rate": 32_000, "resampler": "torch"}, r"unknown resampler 'torch'; known are: soxr, r"),
    ],
)
def test_arguments_without_meaning_are_refused_at_once(
    stereo: Path, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        read(stereo, **arguments)
    with pytest.raises(UsageError, match=message):
        blocks(stereo, **arguments)  # before the first block is asked for


def test_a_block_has_a_sample_or_more(stereo: Path) -> None:
    with pytest.raises(UsageError, match=r"n_samples=0 is no length of a block"):
        blocks(stereo, 32_000, 0)


def test_a_rate_may_be_a_whole_float_or_a_numpy_number(stereo: Path) -> None:
    np.testing.assert_array_equal(read(stereo, np.int64(44_100)), expected(44_100))  # type: ignore[arg-type]
    np.testing.assert_array_equal(
        read(NOISE.T, 32_000, sample_rate=44_100.0),  # type: ignore[arg-type]
        expected(32_000),
    )


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 2e12])
@pytest.mark.parametrize("in_file", [True, False])
def test_samples_that_cannot_be_used_are_named_with_their_place(
    value: float, in_file: bool
) -> None:
    samples = np.zeros((40_000, 2), np.float32)
    samples[36_000, 1] = value
    source: Any = wav(samples) if in_file else samples.T
    with pytest.raises(
        AudioError, match=rf"has a sample of {value:g}.* at 2\.250 s".replace("+", r"\+")
    ):
        read(source, 16_000)
    samples[36_000, 1] = HIGHEST_PEAK
    assert read(samples.T, 16_000).max() == np.float32(HIGHEST_PEAK / 2)


def test_a_warning_points_at_the_line_of_the_caller(stereo: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.wav"
    cut.write_bytes(stereo.read_bytes()[:200_000])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read(cut, 32_000)
        list(blocks(cut, 32_000))
    assert [each.filename for each in caught] == [__file__, __file__]
    assert [each.category for each in caught] == [AudioWarning, AudioWarning]


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3", "aiff"])
def test_headers_state_a_length(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"noise.{ending}"
    soundfile.write(path, NOISE, 44_100)
    assert stated_length(path) == pytest.approx(len(NOISE) / 44_100)


def test_what_states_no_length_may_be_of_any(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # opened, it would be waited for
    unstated = [tmp_path / "streamed.flac", tmp_path / "opus.webm"]
    unstated[0].write_bytes(without_length(written("FLAC", "PCM_16")))
    muxed(tmp_path, "opus.webm", "libopus")
    for path in (*unstated, tmp_path / "pipe", tmp_path / "missing.wav", tmp_path):
        assert stated_length(path) == inf, path


def test_a_length_that_is_not_stated_is_decoded(tmp_path: Path) -> None:
    (tmp_path / "streamed.flac").write_bytes(without_length(written("FLAC", "PCM_16")))
    muxed(tmp_path, "opus.webm", "libopus")
    for path in (tmp_path / "streamed.flac", tmp_path / "opus.webm"):
        assert length_of(path) == pytest.approx(len(read(path, 48_000)) / 48_000, abs=1e-3)
    with pytest.raises(AudioError, match="no such file"):
        length_of(tmp_path / "missing.wav")
