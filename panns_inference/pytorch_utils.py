"""Helpers of panns-inference 0.1 under their old names; new code finds them in `models`."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from .models import (
    Interpolator,
    LinearInterpolator,
    NearestInterpolator,
    do_mixup,
    pad_framewise_output,
)

__all__ = [
    "Interpolator",
    "LinearInterpolator",
    "NearestInterpolator",
    "do_mixup",
    "interpolate",
    "move_data_to_device",
    "pad_framewise_output",
]

TENSOR_TYPES = {"float": torch.float32, "int": torch.int64}
"""Word in the name of a type to the type of the tensor that takes its values."""


def move_data_to_device(x: Any, device: torch.device | str) -> Any:
    """Return an array or tensor as a tensor on a device: float32 for floats, int64 for integers.

    Args:
        x: NumPy array or tensor of any shape; what is neither float nor integer comes back as it
            is.
        device: where the tensor shall lie.
    """
    name = getattr(x.dtype, "name", str(x.dtype))
    for word, dtype in TENSOR_TYPES.items():
        if word in name:
            # Torch takes arrays of no other byte order than the machine's, nor negative strides.
            tensor = x if isinstance(x, Tensor) else torch.from_numpy(np.array(x, dtype=name))
            return tensor.to(device, dtype)
    return x


def interpolate(x: Tensor, ratio: int) -> Tensor:
    """Return each segment `ratio` times, (batch, T, classes) -> (batch, T * ratio, classes).

    Args:
        x: segmentwise values, (batch, T, classes).
        ratio: frames of a segment.
    """
    framewise: Tensor = NearestInterpolator(ratio)(x)
    return framewise
