"""Parts of clips, moved in time and in level: what comes out is what was in the clip."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from panns_inference import UsageError
from panns_inference.training import ClipBatch, Supervised
from panns_inference.training.pretraining.tables import Augmentation
from panns_inference.training.waveforms import WaveformAugmentation

CLIPS = torch.arange(1.0, 801).reshape(8, 100)
"""Each sample is another number."""


def test_without_augmentation_nothing_is_drawn() -> None:
    before = torch.get_rng_state()
    assert WaveformAugmentation()(CLIPS) is CLIPS
    assert torch.equal(torch.get_rng_state(), before)


@given(st.integers(1, 100), st.integers(0, 2**32))
def test_a_crop_is_a_part_of_its_clip(crop: int, seed: int) -> None:
    torch.manual_seed(seed)
    for row, clip in zip(WaveformAugmentation(crop=crop)(CLIPS), CLIPS, strict=True):
        first = int(row[0] - clip[0])
        assert torch.equal(row, clip[first : first + crop])


@given(st.integers(0, 250), st.integers(0, 2**32))
def test_a_shift_is_a_roll(shift: int, seed: int) -> None:
    torch.manual_seed(seed)
    found = WaveformAugmentation(shift=shift)(CLIPS)
    rolls = {by: CLIPS.roll(by, 1) for by in range(-shift, shift + 1)}
    for number, row in enumerate(found):
        assert any(torch.equal(row, rolled[number]) for rolled in rolls.values())


def test_draws_are_spread_over_what_is_allowed() -> None:
    torch.manual_seed(0)
    clips = torch.arange(100.0).expand(4000, 100) + 1
    firsts = WaveformAugmentation(crop=91)(clips)[:, 0]
    assert sorted(set(firsts.tolist())) == [*range(1, 11)]
    moved = WaveformAugmentation(shift=3)(clips)[:, 50]
    assert sorted(set(moved.tolist())) == [*range(48, 55)]
    decibels = 20 * (WaveformAugmentation(gain=6)(clips) / clips).log10()
    assert torch.allclose(decibels, decibels[:, :1].expand(-1, 100), atol=1e-4)
    assert -6 <= decibels.min() < -5.9
    assert 5.9 < decibels.max() <= 6
    assert decibels[:, 0].mean().abs() < 0.2


def test_a_step_draws_what_it_drew() -> None:
    every = WaveformAugmentation(50, 20, 6)
    one, other = (every(CLIPS) for _ in range(2) if torch.manual_seed(5))
    assert torch.equal(one, other)


class Kept(torch.nn.Module):
    activation = "sigmoid"

    def forward(self, input: torch.Tensor, weights: object = None) -> dict[str, torch.Tensor]:
        self.given = input
        return {"clipwise_output": input[:, :2] * 0 + 0.5}


def test_a_recipe_says_it_in_seconds() -> None:
    augmentation = Augmentation(mixup="waveform", crop=0.25, gain=3).of_waveforms(200)
    assert augmentation == WaveformAugmentation(crop=50, gain=3)
    network, targets = Kept(), torch.zeros(8, 2)
    Supervised("waveform", augmentation)(network, ClipBatch(CLIPS, targets, torch.full((8,), 0.5)))
    assert network.given.shape == (4, 50)


def test_what_makes_no_sense_is_refused() -> None:
    for name, value in (("gain", -1), ("crop", -0.4), ("crop", math.nan), ("shift", math.nan)):
        with pytest.raises(UsageError, match=f"{name} must be 0 or more, not {value}"):
            Augmentation(**{name: value})
    with pytest.raises(UsageError, match="101 samples cannot be taken of clips of 100: give a sho"):
        WaveformAugmentation(crop=101)(CLIPS)
