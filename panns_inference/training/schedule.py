"""The learning rate of a step."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    r"""Rise, plateau, fall: a straight line up, a constant, a straight line down to zero.

        peak      ____________
                 /            \
        0  _____/              \
            warm_up        decay

    The plateau does not depend on `steps`: a run can be lengthened until its decay begins.

    Attributes:
        peak: learning rate of the plateau.
        steps: length of the whole run.
        warm_up: steps of the rise.
        decay: steps of the fall.
    """

    peak: float
    steps: int
    warm_up: int = 0
    decay: int = 0

    def __call__(self, step: int) -> float:
        """Return the learning rate of a step.

        Args:
            step: number of the step, from 0.
        """
        rise = (step + 1) / (self.warm_up + 1)
        fall = (self.steps - step) / (self.decay + 1)
        return self.peak * max(0.0, min(1.0, rise, fall))
