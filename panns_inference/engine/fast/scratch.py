"""Memory for what a kernel computes on its way: the same again for every layer.

What is freed between layers goes back to the system, and the next layer waits for its pages: that
can take as long as the products themselves.
"""

from __future__ import annotations

import math
import threading

import torch
from torch import Tensor


class Scratch(threading.local):
    """Named buffers of a thread, as large as the largest that was asked for."""

    def __init__(self) -> None:
        self.buffers: dict[str, Tensor] = {}

    def take(self, name: str, *shape: int) -> Tensor:
        """A tensor of any content, (shape[0], ...), whose memory the next of that name will use.

        Args:
            name: of the buffer.
            shape: of the tensor.
        """
        size = math.prod(shape)
        buffer = self.buffers.get(name)
        if buffer is None or buffer.numel() < size:
            buffer = self.buffers[name] = torch.empty(size)
        return buffer[:size].view(shape)
