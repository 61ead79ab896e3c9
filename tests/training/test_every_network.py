"""Every network of the reference learns new classes: in a step, and by its last layer alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from reference.stored import REFERENCE

from panns_inference import AudioTagging, UsageError
from panns_inference.models import build
from panns_inference.registry import NETWORKS
from panns_inference.training import loop
from panns_inference.training.data import Dataset, read_dataset
from panns_inference.training.heads import transfer, transfer_in_mode
from panns_inference.training.modes import MODES, learning, mode

SECONDS = 0.25
HEAD = ("fc", "att_block", "classifier", "framewise_head")
"""What names of layers behind the features of the segments begin with."""

QUICK = ("Cnn6", "LeeNet11", "MobileNetV2", "PannsMini", "mn01_as")
NAMES = [
    name if name in QUICK else pytest.param(name, marks=pytest.mark.slow)
    for name in dict.fromkeys((*REFERENCE, *QUICK))
]

ONE_STEP = {
    name: replace(
        MODES[name],
        stages=tuple(replace(stage, epochs=1, least_steps=1) for stage in MODES[name].stages),
    )
    for name in ("freeze-l1", "fine-tune")
}


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Two recordings of noise and two of next to nothing."""
    folder = tmp_path_factory.mktemp("sounds")
    for number, (label, level) in enumerate((("noise", 0.1), ("silence", 1e-4)) * 2):
        (folder / label).mkdir(exist_ok=True)
        noise = np.random.default_rng(number).normal(0, level, round(SECONDS * 32_000))
        soundfile.write(folder / label / f"{number}.wav", noise, 32_000)
    return read_dataset(folder)


def tagger(name: str) -> AudioTagging:
    torch.manual_seed(0)
    return AudioTagging(build(name, 3), labels=["a", "b", "c"], device="cpu", verbose=False)


def changed(before: dict[str, torch.Tensor], network: Any) -> set[str]:
    after = network.state_dict()
    return {key for key in after if key not in before or not torch.equal(before[key], after[key])}


@pytest.mark.parametrize("name", NAMES)
def test_a_network_learns_new_classes(
    name: str, clips: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (mode, learning):
        monkeypatch.setattr(module, "ROW_STEPS", 1)
    monkeypatch.setattr(learning, "CHECKPOINT_STEPS", 1)
    monkeypatch.setattr(loop, "save", lambda *state: None)  # a gigabyte, of the largest
    model = tagger(name)
    before = {key: value.clone() for key, value in model.network.state_dict().items()}
    for way in ONE_STEP.values():
        found = transfer_in_mode(clips, model, way, tmp_path, seconds=SECONDS)
        assert found.labels == ("noise", "silence")
        learnt = changed(before, found.network)
        assert any(key.startswith(HEAD) for key in learnt)
        assert all(key.startswith(HEAD) for key in learnt) == way.is_frozen
        check(found.network)
    if "embedding" in NETWORKS[name].output_names:
        check(transfer(clips, model, embeddings=tmp_path / "embeddings").network)
    else:
        with pytest.raises(UsageError, match="decides for each segment"):
            transfer(clips, model)
        with pytest.raises(UsageError, match="no embedding that dense layers could take"):
            transfer_in_mode(clips, model, MODES["freeze-l3"], tmp_path / "new")
        assert not (tmp_path / "new").exists()


def check(network: Any) -> None:
    """Probabilities of two classes."""
    with torch.no_grad():
        found = network(torch.randn(2, 8000) / 10)["clipwise_output"]
    assert found.shape == (2, 2)
    assert ((found >= 0) & (found <= 1)).all()
