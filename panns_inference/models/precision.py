"""The precision of the front-end: float64 where the device has it, never below float32."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

NO_FLOAT64 = frozenset({"mps"})
"""Devices that cannot compute in float64: they do with float32."""


def widest(device: torch.device) -> torch.dtype:
    """The most precise type of a device.

    Args:
        device: any device.
    """
    return torch.float32 if device.type in NO_FLOAT64 else torch.float64


def widened(tensor: Tensor) -> Tensor:
    """The values in the most precise type of their device.

    Args:
        tensor: values of any shape, (..., size).
    """
    return tensor.to(widest(tensor.device))


def single_at_least(dtype: torch.dtype) -> torch.dtype:
    """The type itself if it is float32 or wider, else float32.

    Args:
        dtype: floating-point or integer type.
    """
    return torch.promote_types(dtype, torch.float32)


def without_autocast(device: torch.device) -> AbstractContextManager[object]:
    """A context in which no autocast around it lowers the precision.

    Args:
        device: where the computation takes place.
    """
    if torch.amp.is_autocast_available(device.type):
        return torch.autocast(device.type, enabled=False)
    return nullcontext()


def unlowered(tensor: Tensor) -> Tensor:
    """The values in float32, where an autocast may have lowered their precision.

    Args:
        tensor: values of any shape, (..., size).
    """
    kind = tensor.device.type
    is_lowered = torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)
    return tensor.float() if is_lowered else tensor
