"""One product of matrices for each plane of an image, by the GEMM that is fast for its size.

    batched       many rows: all planes at once
    prepacked     fewer rows, where reading the weights counts: one by one, on prepacked weights
    row_by_row    few rows: one by one, on weights that lie as they are read

Each is given the matrices one after the other, so that no second set of them is ever held. Their
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

Gemm = Callable[[Iterable[Tensor], int, int], Multiply]
"""From matrices (taps, outputs, channels), their number, and the rows to be expected, to the
products."""

DOTS = 4
"""Rows up to which each output is best computed as a sum of its own."""


def batched(matrices: Iterable[Tensor], count: int, rows: int) -> Multiply:
    """Multiply all planes at once.

    Args:
        matrices: one for each plane, (taps, outputs, channels).
        count: number of planes.
        rows: not needed.
    """
    laid = _stacked((matrix.transpose(1, 2) for matrix in matrices), count)
    return partial(_batched, laid.flatten(1, 2))


def prepacked(matrices: Iterable[Tensor], count: int, rows: int) -> Multiply:
    """Multiply one plane after the other, on prepacked weights.

    Args:
        matrices: one for each plane, (taps, outputs, channels).
        count: not needed.
        rows: rows of a plane to be expected.
    """
    laid = (matrix.transpose(0, 1).flatten(1) for matrix in matrices)
    return partial(_prepacked, [onednn.pack_product(matrix, rows) for matrix in laid])


def row_by_row(matrices: Iterable[Tensor], count: int, rows: int) -> Multiply:
    """Multiply one plane after the other, on weights as they are.

    Args:
        matrices: one for each plane, (taps, outputs, channels).
        count: number of planes.
        rows: not needed.
    """
    laid = _stacked((matrix.transpose(0, 1) for matrix in matrices), count)
    return partial(_row_by_row, laid.flatten(2))


GEMMS: dict[str, Gemm] = {"": batched, " packed": prepacked, " rows": row_by_row}
"""By the end of a kernel's name."""


def _stacked(matrices: Iterable[Tensor], count: int) -> Tensor:
    waiting = iter(matrices)
    first = next(waiting)
    stacked = first.new_empty(count, *first.shape)
    stacked[0] = first
    for place, matrix in zip(stacked[1:], waiting, strict=True):
        place.copy_(matrix)
    return stacked


def _batched(matrices: Tensor, planes: Tensor, out: Tensor) -> None:
    torch.bmm(planes, matrices, out=out)


def _prepacked(matrices: list[Tensor], planes: Tensor, out: Tensor) -> None:
    for plane, matrix, place in zip(planes, matrices, out, strict=True):
        place.copy_(onednn.product(plane, matrix))


def _row_by_row(matrices: Tensor, planes: Tensor, out: Tensor) -> None:
    few = planes.shape[1] <= DOTS
    for plane, matrix, place in zip(planes, matrices, out, strict=True):
        if few:
            torch.mm(plane, matrix.T, out=place)
        else:
            place.copy_(torch.mm(matrix, plane.T).T)
