"""Soft labels, replayed batches, figures and released weights."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, log_loss
from small_run import small_batch, small_network

from panns_inference.checkpoints import load
from panns_inference.models import build
from panns_inference.models.mini import PannsMini
from panns_inference.training import evaluation
from panns_inference.training.distillation import (
    Distillation,
    LabelledBatch,
    local_embeddings,
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
        parts = Distillation(clip=2.0, stretch=3.0, embedding=0.25, local=0.5)(network, batch)
    total = 2 * parts["clip"] + 3 * parts["stretch"] + 0.25 * parts["embedding"]
    total += 0.5 * parts["local"]
    assert float(parts["loss"]) == pytest.approx(float(total), rel=1e-6)
    with torch.no_grad():
        features = segment_features(network, batch.decibels)
        _, embedding = network.head(features.amax(dim=2) + features.mean(dim=2))
        stretch = features[:, :, 0:2]
        logits, _ = network.head(stretch.amax(dim=2) + stretch.mean(dim=2))
    mean = batch.local.numpy().mean(axis=1)
    target = mean * np.clip(mean + 3, 0, 6) / 6
    expected = np.square(embedding.numpy() - target).mean() / np.square(target).mean()
    assert float(parts["embedding"]) == pytest.approx(expected, rel=1e-4)
    assert float(parts["stretch"]) == pytest.approx(
        float(soft_cross_entropy(logits, batch.stretch_logits)), rel=1e-5
    )


def test_steps_of_the_teacher_lie_between_segments() -> None:
    network, draw = small_network().eval(), torch.Generator().manual_seed(3)
    features = torch.rand(1, 192, 5, generator=draw)
    with torch.no_grad():
        found = local_embeddings(network, features, 3)
        each = []
        for segment in range(5):
            around = features[:, :, max(0, segment - 2) : segment + 3]
            each.append(network.fc1(around.amax(dim=2) + around.mean(dim=2)))
    # Step t is centred on frame 32 t: segments 2 t - 1 and 2 t touch there.
    expected = [each[0], (each[1] + each[2]) / 2, (each[3] + each[4]) / 2]
    torch.testing.assert_close(found, torch.stack(expected, dim=1), rtol=1e-5, atol=1e-5)


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


def test_new_batches_come_evenly_and_old_ones_between(tmp_path: Path) -> None:
    made: list[int] = []

    def make(number: int):
        made.append(number)
        return small_batch(1, number)

    replay = Replay(make, LabelledBatch, tmp_path, seed=1, pool=4, times=3)
    numbers = [replay.number(step) for step in range(600)]
    assert numbers[::3] == list(range(200))
    ages = np.repeat(np.arange(200), 3) - numbers
    assert ages.min() == 0
    assert ages.max() == 3
    uses = np.bincount(numbers)[:196]
    assert uses.mean() == pytest.approx(3, abs=0.05)
    batches = [replay(step) for step in range(60)]
    assert made == list(range(20))
    assert sorted(int(path.stem) for path in tmp_path.iterdir()) == [16, 17, 18, 19]
    place = next(step for step in range(60) if step % 3 and numbers[step] == 7)
    again, expected = batches[place], small_batch(1, 7)
    assert again.decibels.dtype == again.local.dtype == torch.float32
    torch.testing.assert_close(again.decibels, expected.decibels, rtol=0, atol=0.05)
    torch.testing.assert_close(again.local, expected.local, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(again.logits, expected.logits, rtol=1e-3, atol=1e-4)
    assert again.stretch == (0, 2)


def test_a_batch_that_is_gone_is_made_once_more(tmp_path: Path) -> None:
    replay = Replay(partial(small_batch, 1), LabelledBatch, tmp_path, seed=1, pool=2, times=2)
    first = replay.stored(0)
    for number in range(1, 4):
        replay.stored(number)
    assert not (tmp_path / "000000.pt").exists()
    assert torch.equal(replay.stored(0).decibels, first.decibels)


def test_probabilities_do_not_depend_on_the_other_clips() -> None:
    network = small_network().eval()
    draw = np.random.default_rng(1)
    clips = [
        draw.standard_normal(n).astype(np.float32) * 0.1 for n in (9000, 700, 9000, 7000, 9000)
    ]
    batched = evaluation.clip_probabilities(network, clips)
    for clip, row in zip(clips, batched, strict=True):
        with torch.inference_mode():
            alone = network(torch.from_numpy(clip)[None])["clipwise_output"][0].numpy()
        np.testing.assert_allclose(row, alone, atol=1e-6)


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
