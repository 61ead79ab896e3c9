"""Training mode: what is drawn, where it is applied, and what learns.

Where values do not matter, the networks lie on the meta device and compute shapes alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
import torchlibrosa.augmentation
from hypothesis import given
from hypothesis import strategies as st
from reference import formulas
from reference.stored import REFERENCE
from torch import nn
from torch.nn import functional

from panns_inference.models import Cnn14_mixup_time_domain, Network, SpecAugmentation, build
from panns_inference.registry import NETWORKS

NOTHING = r"(?!)"
"""A pattern that matches no name."""

LAMBDA = torch.tensor([0.3, 0.7, 0.6, 0.4])

WITHOUT_SPECAUGMENT = {
    "Cnn14_no_specaug",
    "LeeNet11",
    "LeeNet24",
    "DaiNet19",
    "Res1dNet31",
    "Res1dNet51",
    "Wavegram_Cnn14",
}

STRIPES = {
    "Cnn14_mel32": (64, 4),
    "Cnn14_mel128": (64, 16),
    "Wavegram_Logmel128_Cnn14": (64, 16),
}
"""Widest stripe plus one in frames and mel bins; the others have (64, 8)."""

HEAD = [0.5, 0.5]
RESNET_8 = [0.2, *[0.1] * 8, 0.2, 0.2]
RESNET_16 = [0.2, *[0.1] * 16, 0.2, 0.2]
DROPOUT = {
    "Cnn6": [0.2] * 4 + HEAD,
    "Cnn10": [0.2] * 4 + HEAD,
    "Cnn14_no_dropout": HEAD,
    "ResNet22": RESNET_8 + HEAD,
    "ResNet38": RESNET_16 + HEAD,
    "ResNet54": RESNET_16 + HEAD,
    "MobileNetV1": HEAD,
    "MobileNetV2": [0.5],
    "LeeNet11": HEAD,
    "LeeNet24": [0.1] * 8 + HEAD,
    "DaiNet19": HEAD,
    "Res1dNet31": [0.1] * 14 + HEAD,
    "Res1dNet51": [0.1] * 24 + HEAD,
}
"""Dropout rates in the order of the forward pass; the others have six of 0.2 and the head's."""

WITHOUT_GRADIENT = {
    "Wavegram_Cnn14": r"bn0\.|conv_block1\.",
    "DaiNet19": r"conv_block1\.(downsample|bn_downsample)\.",
    "Cnn14_DecisionLevelAtt": r"att_block\.bn_att\.",
}
"""Parameters that the published networks hold and never use, beside the frozen front-end."""


def on_meta(name: str) -> Network:
    with torch.device("meta"):
        return build(name).train()


def inputs_of(layer: nn.Module) -> list[torch.Tensor]:
    """What the layer will be given."""
    seen: list[torch.Tensor] = []
    layer.register_forward_pre_hook(lambda layer, given: seen.append(given[0].detach().clone()))
    return seen


def outputs_of(layer: nn.Module) -> list[torch.Tensor]:
    """What the layer will give."""
    seen: list[torch.Tensor] = []
    layer.register_forward_hook(lambda layer, given, out: seen.append(out.detach().clone()))
    return seen


def mixed(x: torch.Tensor) -> np.ndarray:
    rows, weights = x.numpy().astype(np.float64), LAMBDA.numpy().astype(np.float64)
    return np.stack([weights[i] * rows[i] + weights[i + 1] * rows[i + 1] for i in (0, 2)])


# SpecAugment
@given(
    batch=st.integers(1, 4),
    frames=st.integers(64, 150),
    bins=st.integers(8, 64),
    seed=st.integers(0, 2**32),
)
def test_stripes_are_those_of_torchlibrosa(batch: int, frames: int, bins: int, seed: int) -> None:
    widths = (64, 2, 8, 2)
    ours, theirs = SpecAugmentation(*widths), torchlibrosa.augmentation.SpecAugmentation(*widths)
    image = torch.rand(batch, 1, frames, bins) + 1
    torch.manual_seed(seed)
    wanted = theirs(image.clone())
    torch.manual_seed(seed)
    assert torch.equal(ours(image), wanted)


@given(frames=st.integers(1, 63), bins=st.integers(1, 7), seed=st.integers(0, 2**32))
def test_images_smaller_than_the_stripes_are_masked_in_part(
    frames: int, bins: int, seed: int
) -> None:
    torch.manual_seed(seed)
    dropped = SpecAugmentation(64, 1, 8, 1)(torch.ones(1, 1, frames, bins))[0, 0] == 0
    assert dropped.all(dim=1).sum() < frames
    assert dropped.all(dim=0).sum() < bins


def test_widths_and_starts_of_stripes_are_uniform() -> None:
    image = torch.ones(4000, 1, 100, 1)
    dropped = SpecAugmentation(64, 1, 1, 0)(image)[:, 0, :, 0] == 0
    width = dropped.sum(dim=1)
    assert width.min() == 0
    assert width.max() == 63
    assert width.float().mean() == pytest.approx(31.5, abs=1)
    # A stripe of width w starts in 0 .. 99 - w: the last frame is never dropped.
    start = dropped.int().argmax(dim=1)[width == 20].float()
    assert start.min() < 5
    assert start.max() > 74
    assert dropped[:, -1].sum() == 0


def test_stripes_are_of_training_alone() -> None:
    image = torch.ones(2, 1, 100, 64)
    augmenter = SpecAugmentation(64, 2, 8, 2)
    assert torch.equal(augmenter.eval()(image), image)
    assert not torch.equal(augmenter.train()(image), image)
    assert image.min() == 1


@pytest.mark.parametrize("name", REFERENCE)
def test_networks_have_the_stripes_of_the_reference(name: str) -> None:
    network = on_meta(name)
    if name in WITHOUT_SPECAUGMENT:
        assert not any(isinstance(layer, SpecAugmentation) for layer in network.modules())
    else:
        (frames, _, _), (bins, _, _) = ((w, a, n) for a, w, n in network.spec_augmenter.stripes)
        assert (frames, bins) == STRIPES.get(name, (64, 8))
        assert [number for _, _, number in network.spec_augmenter.stripes] == [2, 2]


# Mixup and the order of things


def test_log_mel_is_normalised_then_masked_then_mixed() -> None:
    network = build("Cnn6").train()
    normalised, masked = outputs_of(network.bn0), outputs_of(network.spec_augmenter)
    first = inputs_of(network.conv_block1)
    network(torch.from_numpy(formulas.batch(32000, 32000)).repeat(2, 1), LAMBDA)
    image = normalised[0].transpose(1, 3)
    kept = masked[0] != 0
    assert not kept.all()
    assert torch.equal(masked[0][kept], image[kept])
    np.testing.assert_allclose(first[0].numpy(), mixed(masked[0]), rtol=0, atol=1e-6)


def test_waveforms_are_mixed_before_the_front_end_in_mixup_time_domain() -> None:
    network = Cnn14_mixup_time_domain(32000, 1024, 320, 64, 50, 14000, 5).train()
    heard, images = inputs_of(network.spectrogram_extractor), outputs_of(network.spec_augmenter)
    first = inputs_of(network.conv_block1)
    batch = torch.from_numpy(formulas.batch(16000, 32000)).repeat(2, 1) * torch.rand(4, 1)
    assert network(batch, LAMBDA)["clipwise_output"].shape == (2, 5)
    np.testing.assert_allclose(heard[0].numpy(), mixed(batch), rtol=0, atol=1e-6)
    assert torch.equal(first[0], images[0])


@pytest.mark.parametrize(
    ("name", "layer"),
    [("LeeNet11", "conv_block1.conv1"), ("DaiNet19", "conv0"), ("Res1dNet31", "conv0")],
)
def test_waveform_networks_mix_waveforms(name: str, layer: str) -> None:
    network = build(name, classes_num=5).train()
    first = inputs_of(network.get_submodule(layer))
    batch = torch.rand(4, network.minimum_samples + 5000) - 0.5
    network(batch, LAMBDA)
    np.testing.assert_allclose(first[0][:, 0].numpy(), mixed(batch), rtol=0, atol=1e-6)


def test_wavegram_is_mixed_behind_its_last_block() -> None:
    network = build("Wavegram_Cnn14", classes_num=5).train()
    network.block_dropout = 0.0
    image, second = outputs_of(network.pre_block4), inputs_of(network.conv_block2)
    network(torch.rand(4, 10400) - 0.5, LAMBDA)
    np.testing.assert_allclose(second[0].numpy(), mixed(image[0]), rtol=0, atol=1e-6)


def test_log_mel_and_wavegram_are_both_mixed() -> None:
    network = build("Wavegram_Logmel_Cnn14", classes_num=5).train()
    network.block_dropout = 0.0
    wavegram, masked = outputs_of(network.pre_block4), outputs_of(network.spec_augmenter)
    first, second = inputs_of(network.conv_block1), inputs_of(network.conv_block2)
    logmel = outputs_of(network.conv_block1)
    network(torch.rand(4, 10400) - 0.5, LAMBDA)
    np.testing.assert_allclose(first[0].numpy(), mixed(masked[0]), rtol=0, atol=1e-6)
    np.testing.assert_allclose(second[0][:, 64:].numpy(), mixed(wavegram[0]), rtol=0, atol=1e-6)
    assert torch.equal(second[0][:, :64], logmel[0][:, :, :16])


@pytest.mark.sample(12)
@pytest.mark.parametrize("name", NETWORKS)
def test_mixup_halves_the_batch_in_training_alone(name: str) -> None:
    network = on_meta(name)
    batch, weights = torch.zeros(4, 32000, device="meta"), torch.zeros(4, device="meta")
    assert {len(output) for output in network(batch, weights).values()} == {2}
    assert {len(output) for output in network(batch).values()} == {4}
    assert {len(output) for output in network.eval()(batch, weights).values()} == {4}


# Dropout


@pytest.fixture
def rates(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Rates of the dropouts that take place, in their order."""
    seen: list[float] = []
    dropout = functional.dropout

    def watched(x: torch.Tensor, p: float, training: bool) -> torch.Tensor:
        if training and p > 0:
            seen.append(p)
        return dropout(x, p, training)

    monkeypatch.setattr(functional, "dropout", watched)
    return seen


@pytest.mark.parametrize("name", REFERENCE)
def test_dropout_is_where_the_reference_has_it(name: str, rates: list[float]) -> None:
    network, batch = on_meta(name), torch.zeros(2, 32000, device="meta")
    network(batch)
    assert rates == DROPOUT.get(name, [0.2] * 6 + HEAD)
    rates.clear()
    network.eval()(batch)
    assert rates == []


def test_embedding_is_dropped_out_in_training_and_the_probabilities_not_again() -> None:
    network = build("Cnn6", classes_num=5).train()
    inner, logits = outputs_of(network.fc1), outputs_of(network.fc_audioset)
    outputs = network(torch.rand(4, 32000) - 0.5)
    embedding, relu = outputs["embedding"], inner[0].clamp(min=0)
    kept = embedding != 0
    assert torch.equal(embedding[kept], 2 * relu[kept])
    assert 0.4 < kept.sum() / (relu != 0).sum() < 0.6
    with torch.no_grad():
        wanted = network.fc_audioset(relu)
    torch.testing.assert_close(logits[0], wanted)
    torch.testing.assert_close(outputs["clipwise_output"], logits[0].sigmoid())


# Initial values


@pytest.mark.parametrize(
    ("name", "zero"),
    [
        ("Cnn10", NOTHING),
        ("ResNet22", r"resnet\.layer\d\.\d\.bn2"),
        ("ResNet54", r"resnet\.layer\d\.\d\.bn3"),
        ("MobileNetV2", NOTHING),
        ("LeeNet24", NOTHING),
        ("DaiNet19", r"conv_block\d\.bn4"),
        ("Res1dNet31", r"resnet\.layer\d\.\d\.bn2"),
        ("Cnn14_DecisionLevelAtt", NOTHING),
    ],
)
def test_initial_values_are_those_of_the_reference(name: str, zero: str) -> None:
    network = build(name)
    zeroed = set()
    for layer_name, layer in network.named_modules():
        if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Linear):
            check_xavier(layer.weight.detach())
            assert layer.bias is None or not layer.bias.any()
        elif isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            assert not layer.bias.any()
            (value,) = layer.weight.unique().tolist()
            assert value in (0, 1)
            zeroed |= {layer_name} if value == 0 else set()
    names = [layer_name for layer_name, _ in network.named_modules()]
    assert zeroed == {each for each in names if re.fullmatch(zero, each)}
    assert bool(zeroed) == (zero != NOTHING)


def check_xavier(weight: torch.Tensor) -> None:
    """Uniform between plus and minus the square root of 6 / (fan in + fan out)."""
    taps = math.prod(weight.shape[2:])
    bound = math.sqrt(6 / ((weight.shape[0] + weight.shape[1]) * taps))
    assert weight.abs().max() <= bound
    if weight.numel() > 5000:
        assert weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.05)
        assert weight.mean().item() == pytest.approx(0, abs=0.05 * bound)


# Gradients


@pytest.mark.sample(12)
@pytest.mark.parametrize("name", NETWORKS)
def test_everything_learns_that_the_reference_uses(name: str) -> None:
    network = on_meta(name)
    outputs = network(torch.zeros(2, 32000, device="meta"))
    torch.stack([output.sum() for output in outputs.values()]).sum().backward()
    idle = WITHOUT_GRADIENT.get(name, NOTHING)
    for key, parameter in network.named_parameters():
        frozen = "_extractor" in key
        unused = re.match(idle, key) is not None
        assert (parameter.grad is None) == (frozen or unused), key
        assert parameter.requires_grad != frozen


@pytest.mark.sample(1)
@pytest.mark.parametrize("name", ["Cnn6", "LeeNet11"])
def test_a_few_steps_of_training_lower_the_loss(
    name: str, filled: Callable[[str], Network]
) -> None:
    network = filled(name).train()
    batch = torch.from_numpy(formulas.batch(32000, 32000))
    target = torch.zeros(2, 527)
    target[0, 3] = target[1, 7] = 1
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    frozen = {k: v.clone() for k, v in network.named_parameters() if not v.requires_grad}
    losses: list[Any] = []
    for _ in range(6):
        loss = functional.binary_cross_entropy(network(batch)["clipwise_output"], target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]
    state = network.state_dict()
    assert all(torch.equal(state[key], value) for key, value in frozen.items())
