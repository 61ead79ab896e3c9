"""The student as it begins, and its norms while it is trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from panns_inference.models import build
from panns_inference.models.mini import PannsMini
from panns_inference.models.mobilenet_v3 import LocalSqueeze
from recipes.mini.folded import folded, unfolded
from recipes.mini.teacher import read_teacher
from recipes.mini.train import student


class ClipSqueeze(nn.Module):
    """The same layers with means over the whole clip, as the teacher takes them."""

    def __init__(self, local: LocalSqueeze) -> None:
        super().__init__()
        self.fc1, self.fc2 = local.fc1, local.fc2

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gates = self.fc2(self.fc1(x.mean(dim=(2, 3))).relu()).sigmoid()
        return x * gates[:, :, None, None]


def with_strides_and_squeezes_of_the_teacher(network: PannsMini) -> PannsMini:
    """What the student has of its own undone: the last stride along time, and local squeezes."""
    for layer in [*network.modules()]:
        if isinstance(layer, nn.Sequential):
            for name, child in layer.named_children():
                if isinstance(child, LocalSqueeze):
                    setattr(layer, name, ClipSqueeze(child))
        if isinstance(layer, nn.Conv2d) and layer.dilation[0] == 2:
            layer.dilation, layer.padding = (1, 1), (2, 2)
            layer.stride = (layer.stride[1], layer.stride[1])
    return network


@pytest.mark.shared("the teacher of PannsMini")
def test_the_student_begins_as_its_teacher(shared: Path) -> None:
    weights = shared / "distill" / "teacher" / "mn04_as_mAP_432.pt"
    clip = torch.from_numpy(
        np.random.default_rng(1).normal(0, 0.05, (1, 96_000)).astype(np.float32)
    )
    network = student(weights)
    with torch.inference_mode():
        wanted = read_teacher(weights)(clip).logits
        ours = network(clip)["clipwise_output"]
        with_strides_and_squeezes_of_the_teacher(network)
        image = network.deep(network.features(network.logmel_extractor(clip)))
        logits, _ = network.clipwise_logits(image.mean(dim=(2, 3)))
    torch.testing.assert_close(logits, wanted, rtol=0, atol=1e-3)
    # With strides and squeezes of its own it is near.
    assert (ours - wanted.sigmoid()).abs().max() < 0.2


@pytest.mark.shared("the teacher of PannsMini")
def test_a_segment_of_noise_begins_as_its_clip(shared: Path) -> None:
    """Of a sound that goes on and on, the framewise head says at first what the other says."""
    network = student(shared / "distill" / "teacher" / "mn04_as_mAP_432.pt")
    clip = torch.from_numpy(
        np.random.default_rng(1).normal(0, 0.05, (1, 192_000)).astype(np.float32)
    )
    with torch.inference_mode():
        out = network(clip)
    middle = out["framewise_output"][0, 200:400].mean(dim=0)
    assert int(middle.argmax()) == int(out["clipwise_output"][0].argmax())
    assert (middle - out["clipwise_output"][0]).abs().mean() < 0.01


@pytest.fixture
def network() -> PannsMini:
    torch.manual_seed(4)
    network: PannsMini = build("PannsMini").eval()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias, 0, 0.2)
            layer.running_mean.normal_(0, 0.2)
            layer.running_var.uniform_(0.05, 0.5)
    return network


def test_norms_that_are_folded_and_unfolded_change_nothing(network: PannsMini) -> None:
    clip = torch.from_numpy(np.random.default_rng(1).normal(0, 0.1, (1, 70_000)).astype(np.float32))
    without = folded(network)
    again = unfolded(without)
    with torch.inference_mode():
        wanted = network(clip)
        for other in (without, again):
            for name, value in other(clip).items():
                torch.testing.assert_close(value, wanted[name], rtol=0, atol=1e-5)
    assert wanted["clipwise_output"].std() > 1e-3
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in without.modules())
    assert again.state_dict().keys() == network.state_dict().keys()


def test_all_that_is_folded_is_trained(network: PannsMini) -> None:
    without = folded(network)
    assert all(each.requires_grad for each in without.parameters())
    without.train()(torch.randn(1, 64_000) / 10)["framewise_output"].sum().backward()
    biases = [m.bias.grad for m in without.features.modules() if isinstance(m, nn.Conv2d)]
    assert len(biases) > 30
    assert all(each is not None and each.abs().max() > 0 for each in biases)
