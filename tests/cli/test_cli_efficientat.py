"""The program with weights of EfficientAT's networks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from panns_inference import AudioTagging
from panns_inference.cli import main
from panns_inference.models import build

RATE = 32_000
SECONDS = 23


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With batch norms that fit noise, so that values do not fade."""
    torch.manual_seed(0)
    network = build("mn01_as")
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():
        network.train()(torch.randn(4, RATE) * torch.tensor([[0.3], [0.1], [0.03], [0.01]]))
    path = tmp_path_factory.mktemp("weights") / "mine.pt"
    torch.save(network.state_dict(), path)
    return path


@pytest.fixture(scope="module")
def tagger(weights: Path) -> AudioTagging:
    return AudioTagging("mn01_as", weights, "cpu")


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Noise whose level changes each second."""
    draw = np.random.default_rng(1)
    levels = 10 ** draw.uniform(-3, -0.5, SECONDS)
    noise = (draw.standard_normal((SECONDS, RATE)) * levels[:, None]).ravel().clip(-1, 1)
    soundfile.write(tmp_path / "noise.wav", noise, RATE, subtype="FLOAT")
    return tmp_path / "noise.wav"


def test_tags_of_windows(
    recording: Path, weights: Path, tagger: AudioTagging, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--checkpoint", str(weights), "--device", "cpu", "--top", "527", "--json"]
    assert main(["tag", *given, "--window", "5", "--hop", "10", str(recording)]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["model"] == "mn01_as"
    waveform, _ = soundfile.read(recording, dtype="float32")
    windows = [waveform[RATE * first : RATE * (first + 5)] for first in (0, 10, 20)]
    assert len(found["stretches"]) == 3
    for each, window in zip(found["stretches"], windows, strict=True):
        # The last one is padded with zeros.
        clip = np.pad(window, (0, 5 * RATE - len(window)))
        wanted = tagger.inference(clip[None])[0][0]
        tags = {tag["label"]: tag["probability"] for tag in each["tags"]}
        np.testing.assert_allclose([tags[label] for label in tagger.labels], wanted, atol=1e-5)
