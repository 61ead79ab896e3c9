"""The training loop: steps, scalars, checkpoints, and resuming a run.

All that is random in a step is drawn from the run's seed and the number of the step. So a
checkpoint needs no state of a generator or of a sampler, and a run that was killed and resumed
equals one that was not, bit for bit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn
from tqdm import tqdm

from ..errors import UsageError
from .average import MovingAverage
from .checkpoint import restore, save
from .scalars import ScalarLog
from .schedule import Schedule

Net = TypeVar("Net", bound=nn.Module)
Batch = TypeVar("Batch")

log = logging.getLogger("panns_inference")


@dataclass(frozen=True)
class Settings:
    """Settings of a run: how it learns and what it writes.

    Attributes:
        seed: of every draw of the run.
        steps: length of the run.
        learning_rate: learning rate of the plateau.
        warm_up: steps of the rise of the learning rate, see `Schedule`.
        decay: steps of its fall.
        weight_decay: that of AdamW.
        gradient_norm: largest norm of the gradient of a step; 0 does not limit it.
        average_decay: decay of the moving average of the weights in a step.
        scalar_interval: steps between rows of the scalars; a row holds the means since the last.
        checkpoint_interval: steps between checkpoints and evaluations, a multiple of
            `scalar_interval`.

    Raises:
        UsageError: if a row of the scalars would be incomplete.
    """

    seed: int
    steps: int
    learning_rate: float
    warm_up: int = 0
    decay: int = 0
    weight_decay: float = 0.0
    gradient_norm: float = 0.0
    average_decay: float = 0.999
    scalar_interval: int = 1
    checkpoint_interval: int = 500

    def __post_init__(self) -> None:
        for name in ("checkpoint_interval", "steps"):
            if getattr(self, name) % self.scalar_interval:
                raise UsageError(
                    f"{name} must be a multiple of scalar_interval ({self.scalar_interval}), so "
                    f"that every row of scalars is whole; got {getattr(self, name)}"
                )


class Run(Generic[Net, Batch]):
    """A network in training, its average and its optimizer, in a folder.

    Args:
        network: the network; training starts with its values, unless the folder holds a state.
        loss: network and batch to the terms of the loss; `loss` is minimized, all are written.
        evaluate: the averaged network to metrics, called at each checkpoint.
        columns: names of the terms and of the metrics, for the table of scalars.
        settings: settings of the run.
        folder: `state.pt` and `scalars.csv` are kept there.
    """

    def __init__(
        self,
        network: Net,
        loss: Callable[[Net, Batch], dict[str, Tensor]],
        evaluate: Callable[[Net], dict[str, float]],
        columns: tuple[str, ...],
        settings: Settings,
        folder: str | Path,
    ) -> None:
        self.network, self.loss, self.evaluate = network, loss, evaluate
        self.settings, self.folder = settings, Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.schedule = Schedule(
            settings.learning_rate, settings.steps, settings.warm_up, settings.decay
        )
        self.average = MovingAverage(network, settings.average_decay)
        self.optimizer = torch.optim.AdamW(
            [p for p in network.parameters() if p.requires_grad],
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
            fused=True,
        )
        self.step = 0
        self.sums: dict[str, float] = {}
        """Sums of the terms of the loss since the last row of scalars."""

        self._stopped = False
        if state := restore(self.folder / "state.pt"):
            self._resume(state)
        self.scalars = ScalarLog(
            self.folder / "scalars.csv", ("learning_rate", *columns), self.step
        )

    def _resume(self, state: dict[str, Any]) -> None:
        self.step = int(state["step"])
        self.sums = dict(state.get("sums", {}))
        self.network.load_state_dict(state["network"])
        self.average.network.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        log.info("%s: resumed after step %d", self.folder, self.step)

    def start_from(self, network: Net) -> None:
        """Copy the values of another network to the run and to its average.

        Args:
            network: of the same architecture.
        """
        for ours in (self.network, self.average.network):
            ours.load_state_dict(network.state_dict())

    def save(self) -> None:
        """Write the state of the run into its folder."""
        state = {
            "step": self.step,
            "sums": self.sums,
            "network": self.network.state_dict(),
            "average": self.average.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        save(state, self.folder / "state.pt")

    def stop(self) -> None:
        """Make `learn` write the state and return after the current step; for signal handlers."""
        self._stopped = True

    def learn(self, batches: Iterable[Batch]) -> None:
        """Take a step for each batch, until there is none or `stop` was called.

        Args:
            batches: the batches from number `step` on.
        """
        left = self.settings.steps - self.step
        for batch in tqdm(batches, total=left, unit="step", disable=None):
            terms = self._take_step(batch)
            for name, term in terms.items():
                mean = float(term) / self.settings.scalar_interval
                self.sums[name] = self.sums.get(name, 0.0) + mean
            if self.step % self.settings.scalar_interval == 0:
                means, self.sums = self.sums, {}
                self._report(means)
            if self._stopped:
                self.save()
                log.info("%s: stopped after step %d", self.folder, self.step)
                return

    def _take_step(self, batch: Batch) -> dict[str, Tensor]:
        rate = self.schedule(self.step)
        torch.manual_seed(self.settings.seed + self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.network.train()
        terms = self.loss(self.network, batch)
        self.optimizer.zero_grad()
        terms["loss"].backward()  # type: ignore[no-untyped-call]
        if self.settings.gradient_norm:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.gradient_norm)
        self.optimizer.step()
        self.average.update(self.network, self.step)
        self.step += 1
        return {name: term.detach() for name, term in terms.items()}

    def _report(self, means: dict[str, float]) -> None:
        metrics: dict[str, float] = {}
        due = self.step % self.settings.checkpoint_interval == 0
        if due or self.step == self.settings.steps:
            metrics = self.evaluate(self.average.network)
        rate = self.schedule(self.step - 1)
        self.scalars.write(self.step, {"learning_rate": rate, **means, **metrics})
        if metrics:
            self.save()
            log.info("step %d: %s", self.step, metrics)
