"""Which engine computes a module of torch on a device."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .torch_engine import TorchEngine


def engine_for(device: str) -> type[TorchEngine]:
    """Return what computes a module of torch on a device.

    Args:
        device: its name.
    """
    if device.startswith("cuda"):
        from .cuda import CudaEngine

        return CudaEngine
    from .torch_engine import TorchEngine

    return TorchEngine
