"""Channels: each can be read by itself, and those that cancel each other in the mix are noticed."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile
from made_recordings import read_bytes, written
from numpy.typing import NDArray

from panns_inference.audio import blocks, read
from panns_inference.audio._cancellation import Cancellation
from panns_inference.errors import AudioError, AudioWarning, UsageError

RATE = 8_000
ANTIPHASE = r"cancel each other when they are mixed \(antiphase\)"
RANDOM = np.random.default_rng(7)


def noise(seconds: float = 3.0, n_channels: int = 1, level: float = 0.1) -> NDArray[np.float32]:
    """Channels that have nothing to do with each other, (samples, channels)."""
    shape = round(seconds * RATE), n_channels
    return RANDOM.normal(0, level, shape).astype(np.float32)


def bursts(seconds: float) -> NDArray[np.float32]:
    """A sound of 0.1 s every second, in the middle of it, (samples, 1)."""
    samples = noise(seconds)
    samples[np.arange(len(samples)) % RATE // (RATE // 10) != 5] = 0
    return samples


def opposite(samples: NDArray[np.float32], gain: float = 1.0) -> NDArray[np.float32]:
    """Two channels of which the second is the first with its poles swapped."""
    return np.hstack([samples, -gain * samples])


THREE = noise(n_channels=3)


@pytest.mark.parametrize(
    ("channel", "column"), [("left", 0), ("right", 1), (1, 0), (2, 1), (3, 2), (np.int64(3), 2)]
)
def test_a_channel_is_that_of_the_file(channel: Any, column: int) -> None:
    content = written("WAV", "FLOAT", THREE)
    assert np.array_equal(read_bytes(content, channel=channel), THREE[:, column])
    alone = read_bytes(written("WAV", "FLOAT", THREE[:, column]), 16_000)
    assert np.array_equal(read_bytes(content, 16_000, channel=channel), alone)
    assert np.array_equal(read(THREE.T, RATE, channel=channel), THREE[:, column])
    in_blocks = list(blocks(io.BytesIO(content), RATE, 1000, channel=channel))
    assert np.array_equal(np.concatenate(in_blocks), THREE[:, column])


def test_without_a_word_channels_are_mixed() -> None:
    content = written("WAV", "FLOAT", THREE)
    expected = THREE.mean(axis=1, dtype=np.float64)
    for more in ({}, {"channel": "mix"}):
        assert np.allclose(read_bytes(content, **more), expected, atol=1e-7)


def test_a_recording_of_one_channel_has_a_left_and_no_right() -> None:
    content = written("WAV", "FLOAT", THREE[:, 0])
    for channel in ("left", 1, "mix"):
        assert np.array_equal(read_bytes(content, channel=channel), THREE[:, 0])
    for channel in ("right", 2):
        with pytest.raises(AudioError, match="has one channel: there is no channel 2"):
            read_bytes(content, channel=channel)


def test_a_channel_that_is_not_there_is_an_error_that_says_how_many_there_are() -> None:
    with pytest.raises(AudioError, match="the open file has 3 channels: there is no channel 4"):
        read_bytes(written("WAV", "FLOAT", THREE), channel=4)
    with pytest.raises(AudioError, match="the array has 3 channels: there is no channel 9"):
        read(THREE.T, RATE, channel=9)


@pytest.mark.parametrize("channel", [0, -1, 1.5, "center", "1", "", None, True, [1]])
def test_what_names_no_channel_is_an_error_before_anything_is_read(channel: Any) -> None:
    with pytest.raises(UsageError, match="is no channel: give 'mix', 'left', 'right', 'each'"):
        blocks("no such file.wav", RATE, channel=channel)


def test_each_channel_and_all_tracks_are_no_single_waveform() -> None:
    with pytest.raises(UsageError, match="several waveforms"):
        read(THREE.T, RATE, channel="each")
    with pytest.raises(UsageError, match="several waveforms"):
        blocks("no such file.mkv", RATE, track="all")


def test_another_channel_that_cannot_be_used_does_no_harm() -> None:
    broken = THREE.copy()
    broken[1000:, 1] = np.nan
    content = written("WAV", "FLOAT", broken)
    assert np.array_equal(read_bytes(content, channel="left"), THREE[:, 0])
    for channel in ("right", "mix"):
        with pytest.raises(AudioError, match=r"a sample of nan at 0\.125 s"):
            read_bytes(content, channel=channel)


def chained(*parts: NDArray[np.float32]) -> bytes:
    """An Ogg file whose number of channels changes."""
    return b"".join(written("OGG", "VORBIS", part) for part in parts)


def test_a_number_of_channels_that_changes_is_said() -> None:
    content = chained(THREE[:, :2], THREE[:, 0])
    with pytest.raises(AudioError, match=r"has one channel from 3\.00 s on: there is no channel 2"):
        read_bytes(content, channel="right")
    changes = "has 1 channels in one part, 2 in another: channel 1 of each part is used"
    with pytest.warns(AudioWarning, match=changes):
        assert len(read_bytes(content, channel="left")) == 2 * len(THREE)
    with pytest.raises(AudioError, match=changes):
        read_bytes(content, channel="left", strict=True)


SIGNAL = noise(6.0)
HUM = 0.1 * np.sin(2 * np.pi * 60 * np.arange(6 * RATE) / RATE)[:, None].astype(np.float32)
CANCELLING = {
    "poles of one swapped": opposite(SIGNAL),
    "one side 2 dB louder": opposite(SIGNAL, 0.8),
    "much noise of their own": opposite(SIGNAL) + noise(6.0, 2, 0.01),
    "quiet": opposite(SIGNAL) * np.float32(0.002),
    "with an offset": opposite(SIGNAL) + np.float32(0.3),
    "a low tone": opposite(HUM),
    "short": opposite(SIGNAL[:800]),
    "short sounds in silence": opposite(bursts(6.0)),
    "two of four, the others silent": np.hstack([opposite(SIGNAL), 0 * opposite(SIGNAL)]),
    "four, two against two": np.hstack([opposite(SIGNAL), opposite(noise(6.0))]),
    "far beyond full scale": opposite(SIGNAL) * np.float32(1e9),
}


@pytest.mark.parametrize("samples", CANCELLING.values(), ids=CANCELLING)
def test_channels_that_cancel_each_other_are_noticed(samples: NDArray[np.float32]) -> None:
    length = f"in {len(samples) / RATE:.2f} of {len(samples) / RATE:.2f} s, from 0.00 s on"
    content = written("WAV", "FLOAT", samples)
    with pytest.warns(AudioWarning, match=f"the open file has channels that {ANTIPHASE}, {length}"):
        found = read_bytes(content)
    assert np.allclose(found, samples.mean(axis=1), rtol=1e-5, atol=1e-7 * np.abs(samples).max())
    with pytest.warns(AudioWarning, match=f"the array has channels that {ANTIPHASE}, {length}"):
        read(samples.T, RATE)
    with pytest.raises(AudioError, match="read one of them with channel='left', or"):
        read_bytes(content, strict=True)
    assert len(read_bytes(content, channel="left", strict=True)) == len(samples)


def lfe(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Six channels as of a film: a low one, and two that are silent."""
    channels = np.repeat(samples, 6, axis=1) * np.array([1, 0.8, 0.9, 0, 0, 0], np.float32)
    channels[:, 3:4] = HUM
    return channels


UNLIKE = {
    "noise of their own": noise(6.0, 2),
    "eight of their own": noise(6.0, 8),
    "sixty-four of their own": noise(6.0, 64),
    "one of two dead": np.hstack([SIGNAL, 0 * SIGNAL]),
    "one of eight alive": np.hstack([SIGNAL, np.zeros((len(SIGNAL), 7), np.float32)]),
    "one with an offset": np.hstack([SIGNAL, 0 * SIGNAL + np.float32(0.5)]),
    "five and a low one": lfe(SIGNAL),
    "a wide stereo": np.hstack([SIGNAL, noise(6.0)]) - 0.5 * np.hstack([noise(6.0), SIGNAL]),
    "one 6 dB louder": opposite(SIGNAL, 0.5),
    "low tones that drift": np.hstack([HUM, np.roll(HUM, 33)]),
    "opposite offsets": opposite(0 * SIGNAL + np.float32(0.01)) + noise(6.0, 2, 0.001),
    "opposite offsets and nothing else": opposite(0 * SIGNAL + np.float32(0.3)),
    "below silence": opposite(SIGNAL) * np.float32(0.0005),
    "silence": opposite(0 * SIGNAL),
    "equal": np.hstack([SIGNAL, SIGNAL]),
}


@pytest.mark.parametrize("samples", UNLIKE.values(), ids=UNLIKE)
def test_channels_that_do_not_cancel_each_other_are_mixed_without_a_word(
    samples: NDArray[np.float32],
) -> None:
    assert len(read_bytes(written("RF64", "FLOAT", samples), strict=True)) == len(samples)
    assert len(read(samples.T, RATE, strict=True)) == len(samples)


@pytest.mark.parametrize(("form", "subtype"), [("MP3", "MPEG_LAYER_III"), ("OGG", "OPUS")])
def test_antiphase_is_noticed_behind_compression_with_loss(form: str, subtype: str) -> None:
    with pytest.warns(AudioWarning, match=ANTIPHASE):
        read_bytes(written(form, subtype, opposite(bursts(6.0))))


def test_antiphase_is_noticed_in_what_pyav_decodes(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "stereo.m4a"), "w") as container:
        stream = container.add_stream("aac", rate=RATE, layout="stereo")
        frame = av.AudioFrame.from_ndarray(opposite(SIGNAL).T.copy(), "fltp", "stereo")
        frame.sample_rate = RATE
        queue = av.AudioFifo()
        queue.write(frame)
        while (part := queue.read(1024, partial=True)) is not None:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    with pytest.warns(AudioWarning, match=rf"stereo\.m4a' has channels that {ANTIPHASE}"):
        read(tmp_path / "stereo.m4a", RATE)


@pytest.mark.parametrize("onset", [0, 10, 47, 116])
def test_a_part_of_a_long_recording_is_enough(onset: int) -> None:
    samples = np.repeat(noise(120.0), 2, axis=1)
    samples[onset * RATE : (onset + 4) * RATE, 1] *= -1
    with pytest.warns(AudioWarning, match=ANTIPHASE) as caught:
        read_bytes(written("WAV", "FLOAT", samples))
    (warning,) = caught
    first = float(str(warning.message).partition(" s, from ")[2].partition(" s on")[0])
    assert abs(first - onset) < 4.5


def test_an_hour_of_wind_on_two_microphones_is_no_antiphase() -> None:
    """Rumble below 5 Hz, in which a second alone is often enough in antiphase by chance."""
    found = Cancellation()
    rumble = np.cumsum(RANDOM.normal(0, 1, (3600, RATE // 8, 2)), axis=1).astype(np.float32) / 300
    for second in rumble:
        found.add(RATE // 8, second, second.mean(axis=1))
    found.finish()
    assert found.seconds == 0


@pytest.mark.slow
def test_noticing_costs_next_to_nothing() -> None:
    file, samples = io.BytesIO(), noise(1200.0, 2)
    soundfile.write(file, samples, 44_100, format="FLAC")
    mix = samples.mean(axis=1)

    def noticing() -> float:
        found, begin = Cancellation(), time.process_time()
        for at in range(0, len(samples), 1 << 14):
            found.add(44_100, samples[at : at + (1 << 14)], mix[at : at + (1 << 14)])
        return time.process_time() - begin

    def reading() -> float:
        begin = time.process_time()
        read_bytes(file.getvalue(), 32_000)
        return time.process_time() - begin

    assert min(noticing() for _ in range(5)) < 0.02 * min(reading() for _ in range(3))
