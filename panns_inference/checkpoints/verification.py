"""Verifying that a file is the published one, and recognising published files, by checksums."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import CheckpointError
from ..registry import CHECKPOINTS, Checkpoint, checkpoint_named
from .check_records import record, recorded, signature
from .layout import check_regular, layout

CHUNK_BYTES = 1 << 20

DIGESTS = ("md5", "sha256")
"""Kinds of checksums that are published."""

Verdict = Literal["verified", "unverifiable", "wrong"]


@dataclass(frozen=True)
class Verification:
    """The result of comparing a file with the published one.

    Attributes:
        path: the file.
        size: its length in bytes.
        md5: its checksum, 32 hexadecimal digits.
        sha256: its checksum, 64 hexadecimal digits.
        verdict: 'verified' if it has the published checksums, 'wrong' if it is another file or no
            weights at all, 'unverifiable' if no checksum was published.
        reason: the verdict in words.
    """

    path: Path
    size: int
    md5: str
    sha256: str
    verdict: Verdict
    reason: str


def verify(path: str | os.PathLike[str], checkpoint: Checkpoint) -> Verification:
    """Compare a file with what is known of the published one; return the result.

    Args:
        path: the file.
        checkpoint: what it should be.

    Raises:
        OSError: if the file cannot be read.
        CheckpointError: if it is a pipe, or whatever else is no file.
    """
    path = Path(path)
    check_regular(path)
    size, (md5, sha256) = path.stat().st_size, _checksums(path, DIGESTS)
    compared = {
        "size": (size, checkpoint.size),
        "md5": (md5, checkpoint.md5),
        "sha256": (sha256, checkpoint.sha256),
    }
    known = {kind: pair for kind, pair in compared.items() if pair[1] is not None}
    wrong = [f"{kind} is {f}, expected {e}" for kind, (f, e) in known.items() if f != e]
    owner = _owner(md5)
    if owner and owner.name != checkpoint.name:
        wrong.append(f"it is {owner.file}")
    verdict, reason = _judge(path, checkpoint, list(known), wrong)
    return Verification(path, size, md5, sha256, verdict, reason)


def _judge(
    path: Path, checkpoint: Checkpoint, known: list[str], wrong: list[str]
) -> tuple[Verdict, str]:
    if wrong:
        return "wrong", "; ".join(wrong)
    if checkpoint.has_checksum:
        return "verified", f"{', '.join(known)} as published"
    try:
        layout(path)
    except CheckpointError as error:
        return "wrong", str(error)
    return "unverifiable", "no checksum of it is known"


def digest(path: Path, kind: str) -> str:
    """Return a checksum of a file, in hexadecimal digits; until the file changes, it is kept.

    Args:
        path: the file.
        kind: 'md5' or 'sha256'.

    Raises:
        OSError: if the file cannot be read.
    """
    if known := recorded(path).get(kind):
        return known
    before = signature(path)
    (found,) = _checksums(path, (kind,))
    record(path, before, **{kind: found})
    return found


def is_published(path: Path, checkpoint: Checkpoint) -> bool:
    """Return whether a file has the published checksum, the strongest that is known.

    Args:
        path: the file.
        checkpoint: what it should be, with a checksum.

    Raises:
        OSError: if the file cannot be read.
    """
    if checkpoint.sha256:
        return digest(path, "sha256") == checkpoint.sha256
    return digest(path, "md5") == checkpoint.md5


def owner_of(path: Path) -> Checkpoint | None:
    """Return the published file that a file is, by its checksum; None if it is none.

    Args:
        path: the file.

    Raises:
        OSError: if the file cannot be read.
    """
    return _owner(digest(path, "md5"))


def recognise(path: Path) -> Checkpoint | None:
    """Return the published file that a file is: by checksum where a size agrees, else by name.

    Args:
        path: any file; for one that was not published, None is returned.
    """
    published = checkpoint_named(path.name)
    with contextlib.suppress(OSError, ValueError):  # a name with a zero byte is none of a file
        size = path.stat().st_size
        like = [c for c in CHECKPOINTS.values() if c.size == size]
        if like in ([], [published]) or not path.is_file():
            return published
        if published and published.has_checksum and is_published(path, published):
            return published
        return owner_of(path) or published
    return published


def _owner(md5: str) -> Checkpoint | None:
    return next((c for c in CHECKPOINTS.values() if c.md5 == md5), None)


def _checksums(path: Path, kinds: Sequence[str]) -> list[str]:
    """Return checksums of a file, one of each kind."""
    found = [hashlib.new(kind, usedforsecurity=False) for kind in kinds]
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            for each in found:
                each.update(chunk)
    return [each.hexdigest() for each in found]
