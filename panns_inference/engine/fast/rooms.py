"""Images in few lengths: oneDNN compiles a kernel for every shape, and keeps a thousand of them.

Recordings of any length would fill that cache with a hundred megabytes for each network, none of
which is freed with the network, and what is allocated between them keeps several times as much
from being returned to the system. So a convolution is computed for a length of a short list, with
zeros behind the end of the image, which is what stands behind it anyway:

    image      |-------------------|
    room       |-------------------|0 0 0 0|
    its output |-------------------|. . . .|    the end is cut off, and remains the room of the next

The room stays with the image as an attribute, so that layers in a row copy nothing. Whatever drops
the attribute makes the next convolution copy its input, and changes no result.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

SIZES_OF_AN_OCTAVE = 32
"""Lengths between one and the double of it: 1.5 percent are computed in vain on average."""


def rounded(length: int) -> int:
    """The next length of the list.

    Args:
        length: any; up to twice the sizes of an octave, all are in the list.
    """
    step = 1 << max(0, length.bit_length() - SIZES_OF_AN_OCTAVE.bit_length())
    return -(-length // step) * step


def axis_of_time(x: Tensor) -> int:
    """The axis that may have any length: that of a line, which is an image of one row, is the last.

    Args:
        x: (batch, channels, time, bands), or (batch, channels, 1, time).
    """
    room = room_of(x)
    if room is not None:
        return 2 if room.shape[2] > x.shape[2] else 3
    return 3 if x.shape[2] == 1 else 2


def with_room(x: Tensor) -> Tensor:
    """The image with zeros behind its end, in a length of the list, channels last in memory.

    Args:
        x: (batch, channels, time, bands), or (batch, channels, 1, time).
    """
    axis = axis_of_time(x)
    length, image = x.shape[axis], x
    if room_of(x) is None and rounded(length) > length:
        image = empty(x.shape, axis, x.dtype).copy_(x)
    room = room_of(image)
    if room is None:
        return x.contiguous(memory_format=torch.channels_last)
    room.narrow(axis, length, room.shape[axis] - length).zero_()
    return room.contiguous(memory_format=torch.channels_last)


def empty(size: Sequence[int], axis: int, dtype: torch.dtype) -> Tensor:
    """An image of any content, with room up to a length of the list, channels last in memory.

    Args:
        size: (batch, channels, time, bands), or (batch, channels, 1, time).
        axis: that of time.
        dtype: of the values.
    """
    longer = (*size[:axis], rounded(size[axis]), *size[axis + 1 :])
    room = torch.empty(longer, dtype=dtype, memory_format=torch.channels_last)
    return within(room, axis, size[axis])


def within(room: Tensor, axis: int, length: int) -> Tensor:
    """The beginning of an image, which remembers the rest as its room.

    Args:
        room: (batch, channels, time, bands), with anything behind the end.
        axis: that of time.
        length: what belongs to the recording.
    """
    if room.shape[axis] == length:
        return room
    image = room.narrow(axis, 0, length)
    image.room = room  # type: ignore[attr-defined]
    return image


def room_of(x: Tensor) -> Tensor | None:
    """What an image is the beginning of; None if it has no room.

    Args:
        x: any image, (batch, channels, time, bands).
    """
    return getattr(x, "room", None)


def viewed(view: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Another view of an image, and of its room.

    Args:
        view: does not touch the axis of time.
        x: any image, (batch, channels, time, bands).
    """
    image, room = view(x), room_of(x)
    if room is not None:
        image.room = view(room)  # type: ignore[attr-defined]
    return image


def pooled(pool: Callable[[Tensor], Tensor], x: Tensor, size: int, padding: int = 0) -> Tensor:
    """The averages or maxima of an image, and of its room.

    Args:
        pool: of windows of `size`, which do not overlap; an incomplete one is dropped.
        x: any image, (batch, channels, time, bands).
        size: length of the windows along time.
        padding: values that the first window lacks, and the last; averages have none.
    """
    axis, room = axis_of_time(x), room_of(x)
    if room is None:
        return pool(x)
    length = x.shape[axis]
    if padding:
        room.narrow(axis, length, room.shape[axis] - length).fill_(-math.inf)
    return within(pool(room), axis, (length + 2 * padding - size) // size + 1)
