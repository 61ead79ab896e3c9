"""What a file is by its first bytes: one of the two layouts of `torch.save`, or no weights."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path, PurePosixPath
from typing import Literal

from ..errors import CheckpointError
from .registry import named

Layout = Literal["stream", "zip"]

STREAM_MAGIC = bytes.fromhex("8a0a6cfc9c46f9206aa85019")
"""The number at the beginning of each file that torch wrote before version 1.6."""

WEB_PAGE = re.compile(rb"\s*(\xef\xbb\xbf)?\s*<(!doctype|html|head|\?xml|!--)", re.IGNORECASE)


def layout(path: Path) -> Layout:
    """Which layout a file of weights has: 'zip', or the older 'stream'.

    Args:
        path: the file; nothing of it is unpickled.

    Raises:
        CheckpointError: if it is no file of weights; the message says what it is instead.
    """
    if path.is_dir():
        raise CheckpointError(f"{path} is a folder; give the path of a checkpoint in it")
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        raise CheckpointError(
            f"cannot read {path}: {error.strerror}; give the path of a checkpoint, or none for "
            "the published weights"
        ) from error
    if STREAM_MAGIC in head[:32]:
        return "stream"
    if head.startswith(b"PK"):
        return _zip(path)
    if WEB_PAGE.match(head):
        raise unusable(path, "is a web page, not weights: the download was redirected or blocked")
    raise unusable(path, f"begins with {head[:12]!r}, as no weights do" if head else "is empty")


def _zip(path: Path) -> Layout:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()
    except Exception as error:  # damage shows in many ways: BadZipFile, ValueError, ...
        raise unusable(path, "is a zip archive that was cut off or damaged") from error
    names = {PurePosixPath(member).name for member in members}
    if "data.pkl" not in names:
        held = ", ".join(members[:3]) or "nothing"
        raise unusable(path, f"is a zip archive of something else: it holds {held}")
    if "constants.pkl" in names:
        raise unusable(path, "is a TorchScript program, not weights")
    return "zip"


def unusable(path: Path, found: str) -> CheckpointError:
    """The error for a file that holds no weights.

    Args:
        path: the file.
        found: what it is, as a clause that follows its path.
    """
    published = named(path.name)
    if published is None:
        advice = "save network.state_dict() anew, or leave the path out for the published weights"
    else:
        advice = f"delete it, then `panns models download {published.name}` fetches it again"
        size = path.stat().st_size
        if published.size not in (None, size):
            found += f" ({size:,} of {published.size:,} bytes)"
    return CheckpointError(f"{path} {found}; expected weights written by torch.save: {advice}")
