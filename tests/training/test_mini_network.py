"""PannsMini: outputs, size, grid and receptive field."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from panns_inference.models import build
from panns_inference.models.cost import parameters
from panns_inference.models.mini import DEEP, FEATURES, PannsMini
from panns_inference.models.mobilenet_v3 import LocalSqueeze

HOP = 320
SEGMENT = 16 * HOP
SHORTEST = 64_000


@pytest.fixture(scope="module")
def network() -> PannsMini:
    torch.manual_seed(3)
    network: PannsMini = build("PannsMini").eval()
    with torch.no_grad():
        for layer in network.modules():
            # Statistics of noise: with those of a new network, values die away from block to block.
            if isinstance(layer, torch.nn.BatchNorm2d):
                layer.momentum = 1.0
                layer.weight.uniform_(0.5, 1.0)
                layer.bias.uniform_(-0.2, 0.2)
        network.train()(noise(SHORTEST))
    return network.eval()


def noise(n_samples: int, seed: int = 0) -> torch.Tensor:
    draw = np.random.default_rng(seed)
    return torch.from_numpy(draw.standard_normal((1, n_samples)).astype(np.float32) * 0.1)


@pytest.mark.parametrize("n_samples", [1, 319, 320, 513, 63_999, 64_000, 99_999])
def test_any_length_gives_all_three_outputs(network: PannsMini, n_samples: int) -> None:
    with torch.inference_mode():
        out = network(noise(n_samples))
    assert {name: tuple(value.shape) for name, value in out.items()} == {
        "clipwise_output": (1, 527),
        "embedding": (1, 512),
        "framewise_output": (1, 1 + n_samples // HOP, 527),
    }
    for name in ("clipwise_output", "framewise_output"):
        assert ((out[name] >= 0) & (out[name] <= 1)).all()


def test_an_empty_waveform_is_refused(network: PannsMini) -> None:
    with pytest.raises(ValueError, match="one sample or more"):
        network(torch.zeros(1, 0))


def test_silence_is_put_behind_what_is_shorter_than_two_seconds(network: PannsMini) -> None:
    short = noise(20_000)
    with torch.inference_mode():
        found = network(short)
        whole = network(functional.pad(short, (0, SHORTEST - 20_000)))
    for name in ("clipwise_output", "embedding"):
        torch.testing.assert_close(found[name], whole[name])
    n_frames = 1 + 20_000 // HOP
    assert found["framewise_output"].shape[1] == n_frames
    torch.testing.assert_close(found["framewise_output"], whole["framewise_output"][:, :n_frames])


def test_it_is_small(network: PannsMini) -> None:
    assert parameters(network) < 1_900_000
    assert 2 * parameters(network) < 3_800_000  # bytes in half precision


def test_a_batch_gives_what_its_clips_give_alone(network: PannsMini) -> None:
    clips = torch.cat([noise(70_000, seed) for seed in range(3)])
    with torch.inference_mode():
        batched = network(clips)
        for k in range(3):
            alone = network(clips[k : k + 1])
            for name, value in alone.items():
                torch.testing.assert_close(batched[name][k], value[0], rtol=0, atol=1e-5)


def hard_swish(x: np.ndarray) -> np.ndarray:
    return x * np.clip(x + 3, 0, 6) / 6


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def values(layer: torch.nn.Module) -> tuple[np.ndarray, np.ndarray]:
    return layer.weight.detach().double().numpy(), layer.bias.detach().double().numpy()


def along_time(layer: torch.nn.Conv1d, x: np.ndarray) -> np.ndarray:
    """Five taps of each channel by itself, with zeros at both ends."""
    weight, bias = values(layer)
    padded = np.pad(x, ((0, 0), (2, 2)))
    taps = [weight[:, 0, k, None] * padded[:, k : k + x.shape[1]] for k in range(5)]
    return np.sum(taps, axis=0) + bias[:, None]


def test_the_heads_against_numpy(network: PannsMini) -> None:
    # 48 channels of 8 bands behind the 384 that the clipwise head takes.
    features = torch.rand(1, 384 + 48 * 8, 9, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        out = network.outputs(features, 150)
    x = features.numpy()[0].astype(np.float64)
    (dense, dense_bias), (classes, classes_bias) = values(network.fc1), values(network.fc_audioset)
    embedding = hard_swish(dense @ x[:384].mean(axis=1) + dense_bias)
    np.testing.assert_allclose(out["embedding"][0], embedding, atol=1e-5)
    clipwise = sigmoid(classes @ embedding + classes_bias)
    np.testing.assert_allclose(out["clipwise_output"][0], clipwise, atol=1e-6)
    first, hidden, _, second, last = network.framewise_head
    (weight, bias), (last_weight, last_bias) = values(hidden), values(last)
    between = hard_swish(weight[:, :, 0] @ along_time(first, x) + bias[:, None])
    segments = sigmoid(last_weight[:, :, 0] @ along_time(second, between) + last_bias[:, None])
    for frame in (0, 15, 16, 70, 143, 149):
        expected = segments[:, min(frame // 16, 8)]
        np.testing.assert_allclose(out["framewise_output"][0, frame], expected, atol=1e-6)


def test_the_framewise_head_sees_the_bands_channel_by_channel(network: PannsMini) -> None:
    image = torch.randn(1, 1, 201, 128, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        values, features = network.trunk(image), network.features(image)
        deep = network.deep(features)
    assert features.shape == (1, 48, 13, 8)
    np.testing.assert_allclose(values[0, :384], deep[0].mean(dim=2), atol=1e-5)
    for channel, band in ((0, 0), (0, 7), (20, 3), (47, 7)):
        at = 384 + 8 * channel + band
        torch.testing.assert_close(values[0, at], features[0, channel, :, band])


def test_a_squeeze_against_a_plain_loop() -> None:
    torch.manual_seed(1)
    squeeze, x = LocalSqueeze(6, 3, 2), torch.randn(1, 6, 7, 4)
    (first, first_bias), (second, second_bias) = values(squeeze.fc1), values(squeeze.fc2)
    found = squeeze(x).detach().numpy()[0]
    for step in range(7):
        around = x.double().numpy()[0, :, max(0, step - 2) : step + 3]
        hidden = np.maximum(first @ around.mean(axis=(1, 2)) + first_bias, 0)
        gates = sigmoid(second @ hidden + second_bias)
        expected = x[0, :, step].numpy() * gates[:, None]
        np.testing.assert_allclose(found[:, step], expected, rtol=1e-5, atol=1e-6)


def frames_on_each_side() -> int:
    """Frames that a segment depends on, by the tables of blocks."""
    found, step = 1, 2  # the stem: 3 x 3 on every second frame
    for row in (*FEATURES, *DEEP):
        found += row.kernel // 2 * row.dilation * step
        step *= row.stride[0]
        found += round(64 / step) * step if row.squeezed else 0  # 0.64 s
    return found + 2 * 2 * step  # two convolutions over two segments


def test_a_segment_depends_on_no_more_than_its_receptive_field(network: PannsMini) -> None:
    frames = frames_on_each_side()
    assert frames == 1 + 2 + 2 + 4 + 72 + 80 + 80 + 8 + 3 * 16 + 2 * 80 + 3 * 128 + 64
    middle, n_segments = 60, 121
    outside = frames * HOP + 512  # half of the transform
    first, last = middle * SEGMENT - outside, middle * SEGMENT + outside + 1
    assert first > 0
    assert last < n_segments * SEGMENT
    network = network.double()
    try:
        waveform, other = (noise(n_segments * SEGMENT, seed).double() for seed in (0, 9))
        other[:, first:last] = waveform[:, first:last]
        with torch.inference_mode():
            same, changed = (
                network.segmentwise(network.segment_features(x))["probabilities"][0]
                for x in (waveform, other)
            )
        torch.testing.assert_close(same[:, middle], changed[:, middle], rtol=0, atol=1e-12)
        # The outermost taps say little: some segments on, it can be told.
        for segment in (middle - 40, middle + 40):
            assert (same[:, segment] - changed[:, segment]).abs().max() > 1e-12
    finally:
        network.float()


def test_training_mode_draws_nothing(network: PannsMini) -> None:
    image = torch.randn(4, 1, 64, 128, generator=torch.Generator().manual_seed(3))
    network.train()
    try:
        with torch.no_grad():
            first, second = network.trunk(image), network.trunk(image)
    finally:
        network.eval()
    torch.testing.assert_close(first, second, rtol=0, atol=0)
