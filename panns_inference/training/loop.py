"""The training loop: steps, scalars, evaluations, checkpoints, and resuming a run.

All that is random in a step is drawn from the run's seed and the number of the step. So a
checkpoint needs no state of a generator, and a run that was killed and resumed equals one that was
not: on a CPU with one thread, bit for bit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Generic, Protocol

import torch
from torch import Tensor
from tqdm import tqdm

from ..checkpoints.description import KEY
from ..checkpoints.saving import description_of
from ..errors import CheckpointError, PannsError, UsageError
from .average import MovingAverage
from .checkpoint import restore, save
from .distributed import ALONE, Processes
from .learner import Batch, Learner, Net
from .scalars import ScalarLog
from .settings import Settings

log = logging.getLogger("panns_inference")

CHECKPOINT = "checkpoint.pth"
"""What a run goes on from, in its folder."""


class Stateful(Protocol):
    """What has a state that a checkpoint keeps: numbers, tensors, and dicts and lists of them."""

    def state_dict(self) -> dict[str, Any]:
        """Return the state."""

    def load_state_dict(self, state: dict[str, Any]) -> object:
        """Go on from a state.

        Args:
            state: as `state_dict` returned it.
        """


class Run(Generic[Net, Batch]):
    """A network in training, its average and its optimizer, in a folder.

    Args:
        network: the network; training starts with its values, unless the folder has a checkpoint.
        loss: network and batch to the terms of the loss, each a mean over the clips of the batch;
            `loss` is minimized, all are written.
        evaluate: network to metrics; it is given the average, if there is one.
        columns: names of the terms and of the metrics, for the table of scalars.
        settings: settings of the run.
        folder: `checkpoint.pth`, `scalars.csv` and `tensorboard/` are kept there. With several
            machines, all of them need it.
        sampler: what draws the clips, if that has a state.
        labels: display names of the classes, if the checkpoints are to say them: then the network
            is one of `models`.
        mids: an identifier of each class; none if there are none.
        processes: that learn this network.

    Raises:
        CheckpointError: if there is a checkpoint in the folder that is not of this run.
        UsageError: if the labels do not fit the network, or the machines do not share the folder.
    """

    def __init__(
        self,
        network: Net,
        loss: Callable[[Net, Batch], dict[str, Tensor]],
        evaluate: Callable[[Net], dict[str, float]],
        columns: Sequence[str],
        settings: Settings,
        folder: str | Path,
        *,
        sampler: Stateful | None = None,
        labels: Sequence[str] = (),
        mids: Sequence[str] = (),
        processes: Processes = ALONE,
    ) -> None:
        self.network, self.evaluate, self.settings = network, evaluate, settings
        self.columns, self.sampler, self.processes = columns, sampler, processes
        self.checkpoint = Path(folder) / CHECKPOINT
        self.learner = Learner(network, loss, settings, processes)
        self.average = (
            MovingAverage(network, settings.average_decay) if settings.average_decay else None
        )
        self.step = 0
        self.sums: dict[str, Tensor] = {}
        """Sums of the terms of the loss since the last row of scalars."""

        self._description = (
            {KEY: description_of(network, self.checkpoint, labels, mids).entry()} if labels else {}
        )
        self._stopped = False
        if state := restore(self.checkpoint):
            self._resume(state)
        if not processes.agree(self.step):
            raise UsageError(f"{folder} is not the same folder in all processes: share its disk")

    @property
    def evaluated(self) -> Net:
        """The network to be judged and kept: the average, if there is one."""
        return self.average.network if self.average else self.network

    def _resume(self, state: dict[str, Any]) -> None:
        try:
            self.learner.load_state_dict(state)
            if self.average:
                self.average.network.load_state_dict(state["average"])
            if self.sampler:
                self.sampler.load_state_dict(state["sampler"])
            device = self.processes.device
            self.sums = {name: value.to(device) for name, value in state["sums"].items()}
            self.step = int(state["iteration"])
        except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"{self.checkpoint} is not of this run ({error}): move it away to start from the "
                "first step"
            ) from error
        log.info("%s: resumed after step %d", self.checkpoint, self.step)

    def start_from(self, network: Net) -> None:
        """Copy the values of another network to the run and to its average.

        Args:
            network: of the same architecture.
        """
        for ours in (self.network, self.evaluated):
            ours.load_state_dict(network.state_dict())

    def save(self) -> None:
        """Write the checkpoint; all processes must call it."""
        self.sums = self.processes.mean(self.sums)
        if not self.processes.is_first:
            return
        state = {
            "iteration": self.step,
            **self.learner.state_dict(),
            "sampler": self.sampler.state_dict() if self.sampler else {},
            "sums": self.sums,
            **({"average": self.average.network.state_dict()} if self.average else {}),
            **self._description,
        }
        save(state, self.checkpoint)

    def stop(self) -> None:
        """Make `learn` write a checkpoint and return, after the current step; for signal handlers.

        If one of several processes is to stop, all of them do, at the same step.
        """
        self._stopped = True

    def learn(self, batches: Iterable[Batch]) -> None:
        """Take a step for each batch, until there is none or `stop` was called.

        Args:
            batches: the batches from number `step` on, named tuples of tensors whose first axis is
                that of the clips; with several processes, this one's share of each.

        Raises:
            PannsError: if another process was stopped, and so this one, too.
            UsageError: if a batch does not divide into micro-batches, or TensorBoard is missing.
        """
        is_first, left = self.processes.is_first, self.settings.steps - self.step
        with self._scalars() if is_first else nullcontext() as scalars:
            for batch in tqdm(batches, total=left, unit="step", disable=None if is_first else True):
                self._take_step(batch)
                if self.step % self.settings.scalar_interval == 0:
                    self._report(scalars)
                # They may get signals in different steps; torchrun waits for 30 s, then kills.
                if self.processes.any(self._stopped):
                    self.save()
                    log.info("%s: stopped after step %d", self.checkpoint, self.step)
                    if not self._stopped:  # nobody is to take it for done
                        raise PannsError(
                            f"another process was stopped after step {self.step}, and this one "
                            "with it: start all of them again to go on"
                        )
                    return

    def _scalars(self) -> ScalarLog:
        folder = self.checkpoint.parent
        folder.mkdir(parents=True, exist_ok=True)
        return ScalarLog(folder, ("learning_rate", *self.columns), self.step)

    def _take_step(self, batch: Batch) -> None:
        terms = self.learner.step(batch, self.step)
        if self.average:
            self.average.update(self.network, self.step)
        self.step += 1
        for name, term in terms.items():
            mean = term / self.settings.scalar_interval
            self.sums[name] = self.sums[name] + mean if name in self.sums else mean

    def _report(self, scalars: ScalarLog | None) -> None:
        """Write a row, and what else is due."""
        means, self.sums = self.processes.mean(self.sums), {}
        if scalars:
            rate = self.learner.schedule(self.step - 1)
            terms = {name: float(mean) for name, mean in means.items()}
            metrics = self._metrics() if self._is_due(self.settings.evaluation_interval) else {}
            scalars.write(self.step, {"learning_rate": rate, **terms, **metrics})
        if self._is_due(self.settings.checkpoint_interval):
            self.save()

    def _metrics(self) -> dict[str, float]:
        with torch.no_grad():
            metrics = self.evaluate(self.evaluated.eval())
        if metrics:
            figures = ", ".join(f"{name} {value:.4g}" for name, value in metrics.items())
            log.info("step %d: %s", self.step, figures)
        return metrics

    def _is_due(self, interval: int) -> bool:
        return self.step % interval == 0 or self.step == self.settings.steps
