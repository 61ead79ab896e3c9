"""A run of a tiny network, as a process that kills itself, or as several that torchrun starts.

python tiny_run.py FOLDER STEP ACCUMULATE    kills itself in this step, if there is one
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from panns_inference.training import Processes, Run, Settings, processes
from panns_inference.training.distributed import ALONE

STEPS, CLIPS = 8, 16
COLUMNS = ("loss", "size", "bias")


class Points(NamedTuple):
    x: Tensor
    y: Tensor


class Tiny(nn.Module):
    """With a norm, as the networks of the paper, and with a layer that it does not use."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.layers = nn.Sequential(nn.Linear(4, 16, bias=False), nn.BatchNorm1d(16), nn.ReLU())
        self.last, self.unused = nn.Linear(16, 3), nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.layers(x))


class Draws:
    """Draws clips; which are next is its state."""

    def __init__(self) -> None:
        self.generator = torch.Generator().manual_seed(3)

    def batches(self, number: int, share: slice) -> Iterator[Points]:
        for _ in range(number):
            x = torch.randn(CLIPS, 4, generator=self.generator)
            yield Points(x[share], x.cumsum(1)[share, 1:].sigmoid())

    def state_dict(self) -> dict[str, Any]:
        return {"generator": self.generator.get_state()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.generator.set_state(state["generator"])


def loss(network: Tiny, batch: Points) -> dict[str, Tensor]:
    found = functional.binary_cross_entropy_with_logits(network(batch.x), batch.y)
    return {"loss": found, "size": batch.x.square().mean()}


def bias(network: Tiny) -> dict[str, float]:
    assert not network.training
    return {"bias": float(network.last.bias[0])}


def tiny_run(folder: Path, group: Processes = ALONE, **settings: Any) -> Run[Tiny, Points]:
    """The run, which writes a row and a checkpoint every two steps."""
    given = {"learning_rate": 0.01, "scalar_interval": 2, "checkpoint_interval": 2, **settings}
    run = Settings(seed=1, steps=STEPS, evaluation_interval=4, **given)
    return Run(Tiny(), loss, bias, COLUMNS, run, folder, sampler=Draws(), processes=group)


def learn(run: Run[Tiny, Points], killed_in: int = 0) -> None:
    """Go on to the last step, or die in another."""

    def batches() -> Iterator[Points]:
        for batch in run.sampler.batches(STEPS - run.step, run.processes.share(CLIPS)):
            if run.step + 1 == killed_in:
                os.kill(os.getpid(), signal.SIGKILL)
            yield batch

    run.learn(batches())


def main() -> None:
    with processes() as group:
        folder, killed_in, accumulate = Path(sys.argv[1]), *map(int, sys.argv[2:])
        assert group.agree(7)
        assert group.any(group.rank == 1) == (not group.agree(group.rank)) == (group.count > 1)
        learn(tiny_run(folder, group, accumulate=accumulate), killed_in)


if __name__ == "__main__":
    main()
