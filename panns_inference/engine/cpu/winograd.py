"""Convolution along one axis as products: the matrices of its bilinear algorithms.

A patch of `outputs` values of a convolution with `r` taps is

    y = back @ ((kernel @ w) * (into @ x))

where `x` are the inputs that the patch sees, and the product in the middle becomes a product of
matrices when there are channels: one for each *plane*, a row of `into`.

| name       | planes | outputs | for                                                     |
|------------|--------|---------|---------------------------------------------------------|
| `winograd` | m+r-1  | m       | any axis: (m + r - 1) / m products an output, not r     |
| `taps`     | 1      | 1       | any axis: the taps are stacked as further channels      |
| `pair`     | 3      | 2       | an axis of two values, whose neighbours are zeros       |
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import torch
from torch import Tensor

FEW_POINTS = (Fraction(0), Fraction(1), Fraction(-1))

MANY_POINTS = (
    Fraction(0),
    *(sign * size for size in (Fraction(5, 8), Fraction(3, 2)) for sign in (1, -1)),
)
"""Where polynomials are evaluated; infinity is one more. For many, of all that were tried those
with the smallest error: half of that of 0, 1, -1, 2, -2."""


@dataclass(frozen=True)
class Transform:
    """A bilinear algorithm for one axis, in float64.

    Attributes:
        into: from the inputs of a patch to its planes, (planes, inputs).
        kernel: from the weights to the planes, (planes, taps, r).
        back: from the planes to the outputs, (outputs, planes).
        margin: zeros in front of the axis that the first patch sees.
    """

    into: Tensor
    kernel: Tensor
    back: Tensor
    margin: int

    @property
    def outputs(self) -> int:
        """Outputs of a patch."""
        return self.back.shape[0]

    @property
    def inputs(self) -> int:
        """Inputs of a patch, without those that `taps` adds."""
        return self.into.shape[1]

    @property
    def taps(self) -> int:
        """Taps that are left to the product, as further channels."""
        return self.kernel.shape[1]


@lru_cache
def winograd(outputs: int, r: int) -> Transform:
    """The algorithm of Cook, Toom and Winograd, F(outputs, r).

    Args:
        outputs: outputs of a patch.
        r: taps of the convolution, odd.
    """
    n_points = outputs + r - 2
    points = (FEW_POINTS if n_points <= len(FEW_POINTS) else MANY_POINTS)[:n_points]
    others = [[q for q in points if q != p] for p in points]
    into = [[*_polynomial(roots), Fraction(0)] for roots in others] + [_polynomial(points)]
    scales = [_product(p - q for q in roots) for p, roots in zip(points, others, strict=True)]
    kernel = [[p**k / s for k in range(r)] for p, s in zip(points, scales, strict=True)]
    kernel.append([Fraction(int(k == r - 1)) for k in range(r)])
    back = [[*(p**i for p in points), Fraction(int(i == outputs - 1))] for i in range(outputs)]
    return Transform(_matrix(into), _matrix(kernel)[:, None], _matrix(back), r // 2)


@lru_cache
def taps(r: int) -> Transform:
    """The convolution itself: its taps become channels.

    Args:
        r: taps of the convolution, odd.
    """
    one = torch.ones(1, 1, dtype=torch.float64)
    return Transform(one, torch.eye(r, dtype=torch.float64)[None], one, r // 2)


@lru_cache
def pair() -> Transform:
    """Three taps on two values between zeros: three products, where the taps take four.

    y0 = w1 (x0 + x1) + (w2 - w1) x1 and y1 = w1 (x0 + x1) + (w0 - w1) x0.
    """
    into = torch.tensor([[1, 1], [0, 1], [1, 0]], dtype=torch.float64)
    kernel = torch.tensor([[0, 1, 0], [0, -1, 1], [1, -1, 0]], dtype=torch.float64)
    back = torch.tensor([[1, 1, 0], [1, 0, 1]], dtype=torch.float64)
    return Transform(into, kernel[:, None], back, 0)


def _polynomial(roots: Sequence[Fraction]) -> list[Fraction]:
    """Coefficients of the product of (x - root), the constant first."""
    coefficients = [Fraction(1)]
    for root in roots:
        raised, scaled = [Fraction(0), *coefficients], [root * c for c in coefficients]
        coefficients = [a - b for a, b in zip(raised, [*scaled, Fraction(0)], strict=True)]
    return coefficients


def _product(factors: Iterable[Fraction]) -> Fraction:
    product = Fraction(1)
    for factor in factors:
        product *= factor
    return product


def _matrix(rows: Sequence[Sequence[Fraction]]) -> Tensor:
    return torch.tensor([[float(value) for value in row] for row in rows], dtype=torch.float64)
