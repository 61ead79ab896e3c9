"""`panns models digest`: what the table of networks would hold for a file of weights."""

from __future__ import annotations

import logging
from pathlib import Path

from ..checkpoints import CHECKPOINTS, Checkpoint, read_state, verify
from ..checkpoints.matching import matching_networks, not_finite
from ..errors import CheckpointError
from ..registry import Source, checkpoint_named

LOG = logging.getLogger("panns_inference")

UNKNOWN = Source("", "not known")
"""The source of a file that was not published."""


def print_digests(files: list[str]) -> int:
    """Print size, checksums and networks of some files; 1 if one holds no weights.

    Args:
        files: paths of checkpoints.
    """
    status = 0
    for file in files:
        try:
            print("\n".join(described(Path(file))))
        except (CheckpointError, OSError) as error:
            LOG.error("error: %s", error)
            status = 1
    return status


def described(path: Path) -> list[str]:
    """Return lines on a file: what it is, and its cells from `file` on in the table of networks.

    Args:
        path: a checkpoint.

    Raises:
        CheckpointError: if it holds no weights, or some that are not finite.
        OSError: if it cannot be read.
    """
    state = read_state(path)
    if problem := not_finite(state.items()):
        raise CheckpointError(f"{path} {problem}")
    names = list(matching_networks(state))
    published = checkpoint_named(path.name)
    name = published.name if published else next(iter(names), path.stem)
    found = verify(path, published or Checkpoint(name, path.name, UNKNOWN))
    precision = published and published.mean_average_precision
    cells = (path.name, "" if precision is None else f"{precision:.3f}", found.size, found.md5)
    known = next((c.file for c in CHECKPOINTS.values() if c.md5 == found.md5), "no published file")
    return [
        str(path),
        f"  size     {found.size:,} bytes",
        f"  md5      {found.md5}",
        f"  sha256   {found.sha256}",
        f"  fits     {', '.join(names) or 'no network of this package'}",
        f"  known    {known}",
        f"  row      {','.join(map(str, (*cells, found.sha256)))}",
    ]
