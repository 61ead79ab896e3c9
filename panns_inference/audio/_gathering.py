"""Frames of a codec become larger pieces: they are so short that each step for one costs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ._pieces import Piece, Remark

LARGE = 1 << 15
"""Values (samples times channels) of a piece that no other is joined to."""


def gathered(pieces: Iterator[Piece | Remark]) -> Iterator[Piece | Remark]:
    """The same samples in fewer pieces; remarks come before what is gathered.

    Args:
        pieces: those of a decoder.
    """
    held: list[Piece] = []
    n_held = 0
    for piece in pieces:
        if isinstance(piece, Remark):
            yield piece
            continue
        if held and (n_held >= LARGE or not _alike(held[0], piece)):
            yield _joined(held)
            held, n_held = [], 0
        held.append(piece)
        n_held += piece.samples.size
    if held:
        yield _joined(held)


def _alike(one: Piece, other: Piece) -> bool:
    """Whether two pieces have the same rate and number of channels."""
    return (one.sample_rate, one.samples.shape[1]) == (other.sample_rate, other.samples.shape[1])


def _joined(pieces: list[Piece]) -> Piece:
    return Piece(pieces[0].sample_rate, np.concatenate([piece.samples for piece in pieces]))
