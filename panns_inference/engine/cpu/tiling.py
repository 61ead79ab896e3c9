"""Images in pieces that stay in the cache: a few clips at a time, or a part of a clip."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import NamedTuple

import torch
from torch import Tensor

from .bucketing import bucket, cropped, empty, padded_of, viewed

Step = Callable[[Tensor], Tensor]
"""What a block or a layer does to an image, (batch, channels, time, bands)."""

PIECE_VALUES = 4_200_000
"""Values of the widest image of a clip that a block works on at a time."""

CLIPS_VALUES = 1_100_000
"""The same for several clips: together they share the reading of weights, but less cache."""


class Sight(NamedTuple):
    """How a block sees along time.

    Attributes:
        axis: that of time: 2 in an image, 3 in a line.
        pool: factor by which the block shortens time.
        reach: what it sees on either side of that.
    """

    axis: int
    pool: int
    reach: int


def in_pieces(block: Step, x: Tensor, width: int, sight: Sight) -> Tensor:
    """What a block gives, computed a few clips at a time, or a part of a clip.

    The images between its layers are the largest of a network: in pieces they stay in the cache,
    no memory has to be asked from the system for them, and a batch takes no more than a clip.

    Args:
        block: shortens time as it says; what is left over at the end may give a value or none.
        x: (batch, channels, time, bands), or (batch, channels, 1, time).
        width: channels inside the block, for each row or sample that it is given.
        sight: of the block.
    """
    axis, pool, reach = sight
    batch, length = x.shape[0], x.shape[axis]
    values = width * x[:1, 0].numel()
    size = PIECE_VALUES * length // max(1, values)
    if not batch or size >= length:
        clips = max(1, CLIPS_VALUES // max(1, values))
        parts = torch.split(x, clips) if batch > clips else (x,)
        return joined([block(part) for part in parts])
    reach = -(-reach // pool) * pool
    size = bucket(max(64, size) // pool * pool + 2 * reach)
    each = [viewed(itemgetter(slice(k, k + 1)), x) for k in range(batch)]
    return joined([_joined_pieces(block, clip, size, reach, sight) for clip in each])


def _joined_pieces(block: Step, clip: Tensor, size: int, reach: int, sight: Sight) -> Tensor:
    """What a block gives for a clip; pieces of it are `size` long, but for the last."""
    axis, pool, _ = sight
    length, start, found = clip.shape[axis], 0, []
    padded = padded_of(clip)
    whole = clip if padded is None else padded
    while start < length:
        first = max(0, start - reach)
        stop = min(whole.shape[axis], first + size)
        end = length if stop >= length else (stop - reach) // pool * pool
        part = whole.narrow(axis, first, stop - first)
        y, skipped = block(cropped(part, axis, min(stop, length) - first)), (start - first) // pool
        kept = (end - start) // pool if end < length else y.shape[axis] - skipped
        found.append(y.narrow(axis, skipped, kept))
        start = end
    sizes = list(found[0].shape)
    sizes[axis] = sum(part.shape[axis] for part in found)
    image = empty(sizes, axis, clip.dtype)
    torch.cat(found, dim=axis, out=image)
    return image


def joined(clips: list[Tensor]) -> Tensor:
    """Clips behind each other, without a copy of a single one.

    Args:
        clips: (batch, channels, time, bands) each.
    """
    return clips[0] if len(clips) == 1 else torch.cat(clips)
