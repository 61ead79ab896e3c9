"""The algorithms of one axis against a convolution, and the kernels against float64."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from panns_inference.engine.cpu import dispatch, onednn
from panns_inference.engine.cpu.conv import STRIP_VALUES, ConvWeights, Kernel
from panns_inference.engine.cpu.winograd import pair, winograd

DIRECT = 2e-6
"""Largest error of a convolution by its largest value."""

PRODUCTS = 5e-5
"""The same of products of tiles."""


@pytest.mark.parametrize(("outputs", "r"), [(1, 3), (2, 3), (3, 3), (4, 3), (1, 5), (2, 5)])
def test_winograd_is_a_convolution(outputs: int, r: int) -> None:
    torch.manual_seed(0)
    transform = winograd(outputs, r)
    w, x = torch.randn(r).double(), torch.randn(transform.inputs).double()
    expected = torch.nn.functional.conv1d(x[None, None], w[None, None])[0, 0]
    found = transform.back @ ((transform.kernel[:, 0] @ w) * (transform.into @ x))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    assert transform.inputs == outputs + r - 1
    assert transform.margin == r // 2


def test_a_pair_between_zeros_takes_three_products() -> None:
    transform = pair()
    w, x = torch.tensor([2.0, 3, 5]).double(), torch.tensor([7.0, 11]).double()
    found = transform.back @ ((transform.kernel[:, 0] @ w) * (transform.into @ x))
    assert found.tolist() == [3 * 7 + 5 * 11, 2 * 7 + 3 * 11]
    assert transform.into.shape == (3, 2)


def layer(
    in_channels: int, out_channels: int, taps: tuple[int, int], dilation: int = 1
) -> ConvWeights:
    weight = torch.randn(out_channels, in_channels, *taps)
    padding = taps[0] // 2 * dilation, taps[1] // 2 * dilation
    settings = padding, (dilation, dilation), (1, 1)
    scale, bias = torch.rand(out_channels) + 0.5, torch.randn(out_channels)
    return ConvWeights(weight, scale, bias, *settings, 1)


def exact(x: Tensor, weights: ConvWeights) -> Tensor:
    """The convolution in float64."""
    scale = weights.scale.double()[:, None, None, None]
    wide = x.double(), weights.weight.double() * scale, weights.bias.double()
    padding, dilation, stride = weights[3:6]
    return torch.nn.functional.conv2d(
        *wide, padding=padding, dilation=dilation, stride=stride, groups=weights.groups
    )


AFTER = {
    "none": lambda x: x,
    "relu": lambda x: x.clamp(min=0),
    "hardswish": lambda x: x * (x + 3).clamp(0, 6) / 6,
}
"""Activations by their formulas."""


def check(kernel: Kernel, x: Tensor, expected: Tensor, activation: str, limit: float) -> None:
    expected = AFTER[activation](expected)
    halves = [False, True] if min(x.shape[2:]) > 1 else [False]
    for halved in halves:
        wanted = torch.nn.functional.avg_pool2d(expected, 2) if halved else expected
        found = kernel(x, activation, halved)
        assert found.dtype == torch.float32
        error = limit * float(expected.abs().max())
        torch.testing.assert_close(found.double(), wanted, rtol=0, atol=error)


SQUARES = [
    # (channels in, out, side, batch, height, width)
    (8, 16, 3, 1, 1, 64),  # one frame
    (8, 16, 3, 2, 31, 2),
    (16, 8, 3, 3, 1, 2),
    (16, 8, 3, 2, 3, 2),
    (8, 8, 3, 2, 13, 1),  # one band
    (8, 16, 3, 1, 101, 17),  # primes
    (8, 16, 3, 3, 62, 4),
    (4, 8, 5, 2, 23, 11),
    (4, 8, 5, 1, 7, 2),
    (4, 8, 5, 1, 1, 1),
]


@pytest.mark.parametrize("activation", onednn.ACTIVATIONS)
@pytest.mark.parametrize("image", SQUARES, ids=str)
def test_every_kernel_is_the_convolution(image: tuple[int, ...], activation: str) -> None:
    torch.manual_seed(0)
    n_in, n_out, side, *size = image
    weights = layer(n_in, n_out, (side, side))
    x = torch.randn(size[0], n_in, *size[1:])
    names = dispatch.candidates(weights, size[2])
    assert len(names) > 5
    for name in names:
        limit = DIRECT if name == dispatch.DIRECT else PRODUCTS
        check(dispatch.build(name, weights, x.shape), x, exact(x, weights), activation, limit)


OTHERS = {
    "strided": (layer(8, 16, (3, 3))._replace(stride=(2, 2)), (2, 8, 11, 7)),
    "grouped": (layer(1, 8, (3, 3))._replace(groups=8), (2, 8, 13, 4)),
    "of one tap": (layer(8, 16, (1, 1)), (1, 8, 7, 5)),
    "on a line": (layer(8, 16, (1, 3))._replace(padding=(0, 1)), (2, 8, 1, 97)),
    "on a line of one": (layer(8, 8, (1, 3))._replace(padding=(0, 1)), (1, 8, 1, 1)),
    "dilated": (layer(8, 8, (1, 3), 2)._replace(padding=(0, 2)), (2, 8, 1, 53)),
    "long and strided": (
        layer(1, 8, (1, 11))._replace(padding=(0, 5), stride=(1, 5)),
        (1, 1, 1, 89),
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_convolutions_have_one_kernel(name: str) -> None:
    weights, size = OTHERS[name]
    x = torch.randn(size)
    assert dispatch.candidates(weights, size[3]) == (dispatch.DIRECT,)
    check(dispatch.build(dispatch.DIRECT, weights, x.shape), x, exact(x, weights), "relu", DIRECT)


@pytest.mark.parametrize("activation", onednn.ACTIVATIONS)
@pytest.mark.parametrize("name", [name for name in OTHERS if name != "grouped"])
def test_weights_may_stay_where_they_are(name: str, activation: str) -> None:
    weights, size = OTHERS[name]
    x = torch.randn(size)
    kernel = dispatch.build(dispatch.UNFOLD, weights, x.shape)
    check(kernel, x, exact(x, weights), activation, DIRECT)
    assert kernel.weight.data_ptr() == weights.weight.data_ptr()


def test_strips_join_without_a_seam() -> None:
    torch.manual_seed(0)
    weights = layer(64, 64, (3, 3))
    x = torch.randn(3, 64, 301, 16)
    kernel = dispatch.build("4/4", weights, x.shape)
    tiles = 3 * 76 * 4
    assert tiles * 36 * 64 > STRIP_VALUES  # the batch takes more than one strip
    expected = exact(x, weights)
    error = (kernel(x, "none", False) - expected).abs().max() / expected.abs().max()
    assert error < 2e-5
