"""`panns models digest`: what the table of published files would say of a file."""

from __future__ import annotations

import logging
from pathlib import Path

from ..checkpoints import CHECKPOINTS, Checkpoint, read_state, verify
from ..checkpoints.fit import fitting, not_finite
from ..checkpoints.registry import named
from ..errors import CheckpointError

LOG = logging.getLogger("panns_inference")


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
    """Lines on a file: what it is, and its row in the table.

    Args:
        path: a checkpoint.

    Raises:
        CheckpointError: if it holds no weights, or some that are not finite.
        OSError: if it cannot be read.
    """
    state = read_state(path)
    if problem := not_finite(state.items()):
        raise CheckpointError(f"{path} {problem}")
    names = list(fitting(state))
    published = named(path.name)
    name = published.name if published else next(iter(names), path.stem)
    found = verify(path, published or Checkpoint(name, None))
    precision = published.mean_average_precision if published else None
    row = f'Checkpoint("{name}", {precision}, {found.size:_}, "{found.md5}", "{found.sha256}")'
    known = next((c.file for c in CHECKPOINTS.values() if c.md5 == found.md5), "no published file")
    return [
        str(path),
        f"  size     {found.size:,} bytes",
        f"  md5      {found.md5}",
        f"  sha256   {found.sha256}",
        f"  fits     {', '.join(names) or 'no network of this package'}",
        f"  known    {known}",
        f"  row      {row}",
    ]
