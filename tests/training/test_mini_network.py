"""PannsMini: outputs, size, grid and reach."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from panns_inference.models.cost import parameters
from panns_inference.models.mini import PannsMini, surroundings

HOP = 320
REACH = 137
"""Frames that a segment looks at on each side."""


@pytest.fixture(scope="module")
def network() -> PannsMini:
    torch.manual_seed(3)
    network = PannsMini(32000, 1024, HOP, 64, 50, 14000, 527).eval()
    with torch.no_grad():
        for layer in network.modules():
            # A new network's branches end in a norm of weight 0: they would look at nothing.
            if isinstance(layer, torch.nn.BatchNorm2d):
                layer.weight.uniform_(0.5, 1.0)
                layer.bias.uniform_(-0.2, 0.2)
    return network


def noise(n_samples: int, seed: int = 0) -> torch.Tensor:
    draw = np.random.default_rng(seed)
    return torch.from_numpy(draw.standard_normal((1, n_samples)).astype(np.float32) * 0.1)


@pytest.mark.parametrize("n_samples", [1, 2, 512, 513, 4799, 4800, 5120, 10_656, 32_000, 99_999])
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


def test_it_is_small(network: PannsMini) -> None:
    assert parameters(network) < 1_900_000
    assert 2 * parameters(network) < 3_800_000  # bytes in half precision


def test_a_batch_gives_what_its_clips_give_alone(network: PannsMini) -> None:
    clips = torch.cat([noise(40_000, seed) for seed in range(3)])
    with torch.inference_mode():
        batched = network(clips)
        for k in range(3):
            alone = network(clips[k : k + 1])
            for name, value in alone.items():
                torch.testing.assert_close(batched[name][k], value[0], rtol=0, atol=1e-5)


def test_the_head_against_numpy(network: PannsMini) -> None:
    features = torch.rand(1, 192, 9, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        out = network.outputs(features, 150)
    weight, bias = (network.fc1.weight.detach().numpy(), network.fc1.bias.detach().numpy())
    last = network.fc_audioset
    x = features.numpy()[0].astype(np.float64)

    def head(part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        z = weight @ (part.max(axis=1) + part.mean(axis=1)) + bias
        embedding = z * np.clip(z + 3, 0, 6) / 6
        logits = last.weight.detach().numpy() @ embedding + last.bias.detach().numpy()
        return 1 / (1 + np.exp(-logits)), embedding

    clipwise, embedding = head(x)
    np.testing.assert_allclose(out["clipwise_output"][0], clipwise, atol=1e-6)
    np.testing.assert_allclose(out["embedding"][0], embedding, atol=1e-5)
    for frame in (0, 15, 16, 70, 143, 149):
        segment = min(frame // 16, 8)
        around, _ = head(x[:, max(0, segment - 2) : segment + 3])
        np.testing.assert_allclose(out["framewise_output"][0, frame], around, atol=1e-6)


def test_surroundings_count_only_what_is_there() -> None:
    features = torch.tensor([[[1.0, 5.0, 3.0]]])
    expected = torch.tensor([[[5 + 3.0, 5 + 3.0, 5 + 4.0]]])
    torch.testing.assert_close(surroundings(features, 1), expected)


def test_a_segment_reaches_no_further_than_its_halo(network: PannsMini) -> None:
    # Each 3 x 3 convolution adds its step on both sides; half a window of the STFT comes on top.
    steps = [1, *[4] * 2, *[8] * 4, *[16] * 4, *[16] * 2]
    assert len(steps) == 1 + 2 * sum(length for _, length, _ in network.stages)
    assert sum(steps) == REACH
    double = network.double()
    try:
        with torch.inference_mode():
            waveform = noise(16 * HOP * 60).double()
            features = double.segment_features(waveform)
            middle = 30
            reach = REACH * HOP + 512
            other = noise(16 * HOP * 60, seed=9).double()
            first, last = middle * 16 * HOP - reach, (middle + 1) * 16 * HOP + reach
            other[:, first:last] = waveform[:, first:last]
            changed = double.segment_features(other)
        torch.testing.assert_close(
            features[:, :, middle], changed[:, :, middle], rtol=0, atol=1e-12
        )
        # Two segments on, the outermost taps already see what was changed.
        assert not torch.allclose(
            features[:, :, middle + 2], changed[:, :, middle + 2], rtol=0, atol=1e-12
        )
    finally:
        network.float()


def test_blocks_with_halo_equal_the_whole(network: PannsMini) -> None:
    segment, halo, size = 16 * HOP, 9, 20
    waveform = noise(segment * 60 + 777)
    with torch.inference_mode():
        whole = network.segment_features(waveform)
        parts, n_segments = [], whole.shape[2]
        for first in range(0, n_segments, size):
            start, last = max(0, first - halo), min(n_segments, first + size)
            stop = waveform.shape[1] if last == n_segments else (last + halo) * segment
            block = network.segment_features(waveform[:, start * segment : stop])
            parts.append(block[:, :, first - start : last - start])
        joined = torch.cat(parts, dim=2)
    scale = float(whole.abs().max())
    torch.testing.assert_close(joined / scale, whole / scale, rtol=0, atol=1e-6)
    pooled = functional.adaptive_max_pool1d(joined, 1)[:, :, 0] + joined.mean(dim=2)
    with torch.inference_mode():
        clipwise = network.classify(pooled)["clipwise_output"]
        expected = network(waveform)["clipwise_output"]
    torch.testing.assert_close(clipwise, expected, rtol=0, atol=1e-5)


def test_training_mode_has_no_dropout_and_no_masking(network: PannsMini) -> None:
    features = torch.rand(4, 16, 20, 8)
    block = network.features[5]
    block.train()
    try:
        torch.testing.assert_close(block(features), block(features))
    finally:
        network.eval()
    assert not hasattr(network, "spec_augmenter")
