"""The windows that are nearest to a direction: exact, in one pass, in bounded memory.

block --cosine--> candidates --those of finished recordings--> the best, none over another
                      |                                              |
                      '--those of the last one wait for its end      '--> the least similarity
                                                                          that still counts
"""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .windows import Block

FOUND = np.dtype([("recording", "i8"), ("onset", "f8"), ("offset", "f8"), ("similarity", "f4")])
"""What is known of a window that was found."""

Found = NDArray[Any]
"""Windows that were found, (n,) of `FOUND`."""


def nearest(
    direction: NDArray[np.float32],
    blocks: Iterable[Block],
    top: int | None,
    min_similarity: float = -1.0,
    *,
    all_windows: bool = False,
) -> Found:
    """Return the windows whose embeddings have the largest cosines with a direction.

    Args:
        direction: of any length above 0, (size,).
        blocks: the windows.
        top: how many at most; None is all.
        min_similarity: smallest cosine.
        all_windows: whether windows of one recording that overlap are all found; else only the
            nearest of them is, and then again of those that do not overlap it.

    Returns:
        The nearest first; of equal ones, the one that comes first in the blocks. Vectors of zeros
        are none of them.
    """
    unit = (direction / np.linalg.norm(direction)).astype(np.float32)
    hits, waiting, last = np.empty(0, FOUND), [np.empty(0, FOUND)], -1
    for block in blocks:
        similarity = cosines(block.vectors, unit)
        is_enough = similarity >= min_similarity
        # Zeros are silence. To look at these alone takes no time.
        may_be_silence = np.flatnonzero(similarity == 0)
        is_enough[may_be_silence] &= block.vectors[may_be_silence].any(axis=1)
        if top is not None and len(hits) == top:
            is_enough &= similarity > hits["similarity"].min(initial=np.inf)
        found = _found(block, similarity, is_enough)
        # What a window of the next block overlaps is known then.
        waits = (found["recording"] == block.recordings[-1]) & (not all_windows)
        if last != (last := block.recordings[-1]) or all_windows:
            hits = best(np.concatenate([hits, *waiting, found[~waits]]), top, all_windows)
            waiting.clear()
        waiting.append(found[waits])
    return best(np.concatenate([hits, *waiting]), top, all_windows)


def cosines(vectors: NDArray[np.float32], unit: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the cosines between vectors and a direction, (n,); of a vector of zeros it is 0.

    Args:
        vectors: (n, size).
        unit: the direction, of length 1, (size,).
    """
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    found: NDArray[np.float32] = vectors @ unit / np.maximum(lengths, np.finfo(np.float32).tiny)
    return found


def _found(block: Block, similarity: NDArray[np.float32], where: NDArray[np.bool_]) -> Found:
    found: Found = np.empty(np.count_nonzero(where), FOUND)
    columns: tuple[NDArray[Any], ...] = (*block[:3], similarity)
    for name, column in zip(FOUND.names or (), columns, strict=True):
        found[name] = column[where]
    return found


def best(found: Found, top: int | None, all_windows: bool) -> Found:
    """Return the nearest windows in their order.

    Args:
        found: in any order.
        top: as for `nearest`.
        all_windows: as for `nearest`.
    """
    order = np.argsort(-found["similarity"], kind="stable")
    if not all_windows:
        order = order[_apart(found[order], top)]
    return found[order[:top]]


def _apart(found: Found, top: int | None) -> list[int]:
    """The places of windows that overlap none before them, as many as are wanted."""
    chosen: list[int] = []
    spans: defaultdict[int, list[tuple[float, float]]] = defaultdict(list)
    for place, (recording, onset, offset, _) in enumerate(found.tolist()):
        if len(chosen) == top:
            break
        of_recording = spans[recording]
        at = bisect(of_recording, (onset, offset))
        is_behind = at == 0 or of_recording[at - 1][1] <= onset
        is_before = at == len(of_recording) or offset <= of_recording[at][0]
        if is_behind and is_before:
            of_recording.insert(at, (onset, offset))
            chosen.append(place)
    return chosen
