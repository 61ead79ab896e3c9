"""The processes that learn one network, as torchrun starts them.

process 0   its half of the batch --gradients--.               writes, evaluates, shows progress
                                               mean --> a step
process 1   its half of the batch --gradients--'               torchrun --nproc-per-node 2 ...
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from ..device import resolve
from ..errors import UsageError

CPU = torch.device("cpu")

PATIENCE = timedelta(hours=6)
"""How long the others wait for the first process, while that evaluates."""


@dataclass(frozen=True)
class Processes:
    """All that learn one network, and which of them this one is.

    Attributes:
        device: on which this process computes.
        rank: number of this process, from 0.
        count: how many there are.
    """

    device: torch.device = CPU
    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes, evaluates and shows how far the run is."""
        return self.rank == 0

    def share(self, n_clips: int) -> slice:
        """Return which clips of a batch this process takes.

        Args:
            n_clips: of the whole batch.

        Raises:
            UsageError: if the shares would not be equal.
        """
        size, rest = divmod(n_clips, self.count)
        if rest:
            raise UsageError(
                f"a batch of {n_clips} clips has no {self.count} equal shares: give a size that "
                f"is a multiple of the {self.count} processes"
            )
        return slice(self.rank * size, (self.rank + 1) * size)

    def mean(self, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the means over all processes.

        Args:
            values: numbers, by the same names in each process.
        """
        if self.count == 1 or not values:
            return dict(values)
        total = torch.stack(list(values.values()))
        distributed.all_reduce(total)
        return dict(zip(values, total / self.count, strict=True))

    def any(self, value: bool) -> bool:
        """Return whether something is so in one of the processes.

        Args:
            value: whether it is so in this one.
        """
        return value if self.count == 1 else bool(self.mean({"": torch.tensor(float(value))})[""])

    def agree(self, number: int) -> bool:
        """Return whether a number is the same in all processes.

        Args:
            number: of this one.
        """
        own = torch.tensor(float(number))
        return not self.any(bool(self.mean({"": own})[""] != own))

    def connected(self, module: nn.Module) -> nn.Module:
        """Return a module whose gradients are the means of those of all processes.

        Args:
            module: on `device`; its values become those of the first process.
        """
        if self.count == 1:
            return module
        # A published network may have a layer that it does not use: always the same.
        return DistributedDataParallel(module, static_graph=True)


ALONE = Processes()
"""One process, on the CPU."""


@contextmanager
def processes(device: str | torch.device = "cpu") -> Iterator[Processes]:
    """Enter the group of processes that torchrun started; without torchrun, there is one.

    Args:
        device: 'cpu', or 'cuda', of which each process of a machine gets one of its own.

    Returns:
        A context manager that gives the processes.
    """
    name, count = resolve(device), int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Processes(torch.device(name))
        return
    on_gpu = name.startswith("cuda")
    if on_gpu:
        name = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(name)
    # What is agreed on is on the CPU, and need not wait for the GPUs.
    distributed.init_process_group("cpu:gloo,cuda:nccl" if on_gpu else "gloo", timeout=PATIENCE)
    try:
        yield Processes(torch.device(name), distributed.get_rank(), count)
    finally:
        distributed.destroy_process_group()
