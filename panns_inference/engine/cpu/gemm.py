"""One product of matrices for each plane of an image, in the way that is fast for its size.

    together     many rows: all planes at once
    packed       fewer rows, where reading the weights counts: one by one, on prepacked weights
    in_rows      few rows: one by one, on weights that lie as they are read

A way is given the matrices one after the other, so that no second set of them is ever held. Their
inputs are the taps that are left to the product, and the channels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import torch
from torch import Tensor

from . import onednn

Multiply = Callable[[Tensor, Tensor], None]
"""`multiply(planes, out)`: (planes, rows, inputs) -> (planes, rows, outputs)."""

Way = Callable[[Iterable[Tensor], int, int], Multiply]
"""From matrices (taps, outputs, channels), their number, and the rows to be expected, to the
products."""

DOTS = 4
"""Rows up to which each output is best computed as a sum of its own."""


def together(matrices: Iterable[Tensor], count: int, rows: int) -> Multiply:
    """All planes at once.

    Args:
        matrices: one for each plane, (taps, outputs, channels).
        count: number of planes.
        rows: not needed.
    """
    laid = _stacked((matrix.transpose(1, 2) for matrix in matrices), count)
    return partial(_together, laid.flatten(1, 2))


def packed(matrices: Iterable[Tensor], count: int, rows: int) -> Multiply:
    """One by one, on prepacked weights.

    Args:
        matrices: one for each plane, (taps, outputs, channels).
        count: not needed.
        rows: rows of a plane to be expected.
    """
    laid = (matrix.transpose(0, 1).flatten(1) for matrix in matrices)
    return partial(_packed, [onednn.pack_product(matrix, rows) for matrix in laid])


def in_rows(matrices: Iterable[Tensor], count: int, rows: int) -> Multiply:
    """One by one, on weights as they are.

    Args:
        matrices: one for each plane, (taps, outputs, channels).
        count: number of planes.
        rows: not needed.
    """
    laid = _stacked((matrix.transpose(0, 1) for matrix in matrices), count)
    return partial(_in_rows, laid.flatten(2))


WAYS: dict[str, Way] = {"": together, " packed": packed, " rows": in_rows}
"""By the end of a kernel's name."""


def _stacked(matrices: Iterable[Tensor], count: int) -> Tensor:
    waiting = iter(matrices)
    first = next(waiting)
    stacked = first.new_empty(count, *first.shape)
    stacked[0] = first
    for place, matrix in zip(stacked[1:], waiting, strict=True):
        place.copy_(matrix)
    return stacked


def _together(matrices: Tensor, planes: Tensor, out: Tensor) -> None:
    torch.bmm(planes, matrices, out=out)


def _packed(matrices: list[Tensor], planes: Tensor, out: Tensor) -> None:
    for plane, matrix, place in zip(planes, matrices, out, strict=True):
        place.copy_(onednn.product(plane, matrix))


def _in_rows(matrices: Tensor, planes: Tensor, out: Tensor) -> None:
    few = planes.shape[1] <= DOTS
    for plane, matrix, place in zip(planes, matrices, out, strict=True):
        if few:
            torch.mm(plane, matrix.T, out=place)
        else:
            place.copy_(torch.mm(matrix, plane.T).T)
