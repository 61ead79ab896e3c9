"""The modes of transfer: what learns and what does not, resuming, folds, and the saved network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from made_tones import Tones
from numpy.typing import NDArray

from panns_inference import AudioTagging
from panns_inference.checkpoints import save
from panns_inference.errors import UsageError
from panns_inference.metrics import accuracy
from panns_inference.models import build
from panns_inference.training import Selection
from panns_inference.training.modes import (
    MODES,
    Features,
    OnFeatures,
    Stage,
    cross_validated,
    divisions,
    learnt,
)
from panns_inference.training.new_classes import activation_for, with_new_classes

LAST = Stage(whole=False, epochs=1, learning_rate=0.01, batch_size=8, least_steps=60)
WHOLE = Stage(whole=True, epochs=1, learning_rate=1e-3, batch_size=8, mixup="logmel")
QUICK = {
    name: replace(mode, stages=stages)
    for (name, mode), stages in zip(
        MODES.items(),
        [(WHOLE,), (LAST,), (LAST,), (LAST, replace(WHOLE, mixup="none", statistics=False))],
        strict=True,
    )
}
"""The modes, with stages that take moments."""

TONES = Tones()


@pytest.fixture(scope="module")
def network() -> Any:
    torch.manual_seed(0)
    made = build("LeeNet11", 4).eval()
    for layer in made.modules():  # statistics like those of a network that was trained
        if isinstance(layer, torch.nn.BatchNorm1d):
            layer.momentum = None
    with torch.no_grad():
        made.train()(torch.from_numpy(TONES.waveforms(np.arange(24))))
    return made.eval()


def differing(first: Any, second: Any) -> set[str]:
    """Names of weights and statistics that are not the same to the bit, or of another shape."""
    old, new = first.state_dict(), second.state_dict()
    return {name for name in new if name not in old or not torch.equal(old[name], new[name])}


@pytest.mark.parametrize(
    ("mode", "learning"),
    [
        ("freeze-l1", {"fc_audioset"}),
        ("freeze-l3", {"fc_audioset", "fc_hidden.0", "fc_hidden.3"}),
    ],
)
def test_a_frozen_network_stays_as_it_is_to_the_bit(
    network: Any, mode: str, learning: set[str], tmp_path: Path
) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    made = learnt(TONES, network, QUICK[mode], tmp_path)
    assert {name.rpartition(".")[0] for name in differing(network, made)} == learning
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert not made.training
    # What learnt knows the tones.
    indices = np.arange(24)
    with torch.no_grad():
        found = made(torch.from_numpy(TONES.waveforms(indices)))["clipwise_output"].numpy()
    assert accuracy(TONES.dataset.targets, found) == 1
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)


def test_fine_tuning_changes_all_weights_but_no_statistics(network: Any, tmp_path: Path) -> None:
    changed = differing(network, learnt(TONES, network, QUICK["fine-tune"], tmp_path))
    assert changed == {name for name, _ in network.named_parameters()}


def test_from_scratch_nothing_is_kept(network: Any, tmp_path: Path) -> None:
    made = learnt(TONES, network, QUICK["scratch"], tmp_path)
    assert differing(network, made) == {*network.state_dict()}


class Failing(Tones):
    """Clips of which so many batches can be had."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def waveforms(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        self.times -= len(indices) > 1
        if self.times < 0:
            raise KeyboardInterrupt
        return super().waveforms(indices)


def test_what_was_interrupted_goes_on_as_if_it_was_not(network: Any, tmp_path: Path) -> None:
    mode = QUICK["fine-tune"]
    mode = replace(mode, stages=(LAST, replace(mode.stages[1], least_steps=30)))
    whole = learnt(TONES, network, mode, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):  # in the second stage, behind its first checkpoint
        learnt(Failing(30), network, mode, tmp_path / "parts")
    assert (tmp_path / "parts" / "stage 2" / "checkpoint.pth").exists()
    resumed = learnt(Failing(15), network, mode, tmp_path / "parts")
    assert not differing(whole, resumed)


@pytest.mark.parametrize("name", ["LeeNet11", "PannsMini", "mn01_as"])
def test_features_take_the_place_of_waveforms(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    made = build(name, 2).eval()
    clips = Selection(Tones(12_000), np.arange(3))
    features = Features(clips, made, tmp_path)
    waveforms = torch.from_numpy(clips.waveforms(np.arange(3)))
    with torch.no_grad():
        expected = made(waveforms)
        given = torch.from_numpy(features.waveforms(np.arange(3)))
        found = OnFeatures(made, 12_000).eval()(given)
    assert expected.keys() == found.keys()
    for key, value in expected.items():
        np.testing.assert_allclose(found[key].numpy(), value.numpy(), atol=1e-5)


def test_features_are_computed_once(network: Any, tmp_path: Path) -> None:
    Features(TONES, network, tmp_path)
    found = Features(Failing(0), network, tmp_path).waveforms(np.array([23, 0]))
    with torch.no_grad():
        given = torch.from_numpy(TONES.waveforms(np.array([23, 0])))
        np.testing.assert_allclose(found, network.segment_features(given).numpy(), atol=1e-5)
    other = build("LeeNet11", 4)
    with pytest.raises(KeyboardInterrupt):
        Features(Failing(0), other, tmp_path)


def test_each_fold_is_judged_by_what_the_others_taught(network: Any, tmp_path: Path) -> None:
    found = cross_validated(TONES, network, QUICK["freeze-l1"], tmp_path)
    assert [each.name for each in found.divisions] == ["fold 1", "fold 2", "fold 10"]
    folds = np.array([clip.fold for clip in TONES.dataset.clips])
    for each, fold in zip(found.divisions, ("1", "2", "10"), strict=True):
        assert set(folds[each.judging]) == {fold}
        assert fold not in folds[each.learnt]
        assert len(each.learnt) + len(each.judging) == 24
    assert found.figures(accuracy) == [1, 1, 1]
    assert found.mean(accuracy) == (1, 0)
    # What is known is not computed again.
    again = cross_validated(Failing(0), network, QUICK["freeze-l1"], tmp_path)
    np.testing.assert_array_equal(again.probabilities, found.probabilities)


def test_a_split_is_judged_by_all_else() -> None:
    clips = TONES.dataset.clips
    parts = ("train", "validation", "test")
    split = tuple(replace(clip, fold="", split=parts[k % 3]) for k, clip in enumerate(clips))
    (division,) = divisions(replace(TONES.dataset, clips=split))
    assert division.name == "test"
    assert division.judging.tolist() == [*range(2, 24, 3)]
    with pytest.raises(UsageError, match="give clips at least two folds, or some of them the spl"):
        list(divisions(replace(TONES.dataset, clips=split[:2])))


def test_the_saved_network_is_the_same_at_every_door(network: Any, tmp_path: Path) -> None:
    made = learnt(TONES, network, QUICK["freeze-l3"], tmp_path)
    path = save(made, tmp_path / "tones.pth", labels=TONES.dataset.labels)
    waveforms = TONES.waveforms(np.array([0, 4]))
    with torch.no_grad():
        expected = made(torch.from_numpy(waveforms))["clipwise_output"].numpy()
    tagger = AudioTagging(path, device="cpu", verbose=False)
    assert tagger.labels == ["low", "high"]
    np.testing.assert_allclose(tagger.inference(waveforms)[0], expected, atol=1e-5)
    assert tagger.tag(waveforms[0], 32_000).top(1)[0].label == "low"


def test_clips_with_several_classes_or_none(network: Any, tmp_path: Path) -> None:
    clips = Tones(several=True)
    made = learnt(clips, network, QUICK["freeze-l1"], tmp_path)
    assert made.activation == "sigmoid"
    with torch.no_grad():
        found = made(torch.from_numpy(clips.waveforms(np.arange(24))))["clipwise_output"].numpy()
    np.testing.assert_array_equal(found > 0.5, clips.dataset.targets > 0.5)


@pytest.mark.slow  # a hundred and sixty million random numbers
def test_a_network_keeps_its_front_end_and_how_it_decides() -> None:
    old = build("Cnn14_DecisionLevelMax", 4, fmin=100, mel_bins=32, interpolate_mode="linear")
    made = with_new_classes(old, 2, "sigmoid")
    assert made.network.frontend == old.frontend
    assert made.network.interpolation == (32, True)
    assert activation_for(old, is_single_label=True) == "sigmoid"
    assert made.new == {"fc_audioset.weight", "fc_audioset.bias"}
    with pytest.raises(UsageError, match="has no embedding"):
        with_new_classes(old, 2, "sigmoid", hidden=[8])


def test_frames_of_the_small_network_learn_what_is_in_their_clips(tmp_path: Path) -> None:
    torch.manual_seed(0)
    clips = Tones(16_000)
    tagger = AudioTagging("PannsMini", device="cpu", verbose=False)
    mode = replace(MODES["freeze-l1"], stages=(replace(LAST, least_steps=40),))
    made = learnt(clips, tagger.network, mode, tmp_path)
    assert {name for name in differing(tagger.network, made) if "running" in name} == set()
    with torch.no_grad():
        found = made(torch.from_numpy(clips.waveforms(np.array([0, 4]))))["framewise_output"]
    assert found[0, :40, 0].min() > 0.5 > found[0, :40, 1].max()
    assert found[1, :40, 1].min() > 0.5 > found[1, :40, 0].max()
