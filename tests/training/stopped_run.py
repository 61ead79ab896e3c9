"""A run of a tiny network by several processes, which waits until all of them were told to stop.

torchrun ... stopped_run.py FOLDER    the first batch comes when FOLDER/go is there
"""

from __future__ import annotations

import logging
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from tiny_run import CLIPS, STEPS, Points, tiny_run

from panns_inference.training import prefetched, processes
from panns_inference.training.interruption import stopped_by_signals


@dataclass(frozen=True)
class Batches:
    """Step to batch, drawn by its number in another process."""

    folder: Path
    rank: int
    share: slice

    def __call__(self, step: int) -> Points:
        while not (step or (self.folder / "go").exists()):
            (self.folder / f"waiting {self.rank}").touch()
            time.sleep(0.01)
        x = torch.randn(CLIPS, 4, generator=torch.Generator().manual_seed(step))
        return Points(x[self.share], x.cumsum(1)[self.share, 1:].sigmoid())


def main() -> None:
    logging.basicConfig(level="INFO")
    folder = Path(sys.argv[1])
    with processes() as group:
        run = tiny_run(folder, group, scalar_interval=4, checkpoint_interval=8)

        def stop() -> None:
            run.stop()
            (folder / f"told {group.rank}").touch()

        batches = Batches(folder, group.rank, group.share(CLIPS))
        with stopped_by_signals(stop, several=group.count > 1):
            run.learn(prefetched(batches, run.step, STEPS, 1))


if __name__ == "__main__":
    main()
