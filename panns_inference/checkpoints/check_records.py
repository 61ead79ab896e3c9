"""Records of checks of a file of weights, valid until the file changes.

A checksum of 0.3 GB takes a second, and so do other checks: they are made when a file is loaded for
the first time, and again when its size, times or inode are others than then.

    file in the cache     NAME.pth.checked beside it
    file from elsewhere   checked/DIGEST_OF_ITS_PATH.json in the cache, if the file is large
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path

from .. import settings
from ..files import atomic_write
from ..registry import checkpoint_named

Signature = list[int]
"""Size in bytes, times of the last change of the bytes and of the entry in ns, and inode."""

LARGE = 1 << 24
"""Size in bytes from which checks take so long that they are recorded outside of the cache, too."""


def signature(path: Path) -> Signature:
    """Return what shows whether a file was changed.

    Args:
        path: the file.

    Raises:
        OSError: if it is not there.
    """
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def recorded(path: Path) -> dict[str, str]:
    """Return the results of checks of a file as it is now; none if it was changed since.

    Args:
        path: the file.
    """
    try:
        kept = json.loads(_record_of(path).read_bytes())
        found = kept["found"] if kept["signature"] == signature(path) else {}
        return {str(name): str(value) for name, value in found.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def record(path: Path, seen: Signature, **found: str) -> None:
    """Record results of checks of a file; where nothing can be written, they are made again.

    Args:
        path: the file.
        seen: its signature before the checks: if it is another now, nothing is recorded.
        found: the results, by name of the check.
    """
    record_path = _record_of(path)
    is_worth_it = seen[0] >= LARGE or record_path == _beside(path)
    with contextlib.suppress(OSError):
        if signature(path) != seen or not is_worth_it or not _is_ours(record_path):
            return
        record_path.parent.mkdir(parents=True, exist_ok=True)
        kept = {"signature": seen, "found": {**recorded(path), **found}}
        with atomic_write(record_path) as file:
            json.dump(kept, file)


def forget(path: Path) -> None:
    """Remove the record of a file.

    Args:
        path: the file, which need not be there any more.
    """
    record_path = _record_of(path)
    with contextlib.suppress(OSError):
        if _is_ours(record_path):
            record_path.unlink(missing_ok=True)


def _record_of(path: Path) -> Path:
    """Return the path of the record of a file."""
    beside, cache = _beside(path), [folder.absolute() for folder in settings.cache_folders()]
    if checkpoint_named(path.name) and (path.absolute().parent in cache or beside.is_file()):
        return beside
    digest = hashlib.sha256(os.fsencode(os.path.realpath(path))).hexdigest()
    return settings.cache_folder() / "checked" / f"{digest}.json"


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.checked")


def _is_ours(record_path: Path) -> bool:
    """Return whether nothing is there, or a record: nobody else's file is replaced."""
    if not os.path.lexists(record_path):
        return True
    if record_path.is_symlink() or not record_path.is_file():
        return False
    try:
        return "signature" in json.loads(record_path.read_bytes())
    except (ValueError, TypeError, RecursionError):
        return False
