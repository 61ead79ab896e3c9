"""A network on one GPU: waveforms on the host in, arrays out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor

from ...models import Network
from ..contract import Outputs
from ..torch_engine import segmentwise
from .batch_size import BatchSplitter, fitting_seconds
from .graphs import GraphCache, capture
from .packing import Packed, joined, packed, unpacked
from .precision import inference_copy, without_tf32

FULL_SCALE = 1 << 15
"""What samples of 16 bits are divided by."""

Step = Callable[[Network, Tensor], Mapping[str, Tensor]]


class Replica:
    """A copy of a network on a GPU, which one thread at a time makes use of.

    Args:
        network: in evaluation mode.
        device: the GPU.
        dtype: what convolutions are rounded to; None rounds nothing.
    """

    def __init__(self, network: Network, device: torch.device, dtype: torch.dtype | None) -> None:
        self.device = device
        self.lock = threading.Lock()
        self.stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        record = partial(capture, stream=self.stream, pool=torch.cuda.graph_pool_handle())
        made = inference_copy(network, device, dtype)
        self.whole, self.segments = (
            GraphCache(partial(computed, step, made, device), record)
            for step in (whole, segmentwise)
        )
        memory = torch.cuda.get_device_properties(device).total_memory
        max_samples = int(fitting_seconds(memory) * network.sample_rate)
        self.splitter = BatchSplitter(max_samples, self._release, str(device))

    def outputs(self, waveforms: Tensor) -> Outputs:
        """Return the outputs for a batch of waveforms, (batch, ...) each.

        Args:
            waveforms: (batch, samples), float32 or int16, one or more.
        """
        return self._through(self.whole, waveforms)

    def segmentwise(self, waveform: Tensor) -> Outputs:
        """Return the values of each segment, (..., segments).

        Args:
            waveform: (1, samples).
        """
        return {name: value[0] for name, value in self._through(self.segments, waveform).items()}

    def _through(self, step: GraphCache, waveforms: Tensor) -> Outputs:
        if waveforms.device.type == "cpu":
            # Before the lock: one thread copies while another one computes.
            waveforms = waveforms.pin_memory()
        with self.lock, torch.no_grad(), without_tf32():
            # Weights and waveforms may still be on their way.
            self.stream.wait_stream(torch.cuda.current_stream(self.device))
            with torch.cuda.stream(self.stream):
                return joined(self.splitter.each(lambda group: unpacked(step(group)), waveforms))

    def _release(self) -> None:
        self.whole.forget()
        self.segments.forget()
        torch.cuda.empty_cache()


def computed(step: Step, network: Network, device: torch.device, waveforms: Tensor) -> Packed:
    """What a step gives for some waveforms, on the device.

    Args:
        step: `whole` or `segmentwise`.
        network: in evaluation mode, on the device.
        device: it.
        waveforms: (batch, samples), floats or int16, on the device or the host.
    """
    there = waveforms.to(device, non_blocking=True)
    return packed(step(network, scaled(there)))


def whole(network: Network, waveforms: Tensor) -> Mapping[str, Tensor]:
    """The outputs of a network.

    Args:
        network: in evaluation mode.
        waveforms: (batch, samples) float32.
    """
    found: Mapping[str, Tensor] = network(waveforms)
    return found


def scaled(waveforms: Tensor) -> Tensor:
    """Samples as float32: those of 16 bits are divided by their full scale, which is exact.

    Args:
        waveforms: (batch, samples), floats or int16.
    """
    is_short = waveforms.dtype == torch.int16
    return waveforms.float() / FULL_SCALE if is_short else waveforms.float()
