"""Whether a file is the published one, byte for byte; and whose file one is."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import CheckpointError
from .layout import layout
from .registry import CHECKPOINTS, Checkpoint, named

CHUNK_BYTES = 1 << 20

Verdict = Literal["verified", "unverifiable", "wrong"]


@dataclass(frozen=True)
class Verification:
    """What came of comparing a file with the published one.

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
    """Compare a file with what is known of the published one.

    Args:
        path: the file.
        checkpoint: what it should be.

    Raises:
        OSError: if the file cannot be read.
    """
    path = Path(path)
    size, (md5, sha256) = path.stat().st_size, _checksums(path)
    compared = {
        "size": (size, checkpoint.size),
        "md5": (md5, checkpoint.md5),
        "sha256": (sha256, checkpoint.sha256),
    }
    known = {kind: pair for kind, pair in compared.items() if pair[1] is not None}
    wrong = [f"{kind} is {f}, expected {e}" for kind, (f, e) in known.items() if f != e]
    if wrong and (owner := _owner(md5)):
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


def recognise(path: Path) -> Checkpoint | None:
    """Which published file a file is, by its name or else by its checksum.

    Only what is as long as a published file is read.

    Args:
        path: any file; None is returned for what was not published.
    """
    if published := named(path.name):
        return published
    if not path.is_file() or path.stat().st_size not in {c.size for c in CHECKPOINTS.values()}:
        return None
    return _owner(_checksums(path)[0])


def _owner(md5: str) -> Checkpoint | None:
    return next((c for c in CHECKPOINTS.values() if c.md5 == md5), None)


def _checksums(path: Path) -> tuple[str, str]:
    """MD5 and SHA-256 of a file."""
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            md5.update(chunk)
            sha256.update(chunk)
    return md5.hexdigest(), sha256.hexdigest()
