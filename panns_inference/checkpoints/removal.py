"""What a published file takes of the disk, and how it makes room."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from .. import settings
from ..errors import CheckpointError
from ..lock import locked
from ..registry import Checkpoint
from .cache import ASIDE
from .check_records import forget


def files_of(checkpoint: Checkpoint) -> Iterator[Path]:
    """Yield the files that are here for published weights, but for those of the package.

    They are the weights, also under the name that panns-inference 0.1 gave them, what was
    downloaded of them when a download was cut, and what was set aside because it was not them.

    Args:
        checkpoint: the weights.
    """
    if checkpoint.packaged:
        return
    names = "|".join(map(re.escape, checkpoint.files))
    own = re.compile(rf"({names})(\.partial|\.{ASIDE}(-\d+)?)?")
    for folder in dict.fromkeys(settings.cache_folders()):
        if folder.is_dir():
            found = sorted(path for path in folder.iterdir() if own.fullmatch(path.name))
            yield from (path for path in found if path.is_file())


def remove(path: Path) -> int:
    """Delete one of these files, and return how many bytes that frees.

    Args:
        path: of the file.

    Raises:
        CheckpointError: if it is just being downloaded, or cannot be deleted.
    """
    target = path.with_name(path.name.removesuffix(".partial"))
    try:
        with locked(target.with_name(f"{target.name}.lock"), wait=False):
            size = path.lstat().st_size
            path.unlink()
    except BlockingIOError as error:
        raise CheckpointError(f"{path} is being downloaded: wait for it") from error
    except OSError as error:
        raise CheckpointError(f"{path} cannot be deleted: {error.strerror}") from error
    forget(path)
    return size
