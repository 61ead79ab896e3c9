"""The algorithms of one axis against a convolution, and the kernels against float64."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from panns_inference.engine.fast import plan
from panns_inference.engine.fast.kernels import STRIP_VALUES, Weights
from panns_inference.engine.fast.transforms import Transform, pair, taps, winograd

DECIMALS = {plan.DIRECT: 2e-6}
"""Error of a kernel by its largest value; that of products is the second."""

PRODUCTS = 1e-4


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


@pytest.mark.parametrize(
    "make", [lambda: winograd(4, 3), lambda: winograd(2, 5), pair, lambda: taps(3)]
)
def test_one_plane_reaches_every_output(make: Callable[[], Transform]) -> None:
    transform = make()
    assert transform.back[:, transform.ones].tolist() == [1.0] * transform.outputs


def layer(in_channels: int, out_channels: int, taps: tuple[int, int], dilation: int = 1) -> Weights:
    weight = torch.randn(out_channels, in_channels, *taps)
    padding = taps[0] // 2 * dilation, taps[1] // 2
    return Weights(weight, torch.randn(out_channels), padding, (dilation, 1), (1, 1), 1)


IMAGES = [
    # (channels in, out, taps, dilation, batch, height, width)
    (8, 16, (3, 3), 1, 1, 1, 64),  # one frame
    (8, 16, (3, 3), 1, 2, 31, 2),
    (16, 8, (3, 3), 1, 3, 1, 2),
    (8, 8, (3, 3), 1, 2, 13, 1),  # one band
    (8, 16, (3, 3), 1, 1, 101, 17),  # primes
    (8, 16, (3, 3), 1, 3, 62, 4),
    (4, 8, (5, 5), 1, 2, 23, 11),
    (8, 8, (3, 1), 1, 2, 97, 1),
    (8, 8, (3, 1), 2, 2, 53, 1),
    (8, 8, (3, 1), 2, 1, 1, 1),
]


@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize("image", IMAGES, ids=str)
def test_every_kernel_is_the_convolution(image: tuple, relu: bool) -> None:
    torch.manual_seed(0)
    n_in, n_out, taps_, dilation, *size = image
    weights = layer(n_in, n_out, taps_, dilation)
    x = torch.randn(size[0], n_in, *size[1:])
    settings = {"padding": weights.padding, "dilation": weights.dilation}
    wide = weights.weight.double(), weights.bias.double()
    expected = torch.nn.functional.conv2d(x.double(), *wide, **settings)
    expected = expected.relu() if relu else expected
    names = plan.candidates(weights, size[2])
    assert plan.DIRECT in names
    assert len(names) > 3
    for name in names:
        kernel = plan.build(name, weights, x.shape)
        error = DECIMALS.get(name, PRODUCTS) * expected.abs().max()
        found = kernel(x, relu, False)
        assert found.shape == expected.shape, name
        assert found.dtype == torch.float32
        torch.testing.assert_close(found.double(), expected, rtol=0, atol=float(error), msg=name)
        if min(size[1:]) > 1:
            halves = torch.nn.functional.avg_pool2d(expected, 2)
            found = kernel(x, relu, True)
            torch.testing.assert_close(found.double(), halves, rtol=0, atol=float(error), msg=name)


def test_strips_join_without_a_seam() -> None:
    torch.manual_seed(0)
    weights = layer(64, 64, (3, 3))
    x = torch.randn(3, 64, 301, 16)
    kernel = plan.build("4/4", weights, x.shape)
    tiles = 76 * 4
    assert tiles * 36 * 64 > STRIP_VALUES  # a clip takes more than one strip
    wide = weights.weight.double(), weights.bias.double()
    expected = torch.nn.functional.conv2d(x.double(), *wide, padding=1)
    error = (kernel(x, False, False) - expected).abs().max() / expected.abs().max()
    assert error < 2e-5


def test_strided_and_grouped_convolutions_have_one_kernel() -> None:
    weights = layer(8, 8, (3, 3))
    assert plan.candidates(weights._replace(stride=(2, 1)), 8) == (plan.DIRECT,)
    assert plan.candidates(weights._replace(groups=8), 8) == (plan.DIRECT,)
    assert plan.candidates(layer(8, 8, (1, 1)), 8) == (plan.DIRECT,)
