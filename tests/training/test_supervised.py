"""The loss of labelled clips, their batches, and SpecAugment, against arithmetic."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import log_loss
from torch import Tensor, nn

from panns_inference.errors import UsageError
from panns_inference.models import build
from panns_inference.training import Batches, ClipBatch, Selection, Supervised, Uniform
from panns_inference.training.batches import check_size
from panns_inference.training.data import Clip, Dataset
from panns_inference.training.supervised import LOSSES, augment_spectra

LABELS = ("a", "b", "c")
ALL = slice(None)
SMALL = {"sample_rate": 8000, "window_size": 256, "hop_size": 160, "mel_bins": 32, "fmax": 4000}


class InMemory:
    """Clips of four samples: number of the clip, and of the sample."""

    def __init__(self, n_clips: int) -> None:
        clips = [
            Clip(Path(f"{k}.wav"), (LABELS[k % 3],), split="xy"[k % 2]) for k in range(n_clips)
        ]
        self.dataset = Dataset(tuple(clips), LABELS)

    def waveforms(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        return (indices[:, None] + np.arange(4) / 10).astype(np.float32)


class Fixed(nn.Module):
    """A network that gives probabilities, and keeps what it was given."""

    def __init__(self, probabilities: Tensor, activation: str) -> None:
        super().__init__()
        self.found, self.activation = probabilities, activation

    def forward(self, input: Tensor, mixup_lambda: Tensor | None = None) -> dict[str, Tensor]:
        self.given = input, mixup_lambda
        return {"clipwise_output": self.found}


def test_the_loss_is_the_cross_entropy_of_scikit_learn() -> None:
    draw = np.random.default_rng(1)
    truth = draw.integers(0, 2, (5, 3)).astype(np.float32)
    values = draw.uniform(0.01, 0.99, (5, 3)).astype(np.float32)
    binary = np.mean(
        [log_loss(t, p, labels=[0, 1]) for t, p in zip(truth.T, values.T, strict=True)]
    )
    found = LOSSES["sigmoid"](torch.from_numpy(values), torch.from_numpy(truth))
    assert float(found) == pytest.approx(binary, rel=1e-5)
    one_hot, values = np.eye(3, dtype=np.float32)[[0, 2, 1, 1, 0]], values / values.sum(1)[:, None]
    found = LOSSES["softmax"](torch.from_numpy(values), torch.from_numpy(one_hot))
    assert float(found) == pytest.approx(log_loss(one_hot, values), rel=1e-5)


@pytest.mark.parametrize("activation", LOSSES)
def test_a_loss_of_certainty_is_finite_and_so_is_its_gradient(activation: str) -> None:
    values = torch.tensor([[0.0, 1.0, 0.0]], requires_grad=True)
    loss = LOSSES[activation](values, torch.tensor([[1.0, 0.0, 0.0]]))
    (gradient,) = torch.autograd.grad(loss, values)
    assert loss.isfinite()
    assert gradient.isfinite().all()


BATCH = ClipBatch(
    torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]),
    torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]]),
    torch.tensor([0.75, 0.25, 0.5, 0.5]),
)
MIXED = torch.tensor([[0.75, 0.25], [0.5, 0.5]])
"""Targets of the two mixed clips."""


def test_mixup_of_waveforms_mixes_these_and_the_targets() -> None:
    network = Fixed(MIXED, "sigmoid")
    loss = Supervised("waveform")(network, BATCH)["loss"]  # type: ignore[arg-type]
    waveforms, weights = network.given
    assert waveforms.tolist() == [[1.5, 2.5], [6.0, 7.0]]
    assert weights is None
    assert float(loss) == pytest.approx(float(-(MIXED * MIXED.log() * 2).sum() / 4), rel=1e-5)


def test_mixup_of_log_mels_is_left_to_the_network() -> None:
    network = Fixed(MIXED, "softmax")
    loss = Supervised("logmel")(network, BATCH)["loss"]  # type: ignore[arg-type]
    waveforms, weights = network.given
    assert waveforms is BATCH.waveforms
    assert weights is BATCH.weights
    assert float(loss) == pytest.approx(float(-(MIXED * MIXED.log()).sum() / 2), rel=1e-5)


def test_without_mixup_clips_are_as_they_are() -> None:
    network = Fixed(torch.full((4, 2), 0.5), "sigmoid")
    loss = Supervised()(network, BATCH)["loss"]  # type: ignore[arg-type]
    assert network.given == (BATCH.waveforms, None)
    assert float(loss) == pytest.approx(np.log(2))


def test_mixed_images_are_those_of_a_network_for_each_clip() -> None:
    torch.manual_seed(1)
    network = build("Cnn6", 2, **SMALL).train()  # type: ignore[arg-type]
    augment_spectra(network, 1, 1, 0)
    waveforms, weights = torch.randn(4, 8000), torch.tensor([0.75, 0.25, 0.5, 0.5])
    single = network.logmel(waveforms)  # type: ignore[operator]
    found = network.logmel(waveforms, weights)  # type: ignore[operator]
    expected = torch.stack([0.75 * single[0] + 0.25 * single[1], (single[2] + single[3]) / 2])
    torch.testing.assert_close(found, expected)


@given(st.integers(0, 99), st.integers(0, 2**32), st.sampled_from([1, 2, 4]), st.booleans())
def test_shares_of_processes_are_the_batch(
    step: int, seed: int, n_shares: int, is_mixed: bool
) -> None:
    clips = InMemory(11)
    whole = Batches(clips, Uniform(clips.dataset, 8, seed), is_mixed, ALL)(step)
    size = 8 // n_shares
    shares = [
        Batches(clips, Uniform(clips.dataset, 8, seed), is_mixed, slice(k * size, (k + 1) * size))(
            step
        )
        for k in range(n_shares)
    ]
    for one, fields in zip(whole, zip(*shares, strict=True), strict=True):
        assert torch.equal(one, torch.cat(fields))


def test_a_batch_has_the_targets_of_its_clips() -> None:
    clips = InMemory(9)
    batches = pickle.loads(pickle.dumps(Batches(clips, Uniform(clips.dataset, 6, 1), True, ALL)))
    batch = batches(2)
    numbers = batch.waveforms[:, 0].int()
    assert batch.waveforms[:, 3].tolist() == pytest.approx((numbers + 0.3).tolist())
    assert batch.targets.argmax(dim=1).tolist() == (numbers % 3).tolist()
    assert batch.targets.sum(dim=1).tolist() == [1] * 6
    assert batch.weights.reshape(3, 2).sum(dim=1).tolist() == pytest.approx([1, 1, 1])
    assert not torch.equal(batch.weights, batches(3).weights)
    assert Batches(clips, batches.sampler, False, ALL)(2).weights.tolist() == [1] * 6


def test_weights_of_mixup_are_uniform() -> None:
    clips = InMemory(3)
    batches = Batches(clips, Uniform(clips.dataset, 64, 1), True, ALL)
    weights = torch.cat([batches(step).weights[::2] for step in range(50)])
    counts = torch.histc(weights, 8, 0, 1)
    assert counts.sum() == 1600
    assert (counts - 200).abs().max() < 4 * np.sqrt(200 * 7 / 8)


def test_a_selection_has_its_clips_only() -> None:
    chosen = Selection(InMemory(9), np.array([1, 3, 8]))
    assert [clip.path.stem for clip in chosen.dataset.clips] == ["1", "3", "8"]
    assert chosen.waveforms(np.array([2, 0]))[:, 0].tolist() == [8, 1]


@pytest.mark.parametrize(("size", "n_processes", "accumulate"), [(0, 1, 1), (6, 4, 1), (6, 2, 2)])
def test_a_batch_without_equal_shares_is_refused(
    size: int, n_processes: int, accumulate: int
) -> None:
    with pytest.raises(UsageError, match=f"a batch of {size} clips has no equal shares: give"):
        check_size(size, n_processes, accumulate)
    check_size(8, 2, 4)


@pytest.mark.parametrize("name", ["Cnn6", "mn01_as", "PannsMini"])
def test_stripes_of_the_log_mel_are_zero_in_training_only(name: str) -> None:
    torch.manual_seed(1)
    network = build(name, 2, **SMALL)  # type: ignore[arg-type]
    images: list[Tensor] = []
    first = network.get_submodule("conv_block1" if name == "Cnn6" else "features")
    first.register_forward_pre_hook(lambda _, given: images.append(given[0]))
    augment_spectra(network, 9, 5)
    waveforms = torch.randn(6, 16000)
    with torch.no_grad():
        network.train()(waveforms)
        network.eval()(waveforms)
    with_stripes, without = (image == 0 for image in images)
    assert not without.any()
    assert with_stripes.any()
    # The image of EfficientAT's networks lies on its side.
    if name == "mn01_as":
        with_stripes = with_stripes.transpose(2, 3)
    in_time, in_frequency = with_stripes.all(dim=3), with_stripes.all(dim=2)
    assert (with_stripes == (in_time[..., None] | in_frequency[:, :, None])).all()
    assert in_time.sum(dim=-1).max() <= 16
    assert in_frequency.sum(dim=-1).max() <= 8
    assert len({tuple(row) for row in in_time[:, 0].tolist()}) > 1


def test_stripes_can_be_left_out() -> None:
    torch.manual_seed(1)
    network = build("Cnn6", 2, **SMALL)  # type: ignore[arg-type]
    augment_spectra(network, 64, 8, 0)
    images = network.train().logmel(torch.randn(2, 16000))  # type: ignore[operator]
    assert not (images == 0).any()


def test_networks_on_waveforms_have_no_stripes() -> None:
    network = build("LeeNet11", 2)
    augment_spectra(network, 64, 8, 0)
    with pytest.raises(UsageError, match="LeeNet11 has no log-mel"):
        augment_spectra(network, 64, 8)


def test_a_framewise_head_of_its_own_learns_what_is_in_the_clip() -> None:
    draw = np.random.default_rng(2)
    frames = draw.uniform(0.01, 0.99, (4, 7, 3)).astype(np.float32)
    clips = draw.uniform(0.01, 0.99, (4, 3)).astype(np.float32)
    truth = draw.integers(0, 2, (4, 3)).astype(np.float32)

    class Both(Fixed):
        def forward(self, input: Tensor, mixup_lambda: Tensor | None = None) -> dict[str, Tensor]:
            given = torch.from_numpy(frames)
            return {"clipwise_output": self.found, "framewise_output": given, "embedding": given}

    weak = np.average(frames, axis=1, weights=frames)
    expected = sum(
        np.mean([log_loss(t, p, labels=[0, 1]) for t, p in zip(truth.T, values.T, strict=True)])
        for values in (clips, weak)
    )
    batch = ClipBatch(torch.zeros(4, 1), torch.from_numpy(truth), torch.ones(4))
    network = Both(torch.from_numpy(clips), "sigmoid")
    assert float(Supervised()(network, batch)["loss"]) == pytest.approx(expected, abs=1e-6)  # type: ignore[arg-type]
