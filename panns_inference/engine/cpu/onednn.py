"""The operators of oneDNN that torch keeps for itself: prepacked convolution and product.

They take plain tensors and need no compilation, but torch may rename or drop them in any release:
they are tried out once, and where they fail or give other numbers, nothing here is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial

import torch
from torch import Tensor
from torch.nn import functional

Pair = tuple[int, int]

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "none": lambda x: x,
    "relu": torch.relu_,
    "hardswish": partial(functional.hardswish, inplace=True),
}
"""What may follow a convolution, by the names of oneDNN, for an image that it may overwrite."""

LINEAR_ABOVE_ZERO = frozenset({"none", "relu"})
"""Activations of which a quarter of the value is the value of a quarter."""


def pack_convolution(
    weight: Tensor, padding: Pair, dilation: Pair, stride: Pair, groups: int, size: Sequence[int]
) -> Tensor:
    """The weight of a convolution as the operator wants it; opaque.

    Args:
        weight: (out_channels, in_channels / groups, height, width).
        padding: zeros on each side.
        dilation: distance of the taps.
        stride: step between outputs.
        groups: groups of channels.
        size: shape of the inputs that are to be expected; others work too.
    """
    packed: Tensor = torch.ops.mkldnn._reorder_convolution_weight(
        weight, padding, stride, dilation, groups, size
    )
    return packed


def convolve(
    x: Tensor,
    packed: Tensor,
    bias: Tensor | None,
    padding: Pair,
    dilation: Pair,
    stride: Pair,
    groups: int,
    activation: str,
) -> Tensor:
    """A convolution with its bias and activation, channels last.

    Args:
        x: (batch, in_channels, height, width).
        packed: from `pack_convolution`.
        bias: (out_channels,).
        padding: zeros on each side.
        dilation: distance of the taps.
        stride: step between outputs.
        groups: groups of channels.
        activation: one of `ACTIVATIONS`.
    """
    y: Tensor = torch.ops.mkldnn._convolution_pointwise(
        x, packed, bias, padding, stride, dilation, groups, activation, [], ""
    )
    return y


def pack_product(weight: Tensor, rows: int) -> Tensor:
    """The right side of a product as the operator wants it; opaque.

    Args:
        weight: (outputs, inputs).
        rows: rows of the left side that are to be expected; others work too.
    """
    packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight, rows)
    return packed


def product(x: Tensor, packed: Tensor) -> Tensor:
    """`x @ weight.T`, (rows, outputs).

    Args:
        x: (rows, inputs).
        packed: from `pack_product`.
    """
    y: Tensor = torch.ops.mkldnn._linear_pointwise(x, packed, None, "none", [], "")
    return y


@lru_cache(maxsize=1)
def available() -> bool:
    """Whether the operators are there and compute what they should."""
    x = torch.arange(2 * 3 * 5 * 4, dtype=torch.float32).reshape(2, 3, 5, 4) / 60 - 1
    weight = torch.arange(8 * 3 * 3 * 3, dtype=torch.float32).reshape(8, 3, 3, 3) / 108 - 1
    bias = torch.arange(8, dtype=torch.float32)
    same = ((1, 1), (1, 1), (1, 1), 1)
    last = x.contiguous(memory_format=torch.channels_last)
    try:
        with torch.no_grad():
            packed = pack_convolution(weight, *same, x.shape)
            convolved = [convolve(last, packed, bias, *same, name) for name in ACTIVATIONS]
            multiplied = product(x[0, 0], pack_product(weight[:, 0, 0].repeat(1, 2)[:, :4], 5))
    # What an operator of another release raises is not known.
    except Exception:
        return False
    linear = functional.conv2d(x, weight, bias, padding=1)
    expected = [activation(linear.clone()) for activation in ACTIVATIONS.values()]
    return torch.allclose(
        torch.stack(convolved), torch.stack(expected), atol=1e-4
    ) and torch.allclose(multiplied, x[0, 0] @ weight[:, 0, 0].repeat(1, 2)[:, :4].T, atol=1e-4)


@lru_cache(maxsize=1)
def has_bf16() -> bool:
    """Whether the processor multiplies bfloat16 itself: AVX512-BF16 or AMX."""
    found: Mapping[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(found.get(name) for name in ("avx512_bf16", "amx_bf16"))
