"""The rules of HEAR 2021, as its common API and its validator state them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from panns_inference import AudioTagging
from panns_inference.errors import AudioError, UsageError
from panns_inference.hear import get_scene_embeddings, get_timestamp_embeddings, load_model


@pytest.fixture(scope="module")
def model():
    return load_model()


@pytest.fixture
def audio() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).uniform(-1, 1, (3, 48_123)).astype("float32"))


def test_a_model_is_a_module_that_tells_its_rate_and_sizes(model) -> None:
    assert isinstance(model, torch.nn.Module)
    assert model.sample_rate in (16_000, 22_050, 32_000, 44_100, 48_000)
    assert type(model.scene_embedding_size) is type(model.timestamp_embedding_size) is int


def test_scene_embeddings(model, audio) -> None:
    found = get_scene_embeddings(audio, model)
    assert found.dtype == torch.float32
    assert found.shape == (3, model.scene_embedding_size)
    assert not found.requires_grad
    tagger = AudioTagging("PannsMini", device="cpu")
    for row, waveform in zip(found, audio, strict=True):
        vector = tagger.embed(waveform, 32_000).vector
        assert np.allclose(row, vector, rtol=0, atol=1e-5 * np.abs(vector).max())


def test_timestamp_embeddings(model, audio) -> None:
    found, times = get_timestamp_embeddings(audio, model)
    assert found.dtype == times.dtype == torch.float32
    assert found.shape == (3, 30, model.timestamp_embedding_size)
    assert times.shape == (3, 30)
    # Evenly spaced, at most 50 ms apart, in the middle of their hop, none behind the end.
    assert torch.allclose(times[:, 0], torch.tensor(25.0))
    assert torch.allclose(times.diff(), torch.tensor(50.0), atol=1e-3)
    assert times.max() <= 48_123 / 32
    # The network hears a second around the time.
    expected = model(audio[1:2, 8_000:40_000])
    assert torch.allclose(found[1, 15], model(audio[1:2, 8_800:40_800])[0], atol=1e-5)
    assert not torch.allclose(found[1, 15], expected[0], atol=1e-5)


def test_a_recording_shorter_than_the_window(model) -> None:
    found, times = get_timestamp_embeddings(torch.zeros(1, 400), model)
    assert found.shape == (1, 1, 512)
    assert times.tolist() == [[25.0]]


def test_a_file_of_weights(leenet11: Path) -> None:
    model = load_model(str(leenet11))
    assert model.scene_embedding_size == 512
    assert get_scene_embeddings(torch.zeros(2, 32_000), model).shape == (2, 512)


def test_what_does_not_fit(model) -> None:
    with pytest.raises(AudioError, match="recordings, samples"):
        get_scene_embeddings(torch.zeros(32_000), model)
    with pytest.raises(UsageError, match="unknown network 'Cnn15'"):
        load_model("Cnn15")
