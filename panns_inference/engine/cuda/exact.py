"""Convolutions of float32 in float32: by default, torch lets a GPU round them to TF32."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

_LOCK = threading.Lock()
_INSIDE: list[Any] = []
"""What the setting was, once for each thread that is inside: it is one of the whole process."""


@contextmanager
def exact() -> Iterator[None]:
    """While anybody is inside, TF32 is off; who leaves last puts it back."""
    owner, name, off = _setting()
    with _LOCK:
        _INSIDE.append(_INSIDE[0] if _INSIDE else getattr(owner, name))
        setattr(owner, name, off)
    try:
        yield
    finally:
        with _LOCK:
            before = _INSIDE.pop()
            if not _INSIDE:
                setattr(owner, name, before)


def _setting() -> tuple[Any, str, object]:
    """Who has the setting, its name, and what turns TF32 off: torch 2.9 has a new one."""
    cudnn: Any = torch.backends.cudnn
    if hasattr(cudnn, "conv"):
        return cudnn.conv, "fp32_precision", "ieee"
    return cudnn, "allow_tf32", False
