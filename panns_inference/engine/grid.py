"""Where a recording may be cut for a network, and how much it must see besides."""

from __future__ import annotations

from ..models import Network
from .engine import Grid
from .reach import field_of


def grid_of(network: Network) -> Grid:
    """Grid and halo of a network.

    A segment depends on the samples `first` to `last`, counted from its beginning. Where a chunk
    is cut, zeros and mirrored samples stand in the place of the recording: what would see them
    lies in the halo, and is dropped.

    Args:
        network: any network of `models`.
    """
    stride, first, last = field_of(network)
    return Grid(stride, _segments(-first, stride), _segments(last + 1 - stride, stride))


def _segments(n_samples: int, stride: int) -> int:
    return max(0, -(-n_samples // stride))
