"""Images in pieces that stay in the cache: a few clips at a time, or a few frames of a clip."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Step = Callable[[Tensor], Tensor]
"""What a block or a layer does to an image, (batch, channels, time, bands)."""

PIECE_VALUES = 4_200_000
"""Values of the widest image of a clip that a block works on at a time."""

CLIPS_VALUES = 1_100_000
"""The same for several clips: together they share the reading of weights, but less cache."""

REACH = 2
"""Frames on either side that a block of two 3 x 3 convolutions sees, or of one 5 x 5."""


def in_pieces(block: Step, x: Tensor, width: int, pool: int) -> Tensor:
    """What a block gives, computed a few clips at a time, or a few frames of a clip.

    The images between its layers are the largest of a network: in pieces they stay in the cache,
    and a batch takes no more memory than a clip.

    Args:
        block: sees `REACH` frames on either side, and shortens time by `pool`.
        x: (batch, channels, time, bands).
        width: channels inside the block.
        pool: factor by which the block shortens time.
    """
    batch, _, n_frames, bands = x.shape
    frames = PIECE_VALUES // (width * bands)
    if not batch or frames >= n_frames:
        clips = max(1, CLIPS_VALUES // (width * bands * max(1, n_frames)))
        return joined([block(part) for part in torch.split(x, clips)])
    frames, reach = max(64, frames) // pool * pool, -(-REACH // pool) * pool
    rows = []
    for clip in torch.split(x, 1):
        pieces = []
        for start in range(0, n_frames // pool * pool, frames):
            first, stop = max(0, start - reach), min(n_frames, start + frames + reach)
            y, skipped = block(clip[:, :, first:stop]), (start - first) // pool
            pieces.append(y[:, :, skipped : skipped + frames // pool])
        rows.append(torch.cat(pieces, dim=2))
    return joined(rows)


def joined(clips: list[Tensor]) -> Tensor:
    """Clips behind each other, without a copy of a single one.

    Args:
        clips: (batch, channels, time, bands) each.
    """
    return clips[0] if len(clips) == 1 else torch.cat(clips)
