"""What was seen in public scripts beyond the plain calls."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from callers import NOISE, SETTINGS, Tiny
from torch import nn

from panns_inference import AudioTagging, SoundEventDetection
from panns_inference.errors import UsageError
from panns_inference.models import Cnn14, Cnn14_DecisionLevelMax


class Transfer(Cnn14):
    """A subclass as users write them: a head of one's own and a further argument."""

    def __init__(self, *settings: float) -> None:
        super().__init__(*settings)
        self.fc_transfer = nn.Linear(2048, 10)

    def forward(
        self, input: torch.Tensor, mixup_lambda: torch.Tensor | None = None, scale: float = 1.0
    ) -> dict[str, torch.Tensor]:
        output = super().forward(input, mixup_lambda)
        output["clipwise_output"] = torch.sigmoid(scale * self.fc_transfer(output["embedding"]))
        return output


def test_a_subclass_with_a_head_of_its_own() -> None:
    tagger = AudioTagging(Transfer(*SETTINGS), device="cpu", pretrained=False)
    clipwise, embedding = tagger.inference(NOISE[:, :16000])
    assert clipwise.shape == (2, 10)
    assert embedding.shape == (2, 2048)


def test_own_labels() -> None:
    names = [f"kind {i}" for i in range(10)]
    module = Transfer(*SETTINGS)
    tagger = AudioTagging(module, device="cpu", pretrained=False, labels=names)
    tagging = tagger.tag(NOISE[0], 32000)
    assert {tag.label for tag in tagging.tags} == set(names)
    assert {tag.mid for tag in tagging.tags} == {""}
    with pytest.raises(UsageError, match=r"10 classes, but there are 527 labels"):
        AudioTagging(module, device="cpu", pretrained=False).tag(NOISE[0], 32000)


def test_a_hook_on_a_layer_and_another_classifier() -> None:
    network = Cnn14_DecisionLevelMax(*SETTINGS, interpolate_mode="nearest").eval()
    seen = []
    network.fc1.register_forward_hook(lambda *given: seen.append(given[2].shape))
    network.fc_audioset = nn.Linear(2048, 5)
    output = network(torch.from_numpy(NOISE))
    assert seen == [(2, 2, 2048)]
    assert output["framewise_output"].shape == (2, 94, 5)


def test_linear_interpolation(published: Path) -> None:
    path = published / "Cnn14_DecisionLevelMax.pth"
    linear = SoundEventDetection(None, path, "cpu", "linear").inference(NOISE)
    nearest = SoundEventDetection(None, path, "cpu").inference(NOISE)
    assert linear.shape == nearest.shape
    assert np.allclose(linear[:, 0], nearest[:, 0], atol=1e-6)
    assert np.allclose(linear[:, 16], (nearest[:, 0] + nearest[:, 32]) / 2, atol=1e-6)
    with pytest.raises(ValueError, match="interpolate_mode must be"):
        SoundEventDetection(None, path, "cpu", "cubic")
    with pytest.raises(ValueError, match="a module has its own interpolate_mode"):
        SoundEventDetection(Tiny(), path, "cpu", "cubic")


def test_two_threads_share_a_model(small: AudioTagging) -> None:
    expected = small.inference(NOISE)[0]
    found: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: found.append(small.inference(NOISE)[0])) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(np.allclose(each, expected, atol=1e-6) for each in found)
