"""Whether a file in the cache is what its name says; what is not is set aside.

    checksum published      the file has it
    no checksum published   it loads, has the keys and shapes of its network and finite values, and
                            is no other published file

A file is inspected when it is used for the first time after it changed. One that fails is renamed,
and kept: it is the user's.
"""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path

from ..errors import CheckpointError
from ..registry import NETWORKS, Checkpoint
from .cache import candidates
from .findings import Signature, findings, forget, remember, signature
from .fit import misfit, not_finite, on_meta
from .lock import locked
from .state import read_state
from .verification import is_published, owner_of

LOG = logging.getLogger("panns_inference")

ASIDE = "wrong"
"""What the name of a file that was set aside ends in."""


def inspected(path: Path, checkpoint: Checkpoint) -> Path:
    """A file from the cache, if it is what its name says.

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
        problem = problem_of(path, checkpoint)
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror or error}") from error
    if not problem:
        return path
    raise CheckpointError(
        f"{path} is not the published {checkpoint.file}: {problem}; {_set_aside(path, seen)}. "
        f"`panns models download {checkpoint.name}` fetches the published file; weights of your "
        "own are given with checkpoint_path= or --checkpoint"
    )


def usable(checkpoint: Checkpoint) -> Path | None:
    """Path of a file that is here and is what its name says; None if there is none.

    What is something else is set aside, and said on the log.

    Args:
        checkpoint: what is looked for.
    """
    for path in candidates(checkpoint):
        try:
            return inspected(path, checkpoint)
        except CheckpointError as error:
            LOG.warning("warning: %s", error)
    return None


def problem_of(path: Path, checkpoint: Checkpoint) -> str:
    """Why a file is not the published one, as far as that can be known; else nothing.

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
    if findings(path).get("sound") == checkpoint.name:
        return ""
    seen = signature(path)
    if owner := owner_of(path):
        return f"it is {owner.file}"
    if not (problem := unsound(path, checkpoint.name)):
        remember(path, seen, sound=checkpoint.name)
    return problem


def unsound(path: Path, name: str) -> str:
    """Why a file cannot hold the published weights of a network; nothing if it may.

    Args:
        path: the file.
        name: of the network; of one that is not of this package only the values are looked at.
    """
    try:
        state = read_state(path)
    except CheckpointError as error:
        return str(error)
    problems = misfit(on_meta(name), state) if name in NETWORKS else []
    return "; ".join(map(str.strip, problems)) or not_finite(state.items())


def _set_aside(path: Path, seen: Signature) -> str:
    """Rename a file that is not what its name says; what has become of it, in words."""
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
    """A new name beside a file, taken by an empty file, so that nobody else's is replaced."""
    number = 1
    while True:
        aside = path.with_name(f"{path.name}.{ASIDE}{f'-{number}' if number > 1 else ''}")
        with contextlib.suppress(FileExistsError):
            aside.open("x").close()
            return aside
        number += 1
