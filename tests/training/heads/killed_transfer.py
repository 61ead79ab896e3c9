"""`panns transfer --fine-tune` in tiny stages: a process that kills itself in a step of the last.

python killed_transfer.py STEP ARGUMENT...
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from panns_inference.cli import main
from panns_inference.training import Run
from panns_inference.training.modes import MODES, Mode, Stage

STAGES = (
    Stage(whole=False, epochs=1, learning_rate=0.01, batch_size=4, least_steps=10),
    Stage(
        whole=True,
        epochs=1,
        learning_rate=1e-3,
        batch_size=2,
        least_steps=30,
        statistics=False,
    ),
)
TINY = Mode("fine-tune", STAGES)


class Killed(Run[Any, Any]):
    """A run that is killed before a step of the last stage."""

    def _take_step(self, batch: Any) -> None:
        if self.settings.steps == STAGES[-1].least_steps and self.step == int(sys.argv[1]):
            os.kill(os.getpid(), signal.SIGKILL)
        super()._take_step(batch)


if __name__ == "__main__":
    from panns_inference.training.modes import learning

    learning.Run = Killed  # type: ignore[misc]
    MODES["fine-tune"] = TINY  # type: ignore[index]
    raise SystemExit(main(sys.argv[2:]))
