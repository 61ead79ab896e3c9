"""One step: the gradients of a batch, and what the optimizer makes of them.

batch --+--> micro-batch --autocast--> terms of the loss --+--> mean gradient --> optimizer
        '--> micro-batch --autocast--> terms of the loss --'
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from ..errors import UsageError
from .distributed import Processes
from .optimizers import OPTIMIZERS
from .schedule import Schedule
from .settings import AUTOCAST, Settings

Net = TypeVar("Net", bound=nn.Module)
Batch = TypeVar("Batch", bound=tuple[Tensor, ...])

SEEDS = 1 << 26
"""Distance between the seeds of two processes: more steps than a run has."""


class Learner(Generic[Net, Batch]):
    """A network and its optimizer.

    Args:
        network: it is moved to the device of the process.
        loss: network and batch to the terms of the loss, each a mean over the clips of the batch;
            `loss` is minimized.
        settings: how it learns.
        processes: that learn this network.

    Raises:
        UsageError: for float16 on a CPU.
    """

    def __init__(
        self,
        network: Net,
        loss: Callable[[Net, Batch], dict[str, Tensor]],
        settings: Settings,
        processes: Processes,
    ) -> None:
        device = processes.device
        if settings.autocast == "float16" and device.type != "cuda":
            raise UsageError("autocast='float16' needs a GPU: take 'bfloat16', or none")
        self.network = network.to(device)
        self.settings, self.processes = settings, processes
        self.schedule = Schedule(
            settings.learning_rate, settings.steps, settings.warm_up, settings.decay
        )
        self.optimizer = OPTIMIZERS[settings.optimizer](
            [each for each in network.parameters() if each.requires_grad],
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
        )
        # The gradients of float16 would vanish; otherwise it does nothing.
        self.scaler = torch.amp.GradScaler(device.type, enabled=settings.autocast == "float16")
        self._terms = processes.connected(_Terms(network, loss))
        self._apart: Callable[[], AbstractContextManager[None]] = nullcontext

    def step(self, batch: Batch, number: int) -> dict[str, Tensor]:
        """Take a step, and return the terms of the loss, in float64.

        Args:
            batch: this process's share of the clips.
            number: of the step, from 0.

        Raises:
            UsageError: if the batch does not divide into equal micro-batches.
        """
        torch.manual_seed(self.settings.seed + number + SEEDS * self.processes.rank)
        self.network.train()
        self.optimizer.zero_grad()
        last = self.settings.accumulate - 1
        found = [
            self._learn(each, is_last=index == last)
            for index, each in enumerate(micro_batches(batch, self.settings.accumulate))
        ]
        self._optimise(self.schedule(number))
        # Only now do the processes know which weights get gradients.
        self._apart = getattr(self._terms, "no_sync", nullcontext)
        return {name: torch.stack([each[name] for each in found]).mean() for name in found[0]}

    def _learn(self, batch: Batch, *, is_last: bool) -> dict[str, Tensor]:
        """Add the gradients of a micro-batch; after the last, they are those of all processes."""
        device, dtype = self.processes.device, AUTOCAST[self.settings.autocast]
        moved = type(batch)(*(each.to(device, non_blocking=True) for each in batch))
        with nullcontext() if is_last else self._apart():
            with torch.autocast(device.type, dtype, enabled=dtype is not None):
                terms: dict[str, Tensor] = self._terms(moved)
            loss = self.scaler.scale(terms["loss"] / self.settings.accumulate)
            loss.backward()  # type: ignore[no-untyped-call]
        return {name: term.detach().double() for name, term in terms.items()}

    def _optimise(self, rate: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        if self.settings.gradient_norm:
            self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.gradient_norm)
        self.scaler.step(self.optimizer)
        self.scaler.update()

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint says of the network and of its optimizer."""
        return {
            "model": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint.

        Args:
            state: as `state_dict` returns it.

        Raises:
            UsageError: if it is of an optimizer with other settings.
        """
        (given, *_), (own, *_) = (
            each["param_groups"] for each in (state["optimizer"], self.optimizer.state_dict())
        )
        for name in sorted(own.keys() & given.keys() - {"params", "lr"}):
            if own[name] != given[name]:
                raise UsageError(f"its optimizer had {name} {given[name]}, not {own[name]}")
        self.network.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scaler.load_state_dict(state["scaler"])


class _Terms(nn.Module):
    """Network and loss as one module: what DistributedDataParallel can connect."""

    def __init__(self, network: nn.Module, loss: Callable[..., dict[str, Tensor]]) -> None:
        super().__init__()
        self.network, self.loss = network, loss

    def forward(self, batch: tuple[Tensor, ...]) -> dict[str, Tensor]:
        return self.loss(self.network, batch)


def micro_batches(batch: Batch, number: int) -> Iterator[Batch]:
    """Yield equal shares of a batch.

    Args:
        batch: a named tuple of tensors, (clips, ...) each.
        number: how many.

    Raises:
        UsageError: if there are none.
    """
    n_clips = len(batch[0])
    if n_clips % number:
        raise UsageError(
            f"a batch of {n_clips} clips has no {number} equal micro-batches: give a size that is "
            "a multiple of accumulate"
        )
    for fields in zip(*(torch.split(each, n_clips // number) for each in batch), strict=True):
        yield type(batch)(*fields)
