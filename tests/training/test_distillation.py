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
from panns_inference.training.distillation import evaluation
from panns_inference.training.distillation.loss import (
    Distillation,
    LabelledBatch,
    segment_targets,
    soft_cross_entropy,
)
from panns_inference.training.distillation.release import write_weights
from panns_inference.training.distillation.replay import Replay


def test_soft_cross_entropy_against_scikit_learn() -> None:
    draw = np.random.default_rng(1)
    logits, teacher = draw.normal(0, 4, (2, 3, 20))
    target = 1 / (1 + np.exp(-teacher))
    p = 1 / (1 + np.exp(-logits))
    # Soft labels as weighted hard ones: each pair once as true, once as false.
    hard = np.repeat([1, 0], target.size)
    weights = np.concatenate([target.ravel(), 1 - target.ravel()])
    expected = log_loss(hard, np.tile(p.ravel(), 2), sample_weight=weights) * target.size
    # scikit-learn divides by the sum of the weights, which is the number of pairs.
    found = soft_cross_entropy(torch.from_numpy(logits), torch.from_numpy(target))
    assert found.shape == (3,)
    assert float(found.sum()) == pytest.approx(expected, rel=1e-9)
    by_segment = soft_cross_entropy(
        torch.from_numpy(logits.T[None]), torch.from_numpy(target.T[None])
    )
    torch.testing.assert_close(by_segment[0], found)


def cross_entropy(p: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Summed over the classes, which are last."""
    return -(target * np.log(p) + (1 - target) * np.log(1 - p)).sum(axis=-1)


def test_the_loss_is_the_weighted_sum_of_its_terms() -> None:
    network, batch = small_network(), small_batch(1, 0)
    with torch.no_grad():
        terms = Distillation(clipwise=2.0, framewise=0.25)(network, batch)
        outputs = network.outputs(network.trunk(batch.image), 48)
    total = 2 * float(terms["clipwise"]) + 0.25 * float(terms["framewise"])
    assert float(terms["loss"]) == pytest.approx(total, rel=1e-6)
    clips = cross_entropy(outputs["clipwise_output"].numpy(), batch.clipwise.numpy())
    assert float(terms["clipwise"]) == pytest.approx(clips.mean(), rel=1e-4)
    # A frame in each segment of 16; of the second clip it is not known when its sounds sound.
    frames = outputs["framewise_output"][0, 8::16].numpy()
    sounds, active = batch.sounds[0].numpy(), batch.active[0].numpy()
    targets = (sounds[:, None] * active[:, :, None]).max(axis=0)
    segments = cross_entropy(frames, targets)
    assert float(terms["framewise"]) == pytest.approx(segments.mean(), rel=1e-4)


def test_without_clips_whose_sounds_are_known_segments_count_nothing() -> None:
    network, batch = small_network().eval(), small_batch(1, 0)
    with torch.no_grad():
        terms = Distillation()(network, batch._replace(placed=torch.zeros(2)))
    assert float(terms["framewise"]) == 0
    assert float(terms["loss"]) == float(terms["clipwise"]) > 0


@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 5), st.integers(0, 1000))
def test_segment_targets_against_a_plain_loop(
    n_clips: int, n_sounds: int, n_segments: int, seed: int
) -> None:
    draw = np.random.default_rng(seed)
    sounds = draw.random((n_clips, n_sounds, 6)).astype(np.float32)
    active = draw.random((n_clips, n_sounds, n_segments)).astype(np.float32)
    found = segment_targets(torch.from_numpy(sounds), torch.from_numpy(active)).numpy()
    assert found.shape == (n_clips, 6, n_segments)
    for clip, k, segment in np.ndindex(*found.shape):
        loudest = 0.0
        for sound in range(n_sounds):
            loudest = max(loudest, sounds[clip, sound, k] * active[clip, sound, segment])
        assert found[clip, k, segment] == pytest.approx(loudest, rel=1e-6)


def test_mixed_precision_is_near_float32() -> None:
    network, batch = small_network(), small_batch(1, 0)
    with torch.no_grad():
        exact = Distillation()(network, batch)
        with torch.autocast("cpu", torch.bfloat16):
            rounded = Distillation()(network, batch)
    for name, term in rounded.items():
        assert term.dtype == torch.float32
        assert float(term) == pytest.approx(float(exact[name]), rel=0.02)
        assert float(term) != float(exact[name])


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
    for name, value in expected._asdict().items():
        found = getattr(again, name)
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, value, rtol=1e-3, atol=1e-4, msg=name)


def test_a_batch_that_is_gone_is_made_once_more(tmp_path: Path) -> None:
    replay = Replay(partial(small_batch, 1), LabelledBatch, tmp_path, seed=1, pool=2, times=2)
    first = replay.stored(0)
    for number in range(1, 4):
        replay.stored(number)
    assert not (tmp_path / "000000.pt").exists()
    assert torch.equal(replay.stored(0).image, first.image)


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
    network = build("PannsMini").eval()
    path = tmp_path / "mini.pth"
    write_weights(network, path)
    assert path.stat().st_size < 4_000_000
    with torch.device("meta"):
        read = build("PannsMini")
    load(read, path)
    for name, value in network.state_dict().items():
        held = read.state_dict()[name]
        assert torch.equal(held, value.half().to(value.dtype)), name
