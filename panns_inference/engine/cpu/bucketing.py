"""Images padded to few lengths: oneDNN compiles a kernel for every shape, and keeps a thousand.

Recordings of any length would fill that cache with a hundred megabytes for each network, none of
which is freed with the network, and what is allocated between them keeps several times as much
from being returned to the system. So a convolution is computed for the upper end of the bucket that
a length falls into. What is added behind the end of the image is zero, as all padding is:

    image      |-------------------|
    padded     |-------------------|0 0 0 0|
    its output |-------------------|. . . .|    cropped; what is cropped pads the next layer

The padded image stays with the image as an attribute, so that layers in a row copy nothing.
Whatever drops the attribute makes the next convolution copy its input, and changes no result.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

BUCKETS_OF_AN_OCTAVE = 32
"""Buckets between a length and its double: 1.5 percent are computed in vain on average."""


def bucket(length: int) -> int:
    """The largest length of the bucket that a length falls into.

    Args:
        length: any; up to twice the buckets of an octave, each has one of its own.
    """
    step = 1 << max(0, length.bit_length() - BUCKETS_OF_AN_OCTAVE.bit_length())
    return -(-length // step) * step


def axis_of_time(x: Tensor) -> int:
    """The axis that may have any length: 2, or 3 in a line, which is an image of one row.

    Args:
        x: (batch, channels, time, bands), or (batch, channels, 1, time).
    """
    whole = padded_of(x)
    if whole is not None:
        return 2 if whole.shape[2] > x.shape[2] else 3
    return 3 if x.shape[2] == 1 else 2


def padded(x: Tensor) -> Tensor:
    """The image with zeros behind its end, as long as its bucket, channels last in memory.

    Args:
        x: (batch, channels, time, bands), or (batch, channels, 1, time).
    """
    whole, axis = padded_of(x), axis_of_time(x)
    length = x.shape[axis]
    if whole is None:
        if bucket(length) == length:
            return x.contiguous(memory_format=torch.channels_last)
        whole = _empty(x.shape, axis, x.dtype)
        whole.narrow(axis, 0, length).copy_(x)
    whole.narrow(axis, length, whole.shape[axis] - length).zero_()
    return whole.contiguous(memory_format=torch.channels_last)


def empty(size: Sequence[int], axis: int, dtype: torch.dtype) -> Tensor:
    """Return an image of any values, channels last in memory, cropped from one of its bucket.

    Args:
        size: (batch, channels, time, bands), or (batch, channels, 1, time).
        axis: that of time.
        dtype: of the values.
    """
    return cropped(_empty(size, axis, dtype), axis, size[axis])


def cropped(whole: Tensor, axis: int, length: int) -> Tensor:
    """The beginning of a padded image, which keeps the whole for the next layer.

    Short ones do not: each length has a bucket of its own, and what it would save takes longer.

    Args:
        whole: (batch, channels, time, bands), with anything behind the end.
        axis: that of time.
        length: of what belongs to the recording.
    """
    if whole.shape[axis] == length:
        return whole
    image = whole.narrow(axis, 0, length)
    if length > 2 * BUCKETS_OF_AN_OCTAVE:
        image.padded = whole  # type: ignore[attr-defined]
    return image


def padded_of(x: Tensor) -> Tensor | None:
    """What an image was cropped from, with anything behind the end; None if it was not.

    Args:
        x: any image, (batch, channels, time, bands).
    """
    return getattr(x, "padded", None)


def viewed(view: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Another view of an image, and of what it was cropped from.

    Args:
        view: does not touch the axis of time.
        x: any image, (batch, channels, time, bands).
    """
    image, whole = view(x), padded_of(x)
    if whole is not None:
        image.padded = view(whole)  # type: ignore[attr-defined]
    return image


def pooled(pool: Callable[[Tensor], Tensor], x: Tensor, size: int, padding: int = 0) -> Tensor:
    """The averages or maxima of an image, and of what it was cropped from.

    Args:
        pool: of windows of `size`, which do not overlap; an incomplete one is dropped.
        x: any image, (batch, channels, time, bands).
        size: length of the windows along time.
        padding: values that the first window lacks, and the last; averages have none.
    """
    whole = padded_of(x)
    if whole is None:
        return pool(x)
    axis = axis_of_time(x)
    length = x.shape[axis]
    if padding:
        # No pool that is kept extends farther than this.
        whole.narrow(axis, length, min(padding, whole.shape[axis] - length)).fill_(-math.inf)
    return cropped(pool(whole), axis, (length + 2 * padding - size) // size + 1)


def _empty(size: Sequence[int], axis: int, dtype: torch.dtype) -> Tensor:
    longer = (*size[:axis], bucket(size[axis]), *size[axis + 1 :])
    return torch.empty(longer, dtype=dtype, memory_format=torch.channels_last)
