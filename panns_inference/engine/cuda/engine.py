"""The engine of GPUs: one of them, or all that are there."""

from __future__ import annotations

import itertools
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...errors import UsageError
from ...wording import argument
from ..contract import Outputs, Waveforms
from ..fingerprint import is_customized
from ..schedule import Schedule
from ..torch_engine import TorchEngine
from .batch_size import fitting_seconds
from .packing import joined
from .precision import conv_dtype
from .replica import Replica, scaled

WORKERS_A_GPU = 2
"""Threads that call a GPU at the same time: one copies while the other's batch is computed."""

BATCH_SECONDS = 320.0
"""Length of the clips of a batch: as many clips of 10 s as wait for each other."""


class CudaEngine(TorchEngine):
    """A network on GPUs: on 'cuda' on all of them, on 'cuda:1' on that one.

    Several GPUs share a batch; in a folder run, threads take turns in which GPU they belong to,
    and compute a batch each there. Threads do, and no processes are needed: whatever takes time
    (decoding, resampling, copies, kernels) leaves Python free, and the journal of a run stays the
    affair of one process. Which GPU has computed a batch makes no difference among GPUs of a kind.

    A module of one's own, and a network with hooks, are computed as they are.

    Args:
        module: a network of `models`, any other module, or the `DataParallel` around it.
        device: 'cuda', or 'cuda:' with a number.
        precision: 'float32', in which results are those of the CPU; or 'bf16' or 'fp16', to which
            the convolutions of a network of `models` are rounded.
        memory: has no effect on a GPU, whose copies hold no more than the weights.
        threads: as for `TorchEngine`.

    Raises:
        UsageError: for a precision that the GPU or the module has not.
    """

    def __init__(
        self,
        module: nn.Module,
        device: str,
        precision: str = "float32",
        memory: str = "default",
        threads: int | None = None,
    ) -> None:
        place = torch.device(device)
        numbers = range(torch.cuda.device_count()) if place.index is None else [place.index]
        self.places = [torch.device("cuda", number) for number in numbers]
        self.dtype = conv_dtype(precision, min(map(torch.cuda.get_device_capability, self.places)))
        self.process = os.getpid()
        self.turns = itertools.count()
        self.thread = threading.local()
        self.lock = threading.Lock()
        super().__init__(module, device, precision, memory, threads)

    def _fast(self, precision: str, memory: str) -> nn.Module:
        """The module itself: its copies are made when they are needed."""
        if self.dtype and not self._is_copied():
            raise UsageError(
                f"{argument('precision', precision)} is for the networks of "
                "panns_inference.models: a module of one's own, or with hooks, computes as it was "
                "made to"
            )
        return self.module

    @cached_property
    def replicas(self) -> list[Replica]:
        """The network on each of the GPUs."""
        return [Replica(self._segmented(), place, self.dtype) for place in self.places]

    @property
    def schedule(self) -> Schedule:
        """How to call it: each thread belongs to one of the GPUs."""
        if not self._is_copied():
            return super().schedule._replace(enter_worker=self._take_turn)
        memories = (torch.cuda.get_device_properties(place).total_memory for place in self.places)
        seconds = min(BATCH_SECONDS, *map(fitting_seconds, memories))
        return Schedule(WORKERS_A_GPU * len(self.places), seconds, self._take_turn)

    def _take_turn(self, workers: int) -> None:
        self.thread.turn = next(self.turns)

    def outputs(self, waveforms: Waveforms) -> Outputs:
        """Return the outputs for a batch of waveforms, (batch, ...) each.

        Args:
            waveforms: (batch, samples), an array or a tensor, of floats or int16.
        """
        self._check_process()
        given: Tensor = torch.as_tensor(waveforms)
        if not self._is_copied() or len(given) == 0:
            return super().outputs(scaled(given))
        replicas = self._own()
        shares = given.chunk(len(replicas))
        if len(shares) == 1:
            return replicas[0].outputs(given)
        with ThreadPoolExecutor(len(shares)) as pool:
            return joined(list(pool.map(Replica.outputs, replicas, shares)))

    def segmentwise(self, waveform: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
        """Return the values of each segment, (..., segments).

        Args:
            waveform: (samples,).
        """
        self._check_process()
        if not self._is_copied():
            return super().segmentwise(waveform)
        return dict(self._own()[0].segmentwise(torch.from_numpy(waveform)[None]))

    def identity(self) -> dict[str, str]:
        """Return what results depend on."""
        names = sorted(set(map(torch.cuda.get_device_name, self.places)))
        runtime = f"torch {torch.__version__}, {', '.join(names)}"
        return {**super().identity(), "runtime": runtime}

    def _check_process(self) -> None:
        """Refuse to compute in a process that was forked: CUDA would fail there."""
        if os.getpid() != self.process:
            raise UsageError(
                f"a model on {self.device} cannot be used in a process that was forked from the "
                "one that loaded it: start processes with multiprocessing.get_context('spawn')"
            )

    def _own(self) -> list[Replica]:
        """The GPU of the calling thread, or all if it has none of its own."""
        turn = getattr(self.thread, "turn", None)
        with self.lock:  # made once, also if all threads call for the first time
            replicas = self.replicas
        return replicas if turn is None else [replicas[turn % len(replicas)]]

    def _is_copied(self) -> bool:
        """Whether copies of the network compute what it would."""
        return self.known is not None and not is_customized(self.network)
