"""Each channel and each track of a recording as a result of its own."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from panns_inference import AudioError, AudioTagging, Tagging, UsageError
from panns_inference.results import Result

RATE = 32_000


@pytest.fixture(scope="module")
def model() -> AudioTagging:
    return AudioTagging("PannsMini", device="cpu")


@pytest.fixture(scope="module")
def samples() -> NDArray[np.float32]:
    """Two seconds: a tone, noise, and clicks, (samples, channels)."""
    tone = np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)
    clicks = np.arange(2 * RATE) % 8000 < 10
    noise = np.random.default_rng(0).normal(0, 0.2, 2 * RATE)
    return np.stack([0.3 * tone, noise, clicks], axis=1).astype(np.float32)


@pytest.fixture
def path(samples: NDArray[np.float32], tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "three.wav", samples, RATE, subtype="FLOAT")
    return tmp_path / "three.wav"


def values(result: Result) -> NDArray[np.float32]:
    array: NDArray[np.float32] = getattr(result, "clipwise", getattr(result, "vector", None))
    return array


@pytest.mark.parametrize("verb", ["tag", "detect", "embed"])
def test_each_channel_has_the_result_that_it_has_alone(
    verb: str, model: AudioTagging, path: Path, samples: NDArray[np.float32]
) -> None:
    ask: Any = getattr(model, verb)
    found = ask(path, channel="each")
    assert [(each.channel, each.track, each.source) for each in found] == [
        (number, None, str(path)) for number in (1, 2, 3)
    ]
    for number, each in enumerate(found):
        alone = ask(samples[:, number], RATE)
        np.testing.assert_array_equal(values(each), values(alone))
        assert alone.channel is None
        assert getattr(each, "events", ()) == getattr(alone, "events", ())
        np.testing.assert_array_equal(values(ask(path, channel=number + 1)), values(alone))
    assert ask(path, channel="left").channel == 1
    assert ask(path).channel is None


def test_arrays_and_open_files_have_channels_too(
    model: AudioTagging, path: Path, samples: NDArray[np.float32]
) -> None:
    expected = [values(each) for each in model.tag(path, channel="each")]
    with path.open("rb") as file:
        from_file = model.tag(file, channel="each")
    assert [each.source for each in from_file] == [str(path)] * 3
    in_front = io.BytesIO(b"12345678" + path.read_bytes())
    in_front.seek(8)
    for found in (
        from_file,
        model.tag(in_front, channel="each"),
        model.tag(samples.T, RATE, channel="each"),
    ):
        np.testing.assert_array_equal([values(each) for each in found], expected)


def test_a_recording_of_one_channel_has_one_result_of_each(
    model: AudioTagging, samples: NDArray[np.float32]
) -> None:
    (found,) = model.tag(samples[:, 0], RATE, channel="each")
    assert found.channel == 1


def test_stretches_know_their_channel(model: AudioTagging, path: Path) -> None:
    for each in model.tag(path, channel="each", window=1.0):
        assert [stretch.channel for stretch in each.stretches] == [each.channel] * 2
    for iterated in (model.tags, model.embeddings):
        found = list(iterated(path, channel="each", window=1.0))
        assert [(each.channel, each.onset) for each in found] == [
            (number, onset) for number in (1, 2, 3) for onset in (0.0, 1.0)
        ]


def test_events_come_of_one_channel_for_they_do_not_say_which(
    model: AudioTagging, path: Path
) -> None:
    assert list(model.events(path, channel=2)) == list(model.detect(path, channel=2).events)
    for several in ({"channel": "each"}, {"track": "all"}):
        with pytest.raises(UsageError, match=r"one at a time, or detect\(\) for a result of each"):
            model.events(path, **several)  # type: ignore[arg-type]


def test_each_track_has_the_result_that_it_has_alone(model: AudioTagging, two_tracks: Path) -> None:
    found = model.tag(two_tracks, track="all")
    assert [(each.track, each.channel) for each in found] == [(1, None), (2, None)]
    for number, each in enumerate(found, start=1):
        np.testing.assert_array_equal(values(each), values(model.tag(two_tracks, track=number)))
    assert found[1].top(1)[0].label == "Speech"
    assert found[0]["Speech"] < 0.1
    both: Any = model.tag(two_tracks, track="all", channel="each")
    assert [(each.track, each.channel) for each in both] == [(1, 1), (1, 2), (2, 1)]


def test_what_cannot_be_separated_is_an_error_of_the_recording(
    model: AudioTagging, tmp_path: Path
) -> None:
    (tmp_path / "text.wav").write_text("no sound")
    for several in ({"channel": "each"}, {"track": "all"}):
        with pytest.raises(AudioError, match="no such file"):
            model.tag(tmp_path / "none.wav", **several)
        with pytest.raises(AudioError, match="cannot be decoded"):
            model.tag(tmp_path / "text.wav", **several)
        with pytest.raises(AudioError, match=r"has the shape \(2, 3, 4\)"):
            model.tag(np.zeros((2, 3, 4)), RATE, channel="each")
        with pytest.raises(AudioError, match="the array holds no samples"):
            model.tag(np.zeros((2, 0)), RATE, channel="each")
    with pytest.raises(UsageError, match="samples in memory have no tracks"):
        model.tag(np.zeros(RATE), RATE, track="all")
    with pytest.raises(UsageError, match="do not know their rate"):
        model.tags(np.zeros((2, RATE)), channel="each", window=1.0)


def test_a_result_says_of_which_channel_and_track_it_is(model: AudioTagging, path: Path) -> None:
    whole, one = model.tag(path), model.tag(path, track=1, channel="right")
    assert (one.track, one.channel, one.chosen_text) == (1, 2, "track 1, channel 2")
    assert isinstance(one, Tagging)
    assert repr(one).startswith(f"Tagging of {path}, track 1, channel 2 (2.00 s, PannsMini)\n")
    assert list(one.to_dict())[:4] == ["source", "track", "channel", "duration"]
    assert repr(whole).startswith(f"Tagging of {path} (2.00 s, PannsMini)\n")
    assert list(whole.to_dict())[:2] == ["source", "duration"]
