"""A whole recording at once: for modules whose segments are not known."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from ..engine import Outputs
from .waiting import State, Waiting, Waveform

Frames = NDArray[np.float32]
"""Probabilities, (frames, classes) or (segments, classes)."""


class WholePass:
    """Holds all samples until the end.

    Args:
        outputs: (1, samples) to the outputs of the module, (1, ...) each.
        state: of another one, to go on where it stood.
    """

    silence = 0
    """Samples that were not heard."""

    def __init__(
        self,
        outputs: Callable[[Waveform], Outputs],
        state: Mapping[str, NDArray[np.generic]] | None = None,
    ) -> None:
        self.outputs = outputs
        self.waiting = Waiting(state)

    @property
    def n_samples(self) -> int:
        """Samples so far."""
        return self.waiting.end

    def feed(self, samples: Waveform) -> Frames | None:
        """Nothing is known before the end.

        Args:
            samples: (n,).
        """
        self.waiting.add(samples)
        return None

    def finish(self) -> tuple[Outputs, Frames | None]:
        """The outputs, and the framewise probabilities, (frames, classes), if there are any."""
        heard = self.outputs(self.waiting.between(0, self.n_samples)[None])
        outputs = {name: value[0] for name, value in heard.items()}
        return outputs, outputs.pop("framewise_output", None)

    def state(self) -> State:
        """All that is needed to go on."""
        return self.waiting.state()
