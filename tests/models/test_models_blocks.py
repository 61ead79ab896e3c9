"""Blocks and small functions against plain NumPy and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from torch import nn
from torch.nn import functional

from panns_inference.errors import UsageError
from panns_inference.models import (
    ConvBlock,
    ConvBlock5x5,
    Interpolator,
    LinearInterpolator,
    NearestInterpolator,
    do_mixup,
    init_bn,
    init_layer,
    pad_framewise_output,
)

VALUES = {"elements": st.floats(-100, 100, width=32)}


def framewise(minimum: int = 1) -> st.SearchStrategy[np.ndarray]:
    """Values of some clips, segments and classes."""
    sides = st.tuples(st.integers(1, 3), st.integers(minimum, 6), st.integers(1, 4))
    return sides.flatmap(lambda shape: arrays.arrays(np.float32, shape, **VALUES))


def randomised(block: nn.Module) -> nn.Module:
    """The block in evaluation mode, with statistics and weights that do something."""
    for layer in block.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for values in (layer.weight, layer.bias, layer.running_mean, layer.running_var):
                nn.init.uniform_(values, 0.5, 1.5)
    return block.eval()


def plain_block(block: nn.Module, image: np.ndarray) -> np.ndarray:
    """What a block does before its pool: convolution, batch norm, ReLU."""
    for number in (1, 2):
        if (layer := getattr(block, f"conv{number}", None)) is None:
            continue
        norm = getattr(block, f"bn{number}")
        weight = layer.weight.detach().double().numpy()
        kernel, margin = weight.shape[2:], weight.shape[2] // 2
        padded = np.pad(image, ((0, 0), (margin, margin), (margin, margin)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=(1, 2))
        image = np.einsum("itfkl,oikl->otf", windows, weight)
        mean, variance, scale, shift = (
            values.detach().double().numpy()[:, None, None]
            for values in (norm.running_mean, norm.running_var, norm.weight, norm.bias)
        )
        image = np.maximum((image - mean) / np.sqrt(variance + 1e-5) * scale + shift, 0)
    return image


POOLS = {
    "avg": lambda windows: windows.mean(axis=(2, 4)),
    "max": lambda windows: windows.max(axis=(2, 4)),
    "avg+max": lambda windows: windows.mean(axis=(2, 4)) + windows.max(axis=(2, 4)),
}


@pytest.mark.parametrize("pool_type", POOLS)
@pytest.mark.parametrize("pool_size", [(2, 2), (1, 1), (2, 1), (3, 2)])
@pytest.mark.parametrize("kind", [ConvBlock, ConvBlock5x5])
def test_block_is_convolution_norm_relu_and_pool(
    kind: type[ConvBlock], pool_size: tuple[int, int], pool_type: str
) -> None:
    block, image = randomised(kind(2, 3)), torch.randn(1, 2, 13, 9)
    with torch.no_grad():
        got = block(image, pool_size=pool_size, pool_type=pool_type)[0].numpy()
    plain = plain_block(block, image[0].double().numpy())
    (height, width), (p, q) = plain.shape[1:], pool_size
    # What does not fill a window is dropped.
    plain = plain[:, : height // p * p, : width // q * q]
    wanted = POOLS[pool_type](plain.reshape(3, height // p, p, width // q, q))
    np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)


def test_block_pools_by_the_mean_of_2_x_2_unless_told_otherwise() -> None:
    block, image = randomised(ConvBlock(2, 3)), torch.randn(2, 2, 8, 6)
    assert torch.equal(block(image), block(image, (2, 2), "avg"))
    assert block(image).shape == (2, 3, 4, 3)


def test_block_refuses_other_pools() -> None:
    with pytest.raises(UsageError, match=r"must be 'avg' or 'max' or 'avg\+max', not 'median'"):
        ConvBlock(1, 1)(torch.zeros(1, 1, 4, 4), pool_type="median")


def test_block_draws_new_values_when_asked() -> None:
    block = ConvBlock(2, 3)
    before = block.conv1.weight.clone()
    nn.init.constant_(block.bn2.weight, 5)
    block.init_weight()
    assert not torch.equal(block.conv1.weight, before)
    assert torch.equal(block.bn2.weight, torch.ones(3))


@pytest.mark.parametrize(
    "layer",
    [nn.Linear(30, 20), nn.Linear(30, 20, bias=False), nn.Conv1d(3, 4, 5), nn.Conv2d(3, 4, 5)],
    ids=lambda layer: str(layer),
)
def test_init_layer_is_xavier_with_zero_bias(layer: nn.Linear | nn.Conv1d | nn.Conv2d) -> None:
    nn.init.constant_(layer.weight, 100)
    init_layer(layer)
    taps = layer.weight[0, 0].numel()
    bound = (6 / ((layer.weight.shape[0] + layer.weight.shape[1]) * taps)) ** 0.5
    assert 0.9 * bound < layer.weight.abs().max() <= bound
    assert layer.bias is None or not layer.bias.any()


def test_init_bn_is_one_and_zero() -> None:
    norm = nn.BatchNorm1d(7)
    nn.init.constant_(norm.weight, 3)
    nn.init.constant_(norm.bias, 3)
    init_bn(norm)
    assert torch.equal(norm.weight, torch.ones(7))
    assert torch.equal(norm.bias, torch.zeros(7))


@given(pairs=st.integers(0, 4), rest=st.lists(st.integers(1, 3), max_size=3), data=st.data())
def test_mixup_weighs_even_and_odd_rows(pairs: int, rest: list[int], data: st.DataObject) -> None:
    x = data.draw(arrays.arrays(np.float32, (2 * pairs, *rest), **VALUES))
    weights = data.draw(arrays.arrays(np.float32, 2 * pairs, elements=st.floats(0, 1, width=32)))
    got = do_mixup(torch.from_numpy(x), torch.from_numpy(weights)).numpy()
    wanted = [weights[i] * x[i] + weights[i + 1] * x[i + 1] for i in range(0, 2 * pairs, 2)]
    assert got.shape == (pairs, *rest)
    np.testing.assert_allclose(got, np.reshape(wanted, got.shape), rtol=1e-5, atol=1e-4)


@given(x=framewise(), ratio=st.integers(1, 40))
def test_nearest_repeats_segments(x: np.ndarray, ratio: int) -> None:
    for module in (NearestInterpolator(ratio), Interpolator(ratio), Interpolator(ratio, "nearest")):
        np.testing.assert_array_equal(module(torch.from_numpy(x)), np.repeat(x, ratio, axis=1))


@given(x=framewise(), ratio=st.integers(1, 40))
def test_linear_draws_lines_between_segments(x: np.ndarray, ratio: int) -> None:
    knots = np.arange(x.shape[1]) * ratio
    frames = np.arange(knots[-1] + 1)
    wanted = [[np.interp(frames, knots, values) for values in clip.T] for clip in x]
    for module in (LinearInterpolator(ratio), Interpolator(ratio, "linear")):
        got = module(torch.from_numpy(x)).numpy()
        np.testing.assert_allclose(got, np.swapaxes(wanted, 1, 2), rtol=0, atol=1e-3)


def test_linear_is_the_transposed_convolution_with_a_triangle() -> None:
    x, ratio = torch.rand(2, 7, 5), 32
    triangle = 1 - (torch.arange(2 * ratio + 1) - ratio).abs() / ratio
    lines = x.transpose(1, 2).reshape(-1, 1, 7)
    wanted = functional.conv_transpose1d(lines, triangle[None, None], stride=ratio, padding=ratio)
    got = LinearInterpolator(ratio)(x)
    assert got.shape == (2, 6 * 32 + 1, 5)
    torch.testing.assert_close(got.transpose(1, 2).reshape(-1, 1, 193), wanted)


@pytest.mark.parametrize("mode", ["cubic", "", "Nearest"])
def test_interpolator_refuses_other_modes(mode: str) -> None:
    with pytest.raises(UsageError, match=f"must be 'nearest' or 'linear', not '{mode}'"):
        Interpolator(32, mode)


@given(x=framewise(), frames_num=st.integers(1, 20))
def test_frames_are_padded_with_the_last_or_cut(x: np.ndarray, frames_num: int) -> None:
    got = pad_framewise_output(torch.from_numpy(x), frames_num)
    at = np.minimum(np.arange(frames_num), x.shape[1] - 1)
    np.testing.assert_array_equal(got, x[:, at])
