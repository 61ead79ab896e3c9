"""The state of a run in one file that is never half written.

    {"iteration": steps done, "model": state dict, "sampler": ..., "optimizer": ..., "panns": ...}

`model.load_state_dict(torch.load(path)["model"])` reads it, as in the reference, and so does
`checkpoints.load`; "panns" says what the network is for, see `checkpoints.description`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from ..errors import CheckpointError
from ..files import atomic_write

KEYS = ("iteration", "model", "sampler", "optimizer", "scaler", "sums")
"""What the state of each run has."""


def save(state: dict[str, Any], path: str | Path) -> None:
    """Write a state under a temporary name, flush it to the disk, then rename it.

    Args:
        state: tensors, numbers, and dicts and lists of them.
        path: the file; an older one is replaced.
    """
    with atomic_write(path, binary=True) as file:
        torch.save(state, file)


def restore(path: str | Path) -> dict[str, Any] | None:
    """Return the state of a run in a file, or None if there is no file.

    Args:
        path: the file.

    Raises:
        CheckpointError: if the file exists, but holds no state of a run.
    """
    if not Path(path).exists():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        missing = [key for key in KEYS if key not in state]
    except Exception as error:  # torch raises many kinds: zip, pickle, runtime errors
        raise CheckpointError(
            f"{path} is no state of a run ({error}): move it away to start from the first step"
        ) from error
    if missing:
        raise CheckpointError(
            f"{path} is no state of a run: it has no {', '.join(map(repr, missing))}; move it "
            "away, and begin with its weights by panns_inference.checkpoints.load"
        )
    return state
