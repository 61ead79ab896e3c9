"""Memory for what is computed on the way: the same again for every layer.

What is freed between layers goes back to the system, and the next layer waits for its pages: that
can take as long as the products themselves. All networks share it, and it goes with the last one.
"""

from __future__ import annotations

import math
import threading
from weakref import WeakValueDictionary

import torch
from torch import Tensor


class Buffers(threading.local):
    """Named buffers of a thread, as large as the largest that was taken."""

    def __init__(self) -> None:
        self.buffers: dict[tuple[str, torch.dtype], Tensor] = {}

    def take(self, name: str, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return a tensor of any values, (shape[0], ...), whose memory is that of its name.

        Args:
            name: of the buffer.
            shape: of the tensor.
            dtype: of the tensor; each has memory of its own.
        """
        size = math.prod(shape)
        buffer = self.buffers.get((name, dtype))
        if buffer is None or buffer.numel() < size:
            buffer = self.buffers[name, dtype] = torch.empty(size, dtype=dtype)
        return buffer[:size].view(shape)


SHARED: WeakValueDictionary[str, Buffers] = WeakValueDictionary()
"""That of all networks, as long as there is one."""


def shared() -> Buffers:
    """The memory that all networks use; it lasts as long as somebody holds it."""
    return SHARED.setdefault("all", Buffers())
