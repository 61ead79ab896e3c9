"""Soft labels, replayed batches, figures and released weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, log_loss
from small_run import small_batch, small_network

from panns_inference.checkpoints import load
from panns_inference.models import build
from panns_inference.models.mini import PannsMini
from panns_inference.training import evaluation
from panns_inference.training.distillation import (
    Distillation,
    segment_features,
    soft_cross_entropy,
)
from panns_inference.training.release import write_weights
from panns_inference.training.replay import Replay


def test_soft_cross_entropy_against_scikit_learn() -> None:
    draw = np.random.default_rng(1)
    logits, teacher = draw.normal(0, 4, (2, 3, 20))
    target = 1 / (1 + np.exp(-teacher))
    p = 1 / (1 + np.exp(-logits))
    # Soft labels as weighted hard ones: each pair once as true, once as false.
    hard = np.repeat([1, 0], target.size)
    weights = np.concatenate([target.ravel(), 1 - target.ravel()])
    expected = log_loss(hard, np.tile(p.ravel(), 2), sample_weight=weights) * target.size / 3
    # scikit-learn divides by the sum of the weights, which is the number of pairs.
    found = soft_cross_entropy(torch.from_numpy(logits), torch.from_numpy(teacher))
    assert float(found) == pytest.approx(expected, rel=1e-9)


def test_log_mels_made_beforehand_give_the_networks_features() -> None:
    network = small_network().eval()
    waveform = torch.randn(1, 16_000, generator=torch.Generator().manual_seed(1)) * 0.1
    with torch.inference_mode():
        decibels = network.logmel_extractor(network.spectrogram_extractor(waveform))
        torch.testing.assert_close(
            segment_features(network, decibels), network.segment_features(waveform)
        )


def test_the_loss_is_the_weighted_sum_of_its_parts() -> None:
    network, batch = small_network().eval(), small_batch(1, 0)
    with torch.no_grad():
        parts = Distillation(clip=2.0, stretch=3.0, embedding=0.25)(network, batch)
    total = 2 * parts["clip"] + 3 * parts["stretch"] + 0.25 * parts["embedding"]
    assert float(parts["loss"]) == pytest.approx(float(total), rel=1e-6)
    with torch.no_grad():
        features = segment_features(network, batch.decibels)
        _, embedding = network.head(features.amax(dim=2) + features.mean(dim=2))
        heard = features[:, :, 0:2]
        logits, _ = network.head(heard.amax(dim=2) + heard.mean(dim=2))
    error = np.square(embedding.numpy() - batch.embedding.numpy()).mean()
    expected = error / np.square(batch.embedding.numpy()).mean()
    assert float(parts["embedding"]) == pytest.approx(expected, rel=1e-4)
    assert float(parts["stretch"]) == pytest.approx(
        float(soft_cross_entropy(logits, batch.stretch_logits)), rel=1e-5
    )


def test_bfloat16_is_near_float32() -> None:
    network, batch = small_network().eval(), small_batch(1, 0)
    with torch.no_grad():
        exact = Distillation()(network, batch)
        rounded = Distillation(bfloat16=True)(network, batch)
    assert rounded["loss"].dtype == torch.float32
    assert float(rounded["loss"]) == pytest.approx(float(exact["loss"]), rel=0.05)
    assert float(rounded["loss"]) != float(exact["loss"])


def test_masking_hides_something_from_the_student() -> None:
    network, batch = small_network(), small_batch(1, 0)
    torch.manual_seed(0)
    plain, masked = (segment_features(network, batch.decibels, w) for w in ((0, 0), (20, 20)))
    assert not torch.allclose(plain, masked)


def test_a_pool_is_heard_several_times_in_other_orders(tmp_path: Path) -> None:
    made: list[int] = []

    def make(number: int):
        made.append(number)
        return small_batch(1, number)

    replay = Replay(make, tmp_path, seed=1, pool=4, times=2)
    numbers = [replay.number(step) for step in range(16)]
    assert [sorted(numbers[k : k + 4]) for k in (0, 4, 8, 12)] == [
        *([0, 1, 2, 3], [0, 1, 2, 3]),
        *([4, 5, 6, 7], [4, 5, 6, 7]),
    ]
    assert len({tuple(numbers[k : k + 4]) for k in (0, 4)}) == 2
    batches = [replay(step) for step in range(8)]
    assert sorted(made) == [0, 1, 2, 3]
    again = batches[numbers[:8].index(2, 4)]
    expected = small_batch(1, 2)
    assert again.decibels.dtype == torch.float32
    torch.testing.assert_close(again.decibels, expected.decibels, rtol=0, atol=0.05)
    torch.testing.assert_close(again.logits, expected.logits, rtol=0, atol=0)
    assert again.stretch == (0, 2)


def test_probabilities_do_not_depend_on_the_company() -> None:
    network = small_network().eval()
    draw = np.random.default_rng(1)
    clips = [
        draw.standard_normal(n).astype(np.float32) * 0.1 for n in (9000, 700, 9000, 7000, 9000)
    ]
    together = evaluation.clip_probabilities(network, clips)
    for clip, row in zip(clips, together, strict=True):
        with torch.inference_mode():
            alone = network(torch.from_numpy(clip)[None])["clipwise_output"][0].numpy()
        np.testing.assert_allclose(row, alone, atol=1e-6)


@settings(deadline=None, derandomize=True, max_examples=50)
@given(st.integers(1, 60), st.integers(0, 1000))
def test_average_precision_against_scikit_learn(n_clips: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    truth = draw.random(n_clips) < 0.3
    truth[draw.integers(n_clips)] = True
    score = draw.permutation(n_clips) / n_clips
    assert evaluation.average_precision(truth, score) == pytest.approx(
        average_precision_score(truth, score)
    )


def test_figures_of_the_teacher_itself_and_of_chance() -> None:
    draw = np.random.default_rng(1)
    teacher = draw.random((40, 5)) ** 4
    own = evaluation.soft_label_figures(teacher, teacher)
    assert own["mAP"] == own["top1"] == 1
    entropy = -(teacher * np.log(teacher) + (1 - teacher) * np.log(1 - teacher)).mean()
    assert own["cross_entropy"] == pytest.approx(entropy)
    other = evaluation.soft_label_figures(teacher, draw.random((40, 5)))
    assert other["cross_entropy"] > own["cross_entropy"]
    assert np.isnan(evaluation.soft_label_figures(teacher * 0.4, teacher)["mAP"])


def test_released_weights_are_small_and_come_back(tmp_path: Path) -> None:
    torch.manual_seed(2)
    network = PannsMini(32000, 1024, 320, 64, 50, 14000, 527).eval()
    path = tmp_path / "mini.pth"
    write_weights(network, path)
    assert path.stat().st_size < 4_000_000
    with torch.device("meta"):
        read = build("PannsMini")
    load(read, path)
    for name, value in network.state_dict().items():
        held = read.state_dict()[name]
        if name.startswith(("spectrogram_extractor", "logmel_extractor")):
            assert torch.equal(held, value), name
        else:
            assert torch.equal(held, value.half().to(value.dtype)), name
