"""The state of a run in one file that is never half written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from ..errors import CheckpointError
from ..files import atomic_write


def save(state: dict[str, Any], path: str | Path) -> None:
    """Write a state under a temporary name, flush it to the disk, then rename it.

    Args:
        state: tensors, numbers, and dicts and lists of them.
        path: the file; an older one is replaced.
    """
    with atomic_write(path, binary=True) as file:
        torch.save(state, file)


def restore(path: str | Path) -> dict[str, Any] | None:
    """Return the state in a file, or None if there is no file.

    Args:
        path: the file.

    Raises:
        CheckpointError: if the file exists, but holds no state.
    """
    if not Path(path).exists():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds: zip, pickle, runtime errors
        raise CheckpointError(
            f"{path}: is no state of a run ({error}); remove it to start from the first step"
        ) from error
    return state
