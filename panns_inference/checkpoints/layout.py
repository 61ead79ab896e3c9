"""The layout of a file by its first bytes: one of two of `torch.save`, safetensors, or none."""

from __future__ import annotations

import re
import stat
import zipfile
from pathlib import Path, PurePosixPath
from typing import Literal

from ..errors import CheckpointError
from ..registry import checkpoint_named

Layout = Literal["stream", "zip", "safetensors"]

STREAM_MAGIC = bytes.fromhex("8a0a6cfc9c46f9206aa85019")
"""The number at the beginning of each file that torch wrote before version 1.6."""

SPECIAL = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
"""Kinds of files that hold no weights, and what people call them."""

HEADER = re.compile(rb'.{5}\0{3}\{\s*"', re.DOTALL)
"""Of safetensors: the length of an object of JSON in eight bytes, of which three are never used,
and its beginning."""

WEB_PAGE = re.compile(rb"\s*(\xef\xbb\xbf)?\s*<(!doctype|html|head|\?xml|!--)", re.IGNORECASE)


def layout(path: Path) -> Layout:
    """Return the layout of a file of weights: 'zip', the older 'stream', or 'safetensors'.

    Args:
        path: the file; nothing of it is unpickled.

    Raises:
        CheckpointError: if it is no file of weights; the message says what it is instead.
    """
    try:
        check_regular(path)
        with path.open("rb") as file:
            head = file.read(512)
    except (OSError, ValueError) as error:  # a ValueError for a name that holds a zero byte
        reason = getattr(error, "strerror", None) or error
        raise CheckpointError(
            f"cannot read {path}: {reason}; give the path of a checkpoint, or none for the "
            "published weights"
        ) from error
    if STREAM_MAGIC in head[:32]:
        return "stream"
    if head.startswith(b"PK"):
        return _zip(path)
    if HEADER.match(head):
        return "safetensors"
    if WEB_PAGE.match(head):
        raise unusable(path, "is a web page, not weights: the download was redirected or blocked")
    raise unusable(path, f"begins with {head[:12]!r}, as no weights do" if head else "is empty")


def check_regular(path: Path) -> None:
    """Refuse folders, pipes, sockets and devices: opening a pipe waits for its writer, for ever.

    Args:
        path: of a checkpoint.

    Raises:
        CheckpointError: if it is no regular file.
        OSError: if there is nothing, or it cannot be looked at.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise CheckpointError(f"{path} is a folder; give the path of a checkpoint in it")
    if not stat.S_ISREG(mode):
        kind = next((name for is_kind, name in SPECIAL if is_kind(mode)), "no regular file")
        raise CheckpointError(f"{path} is {kind}, not a file; save the weights to a file first")


def _zip(path: Path) -> Layout:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except Exception as error:  # damage shows in many ways: BadZipFile, ValueError, ...
        raise unusable(path, "is a zip archive that was cut off or damaged") from error
    members = [info.filename for info in infos]
    names = {PurePosixPath(member).name for member in members}
    if "data.pkl" not in names:
        held = ", ".join(members[:3]) or "nothing"
        raise unusable(path, f"is a zip archive of something else: it holds {held}")
    if "constants.pkl" in names:
        raise unusable(path, "is a TorchScript program, not weights")
    # Tensors are mapped from the file as they stand there: what is compressed would be noise.
    if any(info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1 for info in infos):
        raise unusable(path, "is a compressed or encrypted zip archive, as torch writes none")
    return "zip"


def unusable(path: Path, found: str) -> CheckpointError:
    """Return the error for a file that holds no weights.

    Args:
        path: the file.
        found: what it is, as a clause that follows its path.
    """
    published = checkpoint_named(path.name)
    if published is None:
        advice = "save network.state_dict() anew, or leave the path out for the published weights"
    else:
        advice = f"delete it, then `panns models download {published.name}` fetches it again"
        size = path.stat().st_size
        if published.size not in (None, size):
            found += f" ({size:,} of {published.size:,} bytes)"
    return CheckpointError(f"{path} {found}; expected weights written by torch.save: {advice}")
