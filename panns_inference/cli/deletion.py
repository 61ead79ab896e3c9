"""`panns models delete`: downloaded weights make room."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

from ..checkpoints.removal import files_of, remove
from ..errors import UsageError
from ..registry import CHECKPOINTS, checkpoint_of

LOG = logging.getLogger("panns_inference")

YES = frozenset({"y", "yes"})
"""Answers that are a yes."""


def delete_weights(names: Sequence[str], is_sure: bool) -> int:
    """Delete the downloaded weights of some networks, and print how much room that makes.

    Args:
        names: of the networks.
        is_sure: whether there is no question before it.

    Returns:
        1 if nothing was deleted, else 0.

    Raises:
        UsageError: if no network is named, a question cannot be put, or the weights are those of
            the package.
        CheckpointError: if a file cannot be deleted.
    """
    chosen = {checkpoint.name: checkpoint for checkpoint in map(checkpoint_of, names)}
    if not chosen:
        here = [name for name, checkpoint in CHECKPOINTS.items() if any(files_of(checkpoint))]
        raise UsageError(f"name what to delete; downloaded: {', '.join(here) or 'nothing'}")
    if packaged := [name for name, checkpoint in chosen.items() if checkpoint.packaged]:
        raise UsageError(f"{packaged[0]} is a file of the package, and stays with it")
    files = [path for checkpoint in chosen.values() for path in files_of(checkpoint)]
    if not files:
        LOG.warning("nothing of %s is downloaded", ", ".join(chosen))
        return 1
    size = sum(path.lstat().st_size for path in files)
    if not is_sure and not _is_wanted("\n".join(map(str, files)), size):
        LOG.info("nothing was deleted")
        return 1
    freed = sum(map(remove, files))
    print(f"{freed / 1e6:.1f} MB freed")
    return 0


def _is_wanted(listing: str, size: int) -> bool:
    """Whether the answer to a question is yes."""
    if not sys.stdin.isatty():
        raise UsageError("--yes deletes without a question, for which there is no terminal here")
    question = f"{listing}\ndelete {size / 1e6:.1f} MB? [y/N] "
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().casefold() in YES
