"""EfficientAT's networks learn from a teacher, and what they learnt is a checkpoint like others."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from panns_inference import AudioTagging
from panns_inference.checkpoints import identify
from panns_inference.models import build
from panns_inference.models.efficientat import mn04_as
from panns_inference.training import Run, Settings, soft_cross_entropy, write_weights


class Clips(NamedTuple):
    waveforms: Tensor
    labels: Tensor


def clips(number: int) -> Clips:
    """Tones and noise, a second each, and the labels that a teacher may give them."""
    draw = torch.Generator().manual_seed(number)
    time = torch.arange(32_000) / 32_000
    tones = torch.sin(2 * torch.pi * 440 * time).expand(2, -1)
    noise = torch.randn(2, 32_000, generator=draw)
    labels = torch.full((4, 527), 0.01)
    labels[:2, 482], labels[2:, 515] = 0.9, 0.9
    return Clips(torch.cat([tones, noise]) * 0.1, labels)


def loss(network: mn04_as, batch: Clips) -> dict[str, Tensor]:
    pooled = network.segment_features(batch.waveforms)[:, :, 0]
    return {"loss": soft_cross_entropy(network.logits(pooled), batch.labels).mean()}


def test_a_run_of_mn04_goes_on_and_its_weights_load(tmp_path: Path) -> None:
    torch.manual_seed(1)
    settings = Settings(seed=1, steps=6, learning_rate=2e-3, checkpoint_interval=3)

    def run() -> Run[mn04_as, Clips]:
        network = build("mn04_as")
        assert isinstance(network, mn04_as)
        for layer in network.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):
                layer.momentum = 1.0  # six steps are few for running statistics
        return Run(network, loss, lambda _: {}, ("loss",), settings, tmp_path / "run")

    def lost(network: mn04_as) -> float:
        with torch.no_grad():
            return float(loss(network, clips(0))["loss"])

    first = run()
    before = lost(first.network)
    first.learn(clips(number) for number in range(3))
    first.save()
    second = run()
    assert second.step == 3
    second.learn(clips(number) for number in range(3, 6))
    assert lost(second.network) < 0.8 * before
    # In half precision, and under a name that says nothing.
    write_weights(second.network, tmp_path / "mine.pt")
    assert identify(tmp_path / "mine.pt") == "mn04_as"
    tagger = AudioTagging("mn04_as", tmp_path / "mine.pt", "cpu")
    with torch.no_grad():
        wanted = second.network.eval()(clips(0).waveforms)["clipwise_output"].numpy()
    found, _ = tagger.inference(clips(0).waveforms.numpy())
    np.testing.assert_allclose(found, wanted, rtol=0, atol=0.02)
    assert np.ptp(wanted, axis=0).max() > 0.01
