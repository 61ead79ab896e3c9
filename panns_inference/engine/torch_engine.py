"""A module of torch, computed by torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from importlib.util import find_spec
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ..errors import UsageError
from ..models import FrontEnd, Network, PannsMini
from ..models.logmel import LogmelNetwork
from ..models.precision import single_at_least, widest
from ..wording import argument
from .contract import Grid, Outputs, Statistics, Waveforms
from .fingerprint import Fingerprint, checksum
from .receptive_field import grid_of
from .schedule import MOST_WORKERS, Schedule
from .threads import take

SIZES = {"clipwise_output": "classes_num", "embedding": "embedding_size"}
"""Output to the attribute of a network that is its length."""


ELSEWHERE = {
    "fp16": "needs a GPU: a CPU computes in 'float32', or 'bf16' if it has instructions for it",
    "int8": "is that of a file: `panns export MODEL --to onnx --int8 --calibrate DIR` writes one, "
    "and model='FILE.onnx' opens it",
}
"""Precisions that are not those of a network on the CPU, and where they are."""

BATCH_SECONDS = 20.0
"""Length of the clips of a batch.

On two cores, CNN14 takes clips of 5 s 1.5 times as fast in batches of 20 s, and no faster in longer
ones; PannsMini takes four of them 1.7 times as fast on one core. Networks whose first layers work
at the rate of the waveform are slowed down by any batch, LeeNet11 to the half: what they hold of
one clip fills the caches.
"""


M = TypeVar("M", bound=nn.Module)


class TorchEngine:
    """A network of `models`, or any module whose `forward(waveforms, None)` returns such outputs.

    The module is in evaluation mode whenever it computes. On the CPU its fast form computes.

    Args:
        module: it, or the `DataParallel` around it.
        device: where it is.
        precision: what convolutions compute in: 'float32', or 'bf16' on a CPU with instructions
            for it.
        memory: 'default', or 'small' for a single copy of the weights.
        threads: cores that torch uses in this process; None leaves them as they are. In a process
            that was forked from one that uses torch it is a single one.

    Raises:
        UsageError: for a precision that the module or the device cannot compute in, and for
            unknown settings.
    """

    def __init__(
        self,
        module: nn.Module,
        device: str,
        precision: str = "float32",
        memory: str = "default",
        threads: int | None = None,
    ) -> None:
        self.settings = precision, memory, threads
        self.threads = take(threads)
        self.module = module.eval()
        self.device = device
        self.precision = precision
        self.network: nn.Module = getattr(module, "module", module)
        self.fingerprint = Fingerprint(self.network)
        self.fast = self._fast(precision, memory)

    def _fast(self, precision: str, memory: str) -> nn.Module:
        """The fast form of the network; the module itself if it has none."""
        if reason := ELSEWHERE.get(precision):
            raise UsageError(f"{argument('precision', precision)} {reason}")
        if self.known is None or self.device != "cpu":
            if precision != "float32":
                raise UsageError(
                    f"{type(self.network).__name__} on {self.device} computes in float32 alone, "
                    f"not in {precision}"
                )
            return self.module
        fast = _fused(self.known, precision, memory)
        if fast is not self.known:
            return fast
        if precision != "float32":
            raise UsageError(
                f"{argument('precision', precision)} is not possible: {type(self.known).__name__} "
                "has hooks, methods or types of its own, or torch lacks the operators, and it "
                "computes as it was made to"
            )
        return self.module

    def __reduce__(self) -> tuple[Any, ...]:
        # What was made of the module is of this machine, and made anew on another one.
        return type(self), (self.module, self.device, *self.settings)

    def is_of(self, module: nn.Module, device: str) -> bool:
        """Whether it was made of a module for a device.

        Args:
            module: the module.
            device: where it is to be computed.
        """
        return module is self.module and device == self.device

    @property
    def is_current(self) -> bool:
        """Whether the module is still as it was."""
        return self.fingerprint.is_current

    @cached_property
    def known(self) -> Network | None:
        """The network, if its forward pass is that of `models`, and not somebody's own."""
        is_known = getattr(type(self.network), "forward", None) is Network.forward
        return self.network if is_known and isinstance(self.network, Network) else None

    @property
    def sample_rate(self) -> int:
        """Rate of the waveforms in Hz: 32,000 where the module has no such attribute."""
        return int(getattr(self.network, "sample_rate", FrontEnd.sample_rate))

    @property
    def hop_size(self) -> int:
        """Samples from a frame to the next: 320 where the module has no such attribute."""
        return int(getattr(self.network, "hop_size", FrontEnd.hop_size))

    @property
    def output_names(self) -> tuple[str, ...] | None:
        """Names of the outputs; None if the module has no such attribute."""
        return getattr(self.network, "output_names", None)

    @property
    def sizes(self) -> Mapping[str, int]:
        """Lengths of `clipwise_output` and `embedding`, as far as they are known."""
        network = self.network
        return {name: getattr(network, a) for name, a in SIZES.items() if hasattr(network, a)}

    @property
    def statistics(self) -> Mapping[str, str] | None:
        """What the head keeps of the segments; None for a module with a forward pass of its own."""
        return self.known.statistics_of if self.known else None

    @property
    def window(self) -> int | None:
        """Samples that the network is given at once, if its outputs depend on all of a clip."""
        return self.known.window_samples if self.known else None

    @cached_property
    def grid(self) -> Grid:
        """Where a recording may be cut."""
        return grid_of(self._segmented())

    @property
    def interpolation(self) -> tuple[int, bool]:
        """Frames of a segment, and whether straight lines lead from one to the next."""
        return self._segmented().interpolation

    @property
    def schedule(self) -> Schedule:
        """How to call it; two threads that have a core each are faster than one that has two."""
        workers = min(MOST_WORKERS, self.threads) if self.device == "cpu" else 1
        is_mel = isinstance(self.network, LogmelNetwork | PannsMini)
        return Schedule(workers, BATCH_SECONDS if is_mel else 0.0, self._take_share)

    def _take_share(self, workers: int) -> None:
        """The calling thread takes its share of the cores."""
        take(max(1, self.threads // workers))

    @torch.no_grad()
    def outputs(self, waveforms: Waveforms) -> Outputs:
        """Return the outputs for a batch of waveforms, (batch, ...) each.

        Args:
            waveforms: (batch, samples), an array or a tensor.
        """
        self._evaluate()
        given = torch.as_tensor(waveforms).to(self.device)
        found = self._on(given, self.fast, self.module)(given, None)
        # A module may have some that are None.
        return {name: _array(value.float()) for name, value in found.items() if value is not None}

    @torch.no_grad()
    def segmentwise(self, waveform: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
        """Return the values of each segment, (..., segments).

        Args:
            waveform: (samples,).
        """
        plain = self._segmented()
        given = torch.from_numpy(waveform)[None].to(self.device)
        fast = self.fast if isinstance(self.fast, Network) else plain
        found = segmentwise(self._on(given, fast, plain), given)
        return {
            name: _array(value[0].to(single_at_least(value.dtype))) for name, value in found.items()
        }

    @torch.no_grad()
    def conclude(self, statistics: Statistics, n_segments: int) -> Outputs:
        """Return the outputs for a recording as a whole.

        Args:
            statistics: of all its segments.
            n_segments: their number.
        """
        dtype = widest(torch.device(self.device))
        given = {
            name: torch.as_tensor(value)[None].to(self.device, dtype)
            for name, value in statistics.items()
        }
        found = self._segmented().conclude(given, n_segments)
        return {name: _array(value[0].float()) for name, value in found.items()}

    def identity(self) -> dict[str, str]:
        """Return what results depend on."""
        return {
            "weights": f"sha256:{checksum(self.network)}",
            "precision": self.precision,
            "runtime": f"torch {torch.__version__}",
        }

    @staticmethod
    def _on(waveforms: Tensor, fast: M, plain: M) -> M:
        """Who computes them: what is not finite passes through the activations of the plain one."""
        # A sum is not finite if one of its values is not, and takes a tenth of the time.
        return fast if fast is plain or math.isfinite(waveforms.sum()) else plain

    def _segmented(self) -> Network:
        if self.known is None:
            raise NotImplementedError("a module with a forward pass of its own has no segments")
        self._evaluate()
        return self.known

    def _evaluate(self) -> None:
        """Put the module in evaluation mode, should it have been trained meanwhile."""
        if self.fingerprint.is_training:
            self.module.eval()


def _fused(network: Network, precision: str, memory: str) -> Network:
    """Return the fast form of a network on the CPU; the network itself without the folder `cpu`.

    Nothing else knows of that folder: without it, all is computed as before, and slower.
    """
    if find_spec(".cpu", __package__) is None:
        return network
    from .cpu import fused_network

    return fused_network(network, precision, memory)


def compiled_kernels() -> str | None:
    """Return the instructions for which there are kernels of this package's own, such as `avx512`.

    None where they were not compiled, or are not for this processor.
    """
    if find_spec(".cpu", __package__) is None:
        return None
    from .cpu.library import instructions

    return instructions()


def segmentwise(network: Network, waveforms: Tensor) -> dict[str, Tensor]:
    """Return the values of each segment, (batch, ..., segments), that are wanted above the engines.

    Args:
        network: a network in evaluation mode.
        waveforms: (batch, samples) on its device.
    """
    missing = max(0, network.minimum_samples - waveforms.shape[1])
    padded = functional.pad(waveforms, (0, missing))
    found = network.segmentwise(network.segment_features(padded))
    wanted = {*network.statistics_of.values(), "probabilities"}
    return {name: value for name, value in found.items() if name in wanted}


def _array(tensor: Tensor) -> NDArray[Any]:
    array: NDArray[Any] = tensor.cpu().numpy()
    return array
