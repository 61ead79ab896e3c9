"""Where a published file lies on this machine, and where it is downloaded to."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

from .. import settings
from .registry import Checkpoint

LEGACY = "~/panns_data"
"""Folder of panns-inference 0.1: its files are used wherever the cache is."""

PACKAGED = Path(str(files("panns_inference") / "data"))
"""Folder of the file that comes with the package."""


def cached(checkpoint: Checkpoint, folder: str | os.PathLike[str] | None = None) -> Path | None:
    """Path of a file that is here already, under any of its names; None if there is none.

    An empty file counts for nothing: panns-inference 0.1 leaves one when its download fails.

    Args:
        checkpoint: what is looked for.
        folder: where it is looked for; None is the cache, and the folder of panns-inference 0.1.
    """
    # Not Path.expanduser, which fails for a user without a home.
    if checkpoint.packaged:
        return PACKAGED / checkpoint.file
    usual = (settings.cache_folder(), Path(os.path.expanduser(LEGACY)))
    folders = usual if folder is None else (Path(folder),)
    paths = (f / name for f in folders for name in (checkpoint.file, *checkpoint.other_files))
    return next((path for path in paths if path.is_file() and path.stat().st_size), None)


def destination(checkpoint: Checkpoint, folder: str | os.PathLike[str] | None = None) -> Path:
    """Path to which a file is downloaded.

    Args:
        checkpoint: the file.
        folder: the folder it is downloaded to; None is the cache.
    """
    return (settings.cache_folder() if folder is None else Path(folder)) / checkpoint.file
