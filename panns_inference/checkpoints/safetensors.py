"""Files of safetensors: a header in JSON, and numbers behind it, which cannot run anything."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .description import KEY
from .layout import unusable

if TYPE_CHECKING:
    from torch import Tensor


def safe_tensors(path: Path) -> dict[str, Any]:
    """Return the tensors in a file under `model`, and what it says of its network, as elsewhere.

    Args:
        path: the file.

    Raises:
        CheckpointError: if it is damaged.
        UsageError: if the package safetensors is not installed.
    """
    torch_files = _package(path)
    try:
        with torch_files.safe_open(path, framework="pt", device="cpu") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 no mapping
            entry = (file.metadata() or {}).get(KEY)
    except Exception as error:  # of the package's own kind, or of torch, or of the system
        raise unusable(
            path, f"was cut off or damaged ({type(error).__name__} while reading it)"
        ) from error
    return {"model": tensors, **({} if entry is None else {KEY: _parsed(entry)})}


def write_safe_tensors(state: dict[str, Tensor], entry: dict[str, Any], path: Path) -> bytes:
    """Return the bytes of such a file.

    Args:
        state: the weights by key.
        entry: what the file says of its network.
        path: what it will be called.

    Raises:
        UsageError: if the package safetensors is not installed.
    """
    plain = {key: value.detach().cpu().contiguous().clone() for key, value in state.items()}
    made: bytes = _package(path).save(plain, {KEY: json.dumps(entry, ensure_ascii=False)})
    return made


def _parsed(entry: str) -> Any:
    """Return what a text of JSON stands for; the text itself, which is refused, if it is none."""
    with contextlib.suppress(ValueError, RecursionError):
        return json.loads(entry)
    return entry


def _package(path: Path) -> ModuleType:
    try:
        import safetensors.torch
    except ImportError as error:
        raise UsageError(
            f"safetensors is needed for {path}: pip install 'panns-inference[safetensors]'"
        ) from error
    return safetensors.torch
