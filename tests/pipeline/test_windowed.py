"""Networks that are given their recordings in windows, through every task."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from panns_inference import AudioTagging
from panns_inference.batch import results
from panns_inference.errors import UsageError
from panns_inference.models import build
from panns_inference.pipeline import DetectionTask, EmbeddingTask, TaggingTask
from panns_inference.pipeline.task import Task

RATE = 32_000
SECONDS = 23
FIRSTS = (0, 5, 10, 13)
"""Seconds at which the windows of a recording of 23 s begin."""


@pytest.fixture(scope="module")
def tagger() -> AudioTagging:
    """With batch norms that fit noise, so that values do not fade."""
    torch.manual_seed(0)
    network = build("mn01_as")
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():
        network.train()(torch.randn(4, RATE) * torch.tensor([[0.3], [0.1], [0.03], [0.01]]))
    return AudioTagging(network.eval(), device="cpu", pretrained=False)


@pytest.fixture(scope="module")
def waveform() -> np.ndarray:
    """Noise whose level changes each second: no two windows are alike."""
    draw = np.random.default_rng(1)
    levels = 10 ** draw.uniform(-3, -0.5, SECONDS)
    noise = draw.standard_normal((SECONDS, RATE)) * levels[:, None]
    return noise.reshape(-1).astype(np.float32)


def each_window(tagger: AudioTagging, waveform: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the network, in torch alone, gives for each window."""
    windows = np.stack([waveform[RATE * k : RATE * (k + 10)] for k in FIRSTS])
    with torch.no_grad():
        outputs = tagger.network(torch.from_numpy(windows))
    return outputs["clipwise_output"].numpy(), outputs["embedding"].numpy()


def close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_the_outputs_are_the_means_of_the_windows(
    tagger: AudioTagging, waveform: np.ndarray
) -> None:
    clipwise, embedding = each_window(tagger, waveform)
    assert np.ptp(clipwise, axis=0).max() > 1e-3
    close(tagger.tag(waveform, RATE).clipwise, clipwise.mean(axis=0))
    close(tagger.embed(waveform, RATE).vector, embedding.mean(axis=0))
    for found, expected in zip(
        tagger.inference(waveform[None]), (clipwise, embedding), strict=True
    ):
        close(found[0], expected.mean(axis=0))


def test_a_recording_of_a_window_is_given_as_it_is(
    tagger: AudioTagging, waveform: np.ndarray
) -> None:
    for n_samples in (1, 513, 5 * RATE, 10 * RATE):
        with torch.no_grad():
            expected = tagger.network(torch.from_numpy(waveform[None, :n_samples]))
        found = tagger.tag(waveform[:n_samples], RATE).clipwise
        close(found, expected["clipwise_output"][0].numpy())


def test_stretches_may_be_longer_than_windows(tagger: AudioTagging, waveform: np.ndarray) -> None:
    found = tagger.tag(waveform, RATE, window=12, hop=11).stretches
    assert [(each.onset, each.duration) for each in found] == [(0, 12), (11, 12)]
    for each, first in zip(found, (0, 11), strict=True):
        alone = tagger.tag(waveform[RATE * first : RATE * (first + 12)], RATE)
        close(each.clipwise, alone.clipwise)


def test_short_clips_are_put_between_zeros(tagger: AudioTagging, waveform: np.ndarray) -> None:
    short = waveform[:RATE]
    padded = np.pad(short, (RATE // 2, RATE // 2))
    close(tagger.tag(short, RATE, min_clip=2).clipwise, tagger.tag(padded, RATE).clipwise)
    with pytest.raises(UsageError, match="min_clip is at most 10 s"):
        tagger.tag(short, RATE, min_clip=11)


def test_silent_windows_do_not_count(tagger: AudioTagging, waveform: np.ndarray) -> None:
    quiet = waveform.copy()
    quiet[RATE * 10 :] = 0
    clipwise, embedding = each_window(tagger, quiet)
    found = tagger.tag(quiet, RATE, skip_silence=-90)
    close(found.clipwise, clipwise[:2].mean(axis=0))
    close(tagger.embed(quiet, RATE, skip_silence=-90).vector, embedding[:2].mean(axis=0))
    # From 15 s on all windows are silent; the second one, which is not, reaches up to there.
    assert found.silence == SECONDS - 15
    nothing = tagger.tag(np.zeros_like(quiet), RATE, skip_silence=-90)
    assert nothing.silence == SECONDS
    assert not nothing.clipwise.any()


def test_files_folders_and_processes_have_the_same_results(
    tagger: AudioTagging, waveform: np.ndarray, tmp_path: Path
) -> None:
    for number in range(2):
        soundfile.write(tmp_path / f"{number}.wav", waveform[number:], RATE, subtype="FLOAT")
    alone = [tagger.tag(tmp_path / f"{number}.wav").clipwise for number in range(2)]
    found = {
        Path(str(each.source)).name: each.clipwise
        for each in results(TaggingTask(tagger), [tmp_path])
    }
    close([found["0.wav"], found["1.wav"]], alone)
    sent = pickle.loads(pickle.dumps(tagger))
    close(sent.tag(tmp_path / "0.wav").clipwise, alone[0])
    assert sent.engine.window == tagger.engine.window == 10 * RATE


@pytest.mark.parametrize("kind", [TaggingTask, EmbeddingTask, DetectionTask])
@pytest.mark.filterwarnings("ignore:.*has no framewise probabilities")
def test_a_long_recording_goes_on_from_its_state(
    kind: Any, tagger: AudioTagging, waveform: np.ndarray
) -> None:
    task: Task[Any] = kind(
        tagger, skip_silence=-90, **({"threshold": 0.5} if kind is DetectionTask else {})
    )
    accumulator = task.accumulator("a")
    accumulator.feed(waveform)
    whole = accumulator.finish()
    accumulator = task.accumulator("a")
    for piece in np.array_split(waveform, 7):
        accumulator.feed(piece)
        file = io.BytesIO()
        np.savez(file, **accumulator.state())
        file.seek(0)
        accumulator = task.accumulator("a", dict(np.load(file, allow_pickle=False)))
    found = accumulator.finish()
    name = "vector" if kind is EmbeddingTask else "clipwise"
    close(getattr(found, name), getattr(whole, name))
    if kind is DetectionTask:
        assert [(e.onset, e.index) for e in found.events] == [
            (e.onset, e.index) for e in whole.events
        ]
        assert found.events
    assert found.silence == whole.silence


@pytest.mark.filterwarnings("ignore:.*has no framewise probabilities")
def test_detection_slides_as_was_measured(tagger: AudioTagging, waveform: np.ndarray) -> None:
    found = tagger.detect(waveform, RATE, framewise=True)
    assert found.frames_per_second == 2
    assert len(found.framewise) == 2 * SECONDS
    with torch.no_grad():  # the middle of hop 20 is at 10.25 s
        window = torch.from_numpy(waveform[None, RATE * 39 // 4 : RATE * 43 // 4])
        expected = tagger.network(window)["clipwise_output"][0].numpy()
    close(found.framewise[20], expected)
    assert tagger.detect(waveform, RATE, window=2, hop=1).frames_per_second == 1


def test_embeddings_of_hear(tagger: AudioTagging, waveform: np.ndarray) -> None:
    from panns_inference import hear

    model = hear.HearModel(tagger)
    _, embedding = each_window(tagger, waveform)
    audio = torch.from_numpy(waveform[None])
    close(hear.get_scene_embeddings(audio, model)[0].numpy(), embedding.mean(axis=0))
    vectors, times = hear.get_timestamp_embeddings(audio[:, :RATE], model)
    assert vectors.shape == (1, times.shape[1], tagger.network.embedding_size)
