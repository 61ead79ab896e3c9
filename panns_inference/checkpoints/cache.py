"""Where a published file lies on this machine, and where it is downloaded to."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from .. import settings
from ..registry import Checkpoint

LEGACY = "~/panns_data"
"""Folder of panns-inference 0.1: its files are used wherever the cache is."""

PACKAGED = Path(str(files("panns_inference") / "data"))
"""Folder of the file that comes with the package."""


def folders() -> tuple[Path, ...]:
    """Folders in which published files are looked for: the cache, and that of version 0.1."""
    # Not Path.expanduser, which fails for a user without a home.
    return settings.cache_folder(), Path(os.path.expanduser(LEGACY))


def candidates(
    checkpoint: Checkpoint, folder: str | os.PathLike[str] | None = None
) -> Iterator[Path]:
    """Paths of all files that are here under one of the names of a published file.

    An empty file counts for nothing: panns-inference 0.1 leaves one when its download fails. So
    does what is no file, and what lies in a folder that cannot be read.

    Args:
        checkpoint: what is looked for.
        folder: where it is looked for; None is the cache, and the folder of panns-inference 0.1.
    """
    if checkpoint.packaged:
        yield PACKAGED / checkpoint.file
        return
    for place in dict.fromkeys(folders() if folder is None else (Path(folder),)):
        for name in checkpoint.files:
            # Not the methods of Path, which fail in a folder that cannot be read.
            with contextlib.suppress(OSError):
                if os.path.isfile(place / name) and os.path.getsize(place / name):
                    yield place / name


def cached(checkpoint: Checkpoint, folder: str | os.PathLike[str] | None = None) -> Path | None:
    """Path of a file that is here already, under any of its names; None if there is none.

    Whether it is the published file is not looked at: `fetch` does.

    Args:
        checkpoint: what is looked for.
        folder: where it is looked for; None is the cache, and the folder of panns-inference 0.1.
    """
    return next(candidates(checkpoint, folder), None)


def destination(checkpoint: Checkpoint, folder: str | os.PathLike[str] | None = None) -> Path:
    """Path to which a file is downloaded.

    Args:
        checkpoint: the file.
        folder: the folder it is downloaded to; None is the cache.
    """
    return (settings.cache_folder() if folder is None else Path(folder)) / checkpoint.file
