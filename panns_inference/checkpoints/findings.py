"""What was found out about a file of weights, kept until the file changes.

A checksum of 0.3 GB takes a second, and so do other checks: they are made when a file is loaded for
the first time, and again when its size, times or inode are others than then.

    file in the cache   NAME.pth.checked beside it
    file of the user's  checked/DIGEST_OF_ITS_PATH.json in the cache, if the file is large
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
from pathlib import Path

from .. import settings
from ..registry import checkpoint_named
from .cache import folders

Signature = list[int]
"""Size in bytes, times of the last change of content and of entry in ns, and inode."""

LARGE = 1 << 24
"""Bytes from which on checks of a file take long enough to be remembered outside of the cache."""


def signature(path: Path) -> Signature:
    """What tells whether a file was changed.

    Args:
        path: the file.

    Raises:
        OSError: if it is not there.
    """
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def findings(path: Path) -> dict[str, str]:
    """What was found out about a file as it is now; nothing if it was changed since.

    Args:
        path: the file.
    """
    try:
        kept = json.loads(_place(path).read_bytes())
        found = kept["found"] if kept["signature"] == signature(path) else {}
        return {str(name): str(value) for name, value in found.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def remember(path: Path, seen: Signature, **found: str) -> None:
    """Keep what was found out about a file; where nothing can be written, it is found out again.

    Args:
        path: the file.
        seen: its signature before it was looked at: if it is another now, nothing is kept.
        found: what was found, by name.
    """
    place = _place(path)
    is_worth_it = seen[0] >= LARGE or place == _beside(path)
    with contextlib.suppress(OSError):
        if signature(path) != seen or not is_worth_it or not _is_ours(place):
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        kept = {"signature": seen, "found": {**findings(path), **found}}
        temporary = place.with_name(f".panns-{secrets.token_hex(8)}.tmp")
        try:
            with temporary.open("x", encoding="utf-8") as file:
                json.dump(kept, file)
            os.replace(temporary, place)
        finally:
            temporary.unlink(missing_ok=True)


def forget(path: Path) -> None:
    """Remove what is kept of a file.

    Args:
        path: the file, which need not be there any more.
    """
    place = _place(path)
    with contextlib.suppress(OSError):
        if _is_ours(place):
            place.unlink(missing_ok=True)


def _place(path: Path) -> Path:
    """Where findings of a file are kept."""
    beside, cache = _beside(path), [folder.absolute() for folder in folders()]
    if checkpoint_named(path.name) and (path.absolute().parent in cache or beside.is_file()):
        return beside
    digest = hashlib.sha256(os.fsencode(os.path.realpath(path))).hexdigest()
    return settings.cache_folder() / "checked" / f"{digest}.json"


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.checked")


def _is_ours(place: Path) -> bool:
    """Whether there is nothing, or what this module wrote: nobody else's file is replaced."""
    if not os.path.lexists(place):
        return True
    if place.is_symlink() or not place.is_file():
        return False
    try:
        return "signature" in json.loads(place.read_bytes())
    except (ValueError, TypeError, RecursionError):
        return False
