"""Dense layers in front of the last one: what they compute, and the file of such a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from panns_inference import AudioTagging
from panns_inference.checkpoints import load, save
from panns_inference.cli import main
from panns_inference.errors import CheckpointError, UsageError
from panns_inference.models import build

LABELS = ["wren", "robin", "else"]
NOISE = np.random.default_rng(0).normal(0, 0.1, (1, 64_000)).astype(np.float32)


def of(name: str) -> Any:
    torch.manual_seed(0)
    return build(name, classes_num=3, hidden=[7, 5]).eval()


@pytest.mark.parametrize("name", ["LeeNet11", "PannsMini", "mn01_as", "MobileNetV1"])
def test_they_stand_between_embedding_and_classes(name: str) -> None:
    network = of(name)
    state = {key: value.numpy() for key, value in network.state_dict().items()}
    with torch.no_grad():
        found = {key: value.numpy() for key, value in network(torch.from_numpy(NOISE)).items()}
    values = found["embedding"]
    last = "fc_audioset"
    if name == "mn01_as":  # it has a layer of its own behind the embedding, with hard swish
        dense = values @ state["classifier.2.weight"].T + state["classifier.2.bias"]
        values, last = dense * np.clip(dense + 3, 0, 6) / 6, "classifier.5"
    for layer in ("fc_hidden.0", "fc_hidden.3"):
        values = values @ state[f"{layer}.weight"].T + state[f"{layer}.bias"]
        values = np.maximum(values, 0)
    logits = values @ state[f"{last}.weight"].T + state[f"{last}.bias"]
    assert values.shape == (1, 5)
    np.testing.assert_allclose(found["clipwise_output"], 1 / (1 + np.exp(-logits)), atol=1e-6)


@pytest.mark.parametrize("name", ["LeeNet11", "PannsMini", "mn01_as"])
def test_a_file_says_so_at_every_door(name: str, tmp_path: Path) -> None:
    network = of(name)
    with torch.no_grad():
        expected = network(torch.from_numpy(NOISE))["clipwise_output"].numpy()
    path = save(network, tmp_path / "mine.pth", labels=LABELS)
    assert torch.load(path, weights_only=True)["panns"]["hidden"] == [7, 5]
    np.testing.assert_array_equal(load(build(name, 3, hidden=(7, 5)), path).hidden, (7, 5))
    tagger = AudioTagging(path, device="cpu", verbose=False)
    np.testing.assert_allclose(tagger.inference(NOISE)[0], expected, atol=1e-5)
    main(["export", str(path), "--to", "onnx", "--output", str(tmp_path / "mine.onnx")])
    exported = AudioTagging(tmp_path / "mine.onnx")
    assert exported.labels == LABELS
    np.testing.assert_allclose(exported.inference(NOISE)[0], expected, atol=1e-5)


def test_networks_without_embedding_have_none() -> None:
    with pytest.raises(UsageError, match="Cnn14_DecisionLevelMax has no embedding that dense lay"):
        build("Cnn14_DecisionLevelMax", hidden=[8])


@pytest.mark.parametrize(
    ("network", "hidden", "problem"),
    [
        ("LeeNet11", [0], "hidden is .0., expected numbers of outputs of each layer"),
        ("LeeNet11", [2.5], "hidden is .2.5., expected numbers"),
        ("Cnn14_DecisionLevelAtt", [8], "Cnn14_DecisionLevelAtt has no embedding"),
    ],
)
def test_what_cannot_be_is_refused(
    network: str, hidden: list[float], problem: str, tmp_path: Path
) -> None:
    entry = {"format": 1, "network": network, "labels": LABELS, "hidden": hidden}
    torch.save({"model": of("LeeNet11").state_dict(), "panns": entry}, tmp_path / "bad.pth")
    with pytest.raises(CheckpointError, match=problem):
        AudioTagging(tmp_path / "bad.pth", device="cpu")


def test_other_classes_keep_them(tmp_path: Path) -> None:
    path = save(of("LeeNet11"), tmp_path / "mine.pth", labels=LABELS)
    with pytest.warns(UserWarning, match="new in LeeNet11, .*: fc_audioset.weight, fc_audioset.b"):
        tagger = AudioTagging(path, device="cpu", labels=["a", "b"], pretrained="trunk")
    old, new = of("LeeNet11").state_dict(), tagger.network.state_dict()
    assert torch.equal(old["fc_hidden.3.weight"], new["fc_hidden.3.weight"])
    assert new["fc_audioset.weight"].shape == (2, 5)
