"""Images in tiles that stay in the cache: a few clips at a time, or some of the time of a clip."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import NamedTuple

import torch
from torch import Tensor

from .bucketing import bucket, cropped, empty, padded_of, viewed

Layer = Callable[[Tensor], Tensor]
"""From image to image, by a layer or by a block of them, (batch, channels, time, bands)."""

TILE_VALUES = 4_200_000
"""Values of the widest image of a clip that a block works on at a time."""

CLIPS_VALUES = 1_100_000
"""The same for several clips, which share the reading of weights, but less cache."""


class Extent(NamedTuple):
    """How far a block extends along time.

    Attributes:
        axis: that of time: 2 in an image, 3 in a line.
        pool: factor by which the block shortens time.
        halo: elements of its input on either side that an output depends on.
    """

    axis: int
    pool: int
    halo: int


def tiled(block: Layer, x: Tensor, width: int, extent: Extent) -> Tensor:
    """Return the output of a block, computed a few clips at a time, or some of the time of a clip.

    The images between its layers are the largest of a network: in tiles they stay in the cache,
    the system need not give memory for them, and a batch takes no more than a clip.

    Args:
        block: shortens time as it says; what is left over at the end may give a value or none.
        x: (batch, channels, time, bands), or (batch, channels, 1, time).
        width: channels inside the block, for each row or sample that it is given.
        extent: of the block.
    """
    axis, pool, halo = extent
    batch, length = x.shape[0], x.shape[axis]
    values = width * x[:1, 0].numel()
    size = TILE_VALUES * length // max(1, values)
    if not batch or size >= length:
        clips = max(1, CLIPS_VALUES // max(1, values))
        groups = torch.split(x, clips) if batch > clips else (x,)
        return joined([block(group) for group in groups])
    halo = -(-halo // pool) * pool
    size = bucket(max(64, size) // pool * pool + 2 * halo)
    each = [viewed(itemgetter(slice(k, k + 1)), x) for k in range(batch)]
    return joined([_joined_tiles(block, clip, size, halo, extent) for clip in each])


def _joined_tiles(block: Layer, clip: Tensor, size: int, halo: int, extent: Extent) -> Tensor:
    """Return the output of a block for a clip; its tiles are `size` long, but for the last."""
    axis, pool, _ = extent
    length, start, found = clip.shape[axis], 0, []
    padded = padded_of(clip)
    whole = clip if padded is None else padded
    while start < length:
        first = max(0, start - halo)
        stop = min(whole.shape[axis], first + size)
        end = length if stop >= length else (stop - halo) // pool * pool
        tile = whole.narrow(axis, first, stop - first)
        y, skipped = block(cropped(tile, axis, min(stop, length) - first)), (start - first) // pool
        kept = (end - start) // pool if end < length else y.shape[axis] - skipped
        found.append(y.narrow(axis, skipped, kept))
        start = end
    sizes = list(found[0].shape)
    sizes[axis] = sum(tile.shape[axis] for tile in found)
    image = empty(sizes, axis, clip.dtype)
    torch.cat(found, dim=axis, out=image)
    return image


def joined(clips: list[Tensor]) -> Tensor:
    """Return clips behind each other, without a copy of a single one.

    Args:
        clips: (batch, channels, time, bands) each.
    """
    return clips[0] if len(clips) == 1 else torch.cat(clips)
