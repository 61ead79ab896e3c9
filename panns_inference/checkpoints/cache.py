"""Where a published file lies on this machine, and where it is downloaded to."""

from __future__ import annotations

import os.path
from pathlib import Path

from .. import settings
from .registry import Checkpoint

LEGACY = "~/panns_data"
"""Folder of panns-inference 0.1: its files are used wherever the cache is."""


def cached(checkpoint: Checkpoint) -> Path | None:
    """Path of a file that is here already, under any of its names; None if there is none.

    An empty file counts for nothing: panns-inference 0.1 leaves one when its download fails.

    Args:
        checkpoint: what is looked for.
    """
    # Not Path.expanduser, which fails for a user without a home.
    folders = (settings.cache_folder(), Path(os.path.expanduser(LEGACY)))
    paths = (f / name for f in folders for name in (checkpoint.file, *checkpoint.other_files))
    return next((path for path in paths if path.is_file() and path.stat().st_size), None)


def destination(checkpoint: Checkpoint) -> Path:
    """Path to which a file is downloaded.

    Args:
        checkpoint: the file.
    """
    return settings.cache_folder() / checkpoint.file
