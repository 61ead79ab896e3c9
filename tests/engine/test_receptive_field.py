"""Grid and halo, read off the networks, against the published table of them."""

from __future__ import annotations

import pytest
import torch

from panns_inference.engine.receptive_field import Grid, grid_of, receptive_field
from panns_inference.models import build, network_class
from panns_inference.registry import NETWORKS

CNN14 = Grid(10_240, 4, 4)
DECIDING = Grid(10_240, 5, 5)

TABLE = {
    "PannsMini": Grid(5120, 57, 56),
    "Cnn14": CNN14,
    "Cnn14_no_specaug": CNN14,
    "Cnn14_no_dropout": CNN14,
    "Cnn14_mixup_time_domain": CNN14,
    "Cnn14_emb512": CNN14,
    "Cnn14_emb128": CNN14,
    "Cnn14_emb32": CNN14,
    "Cnn14_mel32": CNN14,
    "Cnn14_mel128": CNN14,
    "Wavegram_Cnn14": CNN14,
    "Wavegram_Logmel_Cnn14": CNN14,
    "Wavegram_Logmel128_Cnn14": CNN14,
    "Cnn14_16k": Grid(5120, 4, 4),
    "Cnn14_8k": Grid(2560, 4, 4),
    "Cnn14_DecisionLevelMax": DECIDING,
    "Cnn14_DecisionLevelAvg": DECIDING,
    "Cnn14_DecisionLevelAtt": DECIDING,
    "Cnn6": Grid(5120, 2, 2),
    "Cnn10": Grid(5120, 2, 2),
    "ResNet22": Grid(10_240, 6, 6),
    "ResNet38": Grid(10_240, 10, 10),
    "ResNet54": Grid(10_240, 6, 6),
    "MobileNetV1": Grid(10_240, 5, 5),
    "MobileNetV2": Grid(10_240, 10, 10),
    "LeeNet11": Grid(19_683, 1, 0),
    "LeeNet24": Grid(6561, 4, 3),
    "DaiNet19": Grid(256, 6, 6),
    "Res1dNet31": Grid(20_480, 8, 8),
    "Res1dNet51": Grid(20_480, 10, 10),
}
"""Samples of a segment, and segments of the halo on either side."""

CUT = [name for name in NETWORKS if network_class(name).window_seconds is None]
"""All but those whose squeezes hear the whole clip."""


@pytest.mark.sample(4)
@pytest.mark.parametrize("name", CUT)
def test_the_grid_is_that_of_the_table(name):
    """Whether filters are convolved with, as on meta, or a transform takes their place."""
    with torch.device("meta"):
        network = build(name)
    assert grid_of(network) == TABLE[name]
    network.to_empty(device="cpu")
    network.load_state_dict(network.computed_state(), strict=False)
    assert grid_of(network) == TABLE[name]


def test_what_hears_a_whole_window_has_it_for_a_segment():
    with torch.device("meta"):
        assert grid_of(build("mn01_as")) == Grid(320_000, 0, 0)


def test_the_field_is_what_a_segment_depends_on(filled):
    """The samples to which a segment reacts, in float64, lie between first and last."""
    network = filled("Cnn6").double()
    # The window of the transform is 0 at its first sample.
    assert_tight(network, n_segments=20, dead=2)


def test_so_it_is_with_squeezes_and_dilated_kernels():
    torch.manual_seed(0)
    network = build("PannsMini", 5).eval().double()
    # On each side of its window, 112 of the 1024 samples of a frame are 0.
    assert_tight(network, n_segments=122, dead=113)


def assert_tight(network, n_segments, dead):
    """Samples outside the field have no gradient; inside, all but some at its edges have one."""
    stride, first, last = receptive_field(network)
    waveform = 0.1 * torch.randn(1, n_segments * stride, dtype=torch.float64)
    waveform.requires_grad_()
    middle = n_segments // 2
    segmentwise = network.segmentwise(network.segment_features(waveform))
    sum(values[0, :, middle].sum() for values in segmentwise.values()).backward()
    touched = torch.nonzero(waveform.grad[0])[:, 0] - middle * stride
    assert first <= int(touched.min()) <= first + dead
    assert last - dead <= int(touched.max()) <= last


def test_a_segment_begins_with_every_sixteenth_frame_of_a_waveform():
    """Of the last one, a sample is enough: blocks give as many segments as the whole."""
    network = build("PannsMini", 5).eval()
    stride, minimum = 5120, network.minimum_samples
    for whole in (13, 14, 31):
        for n_samples in (whole * stride + off for off in (-321, -320, -1, 0, 1, 319, 320, 321)):
            if n_samples >= minimum:
                with torch.inference_mode():
                    features = network.segment_features(torch.zeros(1, n_samples))
                assert features.shape[2] == -(-n_samples // stride), n_samples


def test_a_network_is_left_as_it_was(filled):
    network = filled("LeeNet11").train()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    grid_of(network)
    assert network.training
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
