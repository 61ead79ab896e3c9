"""Published files on this machine: where they lie, and whether they are what their names say.

    checksum published      the file has it
    no checksum published   it loads, has the keys and shapes of its network and finite values, and
                            is no other published file

A file is checked when it is used for the first time after it changed. One that fails is renamed,
and kept: it is the user's.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from .. import settings
from ..errors import CheckpointError
from ..lock import locked
from ..registry import NETWORKS, Checkpoint
from ..wording import argument
from .check_records import Signature, forget, record, recorded, signature
from .matching import mismatch, not_finite, on_meta
from .opening import read_state
from .verification import is_published, owner_of

LOG = logging.getLogger("panns_inference")

PACKAGED = Path(str(files("panns_inference") / "data"))
"""Folder of the file that comes with the package."""

ASIDE = "wrong"
"""End of the name of a file that was set aside."""


def candidates(
    checkpoint: Checkpoint, folder: str | os.PathLike[str] | None = None
) -> Iterator[Path]:
    """Yield the paths of all files that are here under one of the names of a published file.

    An empty file counts for nothing: panns-inference 0.1 leaves one when its download fails. So
    does what is no file, and what lies in a folder that cannot be read.

    Args:
        checkpoint: what is looked for.
        folder: where it is looked for; None is the cache, and the folder of panns-inference 0.1.
    """
    if checkpoint.packaged:
        yield PACKAGED / checkpoint.file
        return
    folders = settings.cache_folders() if folder is None else (Path(folder),)
    for place in dict.fromkeys(folders):
        for name in checkpoint.files:
            # Not the methods of Path, which fail in a folder that cannot be read.
            with contextlib.suppress(OSError):
                if os.path.isfile(place / name) and os.path.getsize(place / name):
                    yield place / name


def cached(checkpoint: Checkpoint, folder: str | os.PathLike[str] | None = None) -> Path | None:
    """Return the path of a file that is here, under any of its names; None if there is none.

    Whether it is the published file is not looked at: `fetch` does.

    Args:
        checkpoint: what is looked for.
        folder: where it is looked for; None is the cache, and the folder of panns-inference 0.1.
    """
    return next(candidates(checkpoint, folder), None)


def destination(checkpoint: Checkpoint, folder: str | os.PathLike[str] | None = None) -> Path:
    """Return the path to which a file is downloaded.

    Args:
        checkpoint: the file.
        folder: the folder it is downloaded to; None is the cache.
    """
    return (settings.cache_folder() if folder is None else Path(folder)) / checkpoint.file


def usable(checkpoint: Checkpoint) -> Path | None:
    """Return the path of a file that is here and is what its name says; None if there is none.

    What is something else is set aside, with a warning on the log.

    Args:
        checkpoint: what is looked for.
    """
    for path in candidates(checkpoint):
        try:
            return checked_file(path, checkpoint)
        except CheckpointError as error:
            LOG.warning("warning: %s", error)
    return None


def checked_file(path: Path, checkpoint: Checkpoint) -> Path:
    """Return the path of a file from the cache, if it is what its name says.

    Args:
        path: the file.
        checkpoint: what it should be.

    Raises:
        CheckpointError: if it is something else, which is then set aside, or cannot be read.
    """
    if checkpoint.packaged:
        return path
    try:
        seen = signature(path)
        problem = problem_of_file(path, checkpoint)
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror or error}") from error
    if not problem:
        return path
    raise CheckpointError(
        f"{path} is not the published {checkpoint.file}: {problem}; {_set_aside(path, seen)}. "
        f"`panns models download {checkpoint.name}` fetches the published file; weights of your "
        f"own are given with {argument('checkpoint_path')}"
    )


def problem_of_file(path: Path, checkpoint: Checkpoint) -> str:
    """Return why a file is not the published one, as far as that can be known; else nothing.

    Args:
        path: the file.
        checkpoint: what it should be.

    Raises:
        OSError: if the file cannot be read.
    """
    size = path.stat().st_size
    if checkpoint.size not in (None, size):
        return f"it has {size:,} bytes, expected {checkpoint.size:,}"
    if checkpoint.has_checksum:
        if is_published(path, checkpoint):
            return ""
        owner = owner_of(path)
        return f"it is {owner.file}" if owner else "its checksum is another"
    if recorded(path).get("sound") == checkpoint.name:
        return ""
    seen = signature(path)
    if owner := owner_of(path):
        return f"it is {owner.file}"
    if not (problem := problem_of_weights(path, checkpoint.name)):
        record(path, seen, sound=checkpoint.name)
    return problem


def problem_of_weights(path: Path, name: str) -> str:
    """Return why a file cannot hold the published weights of a network; nothing if it may.

    Args:
        path: the file.
        name: of the network; of one that is not in the registry only the values are looked at.
    """
    try:
        state = read_state(path)
    except CheckpointError as error:
        return str(error)
    problems = mismatch(on_meta(name), state) if name in NETWORKS else []
    return "; ".join(map(str.strip, problems)) or not_finite(state.items())


def _set_aside(path: Path, seen: Signature) -> str:
    """Rename a file that is not what its name says; return what has become of it, in words."""
    try:
        # Whoever downloads holds this lock: what has come meanwhile is another file.
        with locked(path.with_name(f"{path.name}.lock"), wait=False):
            if signature(path) != seen:
                return "another process has replaced it meanwhile"
            aside = _free_name(path)
            try:
                os.replace(path, aside)
            except OSError:
                aside.unlink()
                raise
    except FileNotFoundError:
        return "another process has set it aside"
    except OSError as error:
        return f"it could not be set aside ({error.strerror or error})"
    forget(path)
    return f"it was set aside as {aside}"


def _free_name(path: Path) -> Path:
    """Return a new name beside a file, taken by an empty one, so that no other is replaced."""
    number = 1
    while True:
        aside = path.with_name(f"{path.name}.{ASIDE}{f'-{number}' if number > 1 else ''}")
        with contextlib.suppress(FileExistsError):
            aside.open("x").close()
            return aside
        number += 1
