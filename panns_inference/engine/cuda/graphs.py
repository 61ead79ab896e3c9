"""What comes again in the same shape is recorded as a CUDA graph, and replayed from then on.

A replay launches all kernels by one call: for a short clip, launching them one by one takes longer
than what they do.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from .packing import Packed

LOG = logging.getLogger("panns_inference")

Compute = Callable[[Tensor], Packed]

MOST = 8
"""Shapes that are remembered: each recorded one holds its waveforms and its outputs."""

_RECORDING = threading.Lock()
"""A process can record one graph at a time."""


class GraphCache:
    """Computes; a shape is recorded when it comes for the second time.

    Args:
        compute: waveforms, (batch, samples), to outputs.
        record: from `compute` and the waveforms at hand to what does the same for their shape.
    """

    def __init__(self, compute: Compute, record: Callable[[Compute, Tensor], Compute]) -> None:
        self.compute = compute
        self.record = record
        # The latest shape last; None where it has come once.
        self.shapes: dict[tuple[Any, ...], Compute | None] = {}

    def __call__(self, waveforms: Tensor) -> Packed:
        """The outputs; those of the call before may be gone.

        Args:
            waveforms: (batch, samples).
        """
        shape = (*waveforms.shape, waveforms.dtype)
        has_come = shape in self.shapes
        recorded = self.shapes.pop(shape, None)
        if has_come and recorded is None:
            recorded = self._recorded(waveforms)
        while len(self.shapes) >= MOST:
            self.shapes.pop(next(iter(self.shapes)))
        self.shapes[shape] = recorded
        return (recorded or self.compute)(waveforms)

    def forget(self) -> None:
        """Give back what recorded shapes hold."""
        self.shapes.clear()

    def _recorded(self, waveforms: Tensor) -> Compute:
        try:
            return self.record(self.compute, waveforms)
        except RuntimeError as error:
            # As for want of memory: without a graph it is slower, and right.
            LOG.debug("no CUDA graph for %s: %s", tuple(waveforms.shape), error)
            return self.compute


def capture(compute: Compute, waveforms: Tensor, stream: torch.cuda.Stream, pool: Any) -> Compute:
    """A computation as a CUDA graph.

    Args:
        compute: what is recorded.
        waveforms: some of the shape, (batch, samples), on the host or a GPU.
        stream: the current stream.
        pool: memory that all graphs of the stream share: only the latest outputs are there.
    """
    given = waveforms.to(stream.device, copy=True)
    # Once more in this thread: what it must have of its own cannot be made while it records.
    compute(given)
    graph = torch.cuda.CUDAGraph()
    # Other threads may go on: nothing that they do touches this stream.
    with (
        _RECORDING,
        torch.cuda.graph(graph, pool=pool, stream=stream, capture_error_mode="thread_local"),
    ):
        found = compute(given)

    def replay(waveforms: Tensor) -> Packed:
        given.copy_(waveforms, non_blocking=True)
        graph.replay()
        return found

    return replay
