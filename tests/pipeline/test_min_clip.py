"""Short recordings in the middle of silence: `min_clip` does what padding them by hand does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given
from hypothesis import strategies as st

from panns_inference import AudioTagging, UsageError, batch
from panns_inference.cli import main
from panns_inference.models import build
from panns_inference.pipeline import EmbeddingTask, TaggingTask
from panns_inference.pipeline.batches import batches
from panns_inference.pipeline.padding import centred

RATE = 32_000

MIN_CLIP = 3.0


@pytest.fixture(scope="module")
def mini() -> AudioTagging:
    return AudioTagging("PannsMini", device="cpu")


@pytest.fixture(scope="module")
def lee(leenet11: Path) -> AudioTagging:
    return AudioTagging("LeeNet11", leenet11, device="cpu")


def knock(seconds: float, seed: int = 0) -> np.ndarray:
    """A decaying noise, (samples,) int16."""
    time = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(seed).normal(0, 0.3, len(time))
    return np.round(32_768 * (noise * np.exp(-5 * time))).clip(-32_768, 32_767).astype(np.int16)


def padded(waveform: np.ndarray, seconds: float = MIN_CLIP) -> np.ndarray:
    """The same by hand: an array of zeros, and the waveform put into its middle."""
    whole = np.zeros(round(seconds * RATE), waveform.dtype)
    first = (len(whole) - len(waveform)) // 2
    whole[first : first + len(waveform)] = waveform
    return whole


# The function ----------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 9), max_size=12), st.integers(0, 20))
def test_zeros_lie_on_both_sides(values: list[int], n_samples: int) -> None:
    found = centred(np.array(values, np.float32), n_samples).tolist()
    missing = max(0, n_samples - len(values))
    front, behind = missing // 2, missing - missing // 2
    assert found == [0] * front + values + [0] * behind
    assert behind - front in (0, 1)


# One recording ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0.0001, 0.7313, 2.9999, 3.0, 4.2])
@pytest.mark.parametrize("network", ["mini", "lee"])
def test_it_is_padding_by_hand(
    network: str, seconds: float, request: pytest.FixtureRequest
) -> None:
    model, waveform = request.getfixturevalue(network), knock(seconds)
    whole = padded(waveform) if seconds < MIN_CLIP else waveform
    clipwise, embedding = model.inference(whole)
    tagging = model.tag(waveform, RATE, min_clip=MIN_CLIP)
    assert np.array_equal(tagging.clipwise, clipwise[0])
    assert np.array_equal(tagging.embedding, embedding[0])
    assert np.array_equal(model.embed(waveform, RATE, min_clip=MIN_CLIP).vector, embedding[0])
    # What the result is about is the recording, without what was added.
    assert tagging.duration == len(waveform) / RATE
    is_same = np.array_equal(tagging.clipwise, model.inference(waveform)[0][0])
    assert is_same == (seconds >= MIN_CLIP)


def test_inference_takes_samples_as_they_are(lee: AudioTagging) -> None:
    waveform = torch.from_numpy(knock(1.0).astype(np.float32) / 32_768)[None]
    with torch.inference_mode():
        expected = lee.network(waveform)["clipwise_output"].numpy()
    assert np.abs(lee.inference(waveform)[0] - expected).max() <= 1e-5
    assert np.abs(lee.inference(padded(knock(1.0)))[0] - expected).max() > 1e-4


def test_what_is_known_of_a_network_is_the_default(
    mini: AudioTagging, lee: AudioTagging, leenet11: Path
) -> None:
    """That of LeeNet11 is measured with its published weights, and is nobody else's."""
    waveform, whole = knock(1.0), padded(knock(1.0), 3)
    clipwise, embedding = lee.inference(whole)
    assert np.array_equal(lee.tag(waveform, RATE).clipwise, clipwise[0])
    assert np.array_equal(lee.embed(waveform, RATE).vector, embedding[0])
    (stretch,) = lee.tag(waveform, RATE, window=1.0).stretches
    assert np.abs(stretch.clipwise - clipwise[0]).max() <= 1e-6
    as_it_is = lee.inference(waveform)[0][0]
    assert np.array_equal(lee.tag(waveform, RATE, min_clip=0).clipwise, as_it_is)
    assert TaggingTask(lee, skip_silence=-90).settings["min_clip"] == 0
    assert np.array_equal(mini.tag(waveform, RATE).clipwise, mini.inference(waveform)[0][0])
    own = AudioTagging("LeeNet11", pretrained=False, device="cpu", labels=["a", "b"])
    assert TaggingTask(own).settings["min_clip"] == 0


@pytest.mark.parametrize("seconds", [1.3, 7.0])
def test_stretches_are_padded_as_recordings_are(lee: AudioTagging, seconds: float) -> None:
    waveform = knock(seconds)
    settings: dict[str, Any] = {"window": 0.5, "hop": 0.4, "min_clip": MIN_CLIP}
    tagging = lee.tag(waveform, RATE, **settings)
    whole = padded(waveform) if seconds < MIN_CLIP else waveform
    assert np.array_equal(tagging.clipwise, lee.inference(whole)[0][0])
    window = round(0.5 * RATE)
    for each in tagging.stretches:
        first = round(each.onset * RATE)
        stretch = np.zeros(window, np.int16)
        valid = waveform[first : first + window]
        stretch[: len(valid)] = valid
        assert each.duration == len(valid) / RATE
        assert np.abs(each.clipwise - lee.inference(padded(stretch))[0][0]).max() <= 1e-6
    found = list(lee.tags(waveform, RATE, **settings))
    assert [each.onset for each in found] == [each.onset for each in tagging.stretches]
    for one, other in zip(found, tagging.stretches, strict=True):
        assert np.array_equal(one.clipwise, other.clipwise)
    embedding = list(lee.embeddings(waveform, RATE, **settings))[-1]
    assert np.array_equal(embedding.vector, found[-1].embedding) or found[-1].embedding is None


def test_each_channel_is_padded(lee: AudioTagging) -> None:
    channels = np.stack([knock(0.8, seed) for seed in (1, 2)])
    found = lee.tag(channels, RATE, channel="each", min_clip=MIN_CLIP)
    for waveform, tagging in zip(channels, found, strict=True):
        assert np.array_equal(tagging.clipwise, lee.inference(padded(waveform))[0][0])


def test_a_forward_pass_of_ones_own_is_given_what_is_padded() -> None:
    class Length(type(build("LeeNet11"))):  # type: ignore[misc]
        def forward(self, x: torch.Tensor, _: None = None) -> dict[str, torch.Tensor]:
            return {"clipwise_output": torch.full((len(x), 1), x.shape[1] / RATE)}

    own = Length(RATE, 1024, 320, 64, 50, 14_000, 1)
    model = AudioTagging(own, device="cpu", pretrained=False, labels=["seconds"])
    tagging = model.tag(knock(1.0), RATE, window=0.5, min_clip=2)
    assert tagging["seconds"] == 2
    assert [each["seconds"] for each in tagging.stretches] == [2, 2]
    assert model.tag(knock(1.0), RATE)["seconds"] == 1


@pytest.mark.parametrize("task", [TaggingTask, EmbeddingTask])
def test_settings_that_make_no_sense(mini: AudioTagging, task: Any) -> None:
    for wrong in (-1, float("nan"), 1e-9):
        with pytest.raises(UsageError, match="min_clip must be a number of seconds above 0"):
            task(mini, min_clip=wrong)
    with pytest.raises(UsageError, match="min_clip is at most 30 s"):
        task(mini, min_clip=30.1)
    with pytest.raises(UsageError, match="min_clip adds silence and skip_silence leaves it out"):
        task(mini, min_clip=5, skip_silence=-60)
    assert task(mini, min_clip=30).settings["min_clip"] == 30


# Folders ---------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 12), max_size=60), st.integers(0, 60), st.integers(0, 9))
def test_clips_that_are_padded_to_one_length_are_one_batch(
    lengths: list[int], at_most: int, at_least: int
) -> None:
    """Padding decides as if the clips had been that long."""
    clips = [Clip(number, length) for number, length in enumerate(lengths)]
    long = [Clip(clip.number, max(clip.n_samples, at_least)) for clip in clips]
    found = [[clip.number for clip in each] for each in batches(clips, at_most, at_least)]
    assert found == [[clip.number for clip in each] for each in batches(long, at_most)]


class Clip:
    """What `batches` needs of a recording."""

    def __init__(self, number: int, n_samples: int) -> None:
        self.number = number
        self.n_samples = n_samples


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("knocks")
    for number, seconds in enumerate((0.4, 0.7, 1.1, 2.0, 3.5)):
        soundfile.write(place / f"{number}.wav", knock(seconds, number), RATE)
    return place


def test_a_folder_gives_what_its_recordings_give(mini: AudioTagging, folder: Path) -> None:
    for tagging in batch.results(TaggingTask(mini, min_clip=MIN_CLIP), [folder]):
        waveform, _ = soundfile.read(tagging.source, dtype="int16")
        whole = padded(waveform) if len(waveform) < MIN_CLIP * RATE else waveform
        assert tagging.duration == len(waveform) / RATE
        assert np.abs(tagging.clipwise - mini.inference(whole)[0][0]).max() <= 1e-6


def test_it_is_part_of_the_request(mini: AudioTagging, folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "tags.csv"
    assert batch.run(TaggingTask(mini), [folder], table).n_processed == 5
    assert batch.run(TaggingTask(mini, min_clip=0), [folder], table).n_done_before == 5
    with pytest.raises(UsageError, match=r"min_clip: was 0\.0, is 3\.0"):
        batch.run(TaggingTask(mini, min_clip=3), [folder], table)


def test_a_run_goes_on_to_the_same_bytes(mini: AudioTagging, folder: Path, tmp_path: Path) -> None:
    """What is computed again is in the batch in which it was: 0.wav to 3.wav are of one length."""
    task, more = TaggingTask(mini, min_clip=MIN_CLIP), {"format": "jsonl", "split": True}
    batch.run(task, [folder], tmp_path, **more)
    file = tmp_path / "1.jsonl"
    before = file.read_bytes()
    file.unlink()
    assert batch.run(task, [folder], tmp_path, **more).n_processed == 1
    assert file.read_bytes() == before


# The command line ------------------------------------------------------------------------------


def test_the_program_takes_it(
    mini: AudioTagging, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(folder / "1.wav")
    network = ["--model", "PannsMini", "--device", "cpu", "--min-clip", "3", path]
    assert main(["tag", "--json", "--top", "1", *network]) == 0
    (printed,) = json.loads(capsys.readouterr().out)
    first = mini.tag(path, min_clip=3).top(1)[0]
    assert printed["tags"][0]["label"] == first.label
    assert printed["tags"][0]["probability"] == pytest.approx(first.probability, abs=1e-6)
    assert printed["duration"] == pytest.approx(0.7)
    assert main(["embed", "--json", *network]) == 0
    (printed,) = json.loads(capsys.readouterr().out)
    expected = mini.embed(path, min_clip=3).vector
    assert np.abs(np.array(printed["embedding"]) - expected).max() <= 1e-4


def test_events_have_a_shortest_length_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["detect", "--min-clip", "3", "x.wav"])
    assert "--min-clip" in capsys.readouterr().err
