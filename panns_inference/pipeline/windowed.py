"""A recording in windows, for networks whose outputs depend on all that they are given.

    recording   |----|----|----|----|----|----|--
    windows     |---------|
                     |---------|
                          |---------|
                               |---------|
                                   |---------|     the last one ends with the recording

The outputs are the means of those of the windows: the probability of a class in a window that is
drawn at random.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine import Engine, Outputs
from .blocks import Waveform
from .segments import Frames, whole_outputs
from .sliding import Batch, Placement, Stretches
from .state import SavedState, State, inner, nested

OVERLAP = 2
"""Windows that each moment lies in."""

AT_ONCE = 2
"""Windows of a batch."""


class WindowedPass:
    """Chunks of any size in; the outputs at the end.

    Args:
        engine: what computes the network, with a `window`.
        n_classes: number of classes.
        peak: windows whose samples are no larger are silent: they do not count, and are not
            computed. None computes everything.
        state: of another pass, to go on where it stood.
    """

    def __init__(
        self,
        engine: Engine,
        n_classes: int,
        peak: float | None = None,
        state: SavedState | None = None,
    ) -> None:
        state = state or {}
        self.engine = engine
        self.n_classes = n_classes
        self.peak = peak
        window = engine.window or 0
        saved = inner(state, "stretches") or None
        self.stretches = Stretches(window, window // OVERLAP, Placement.INSIDE, AT_ONCE, saved)
        self.sums: dict[str, NDArray[Any]] = inner(state, "sums")
        self.n_windows, self.silence, self.end = (
            int(state.get(name, 0)) for name in ("n_windows", "silence", "end")
        )

    @property
    def n_samples(self) -> int:
        """Samples so far."""
        return self.stretches.buffer.end

    def feed(self, samples: Waveform) -> Frames | None:
        """Return None: there are no frames.

        Args:
            samples: what follows, (n,).
        """
        self._add(self.stretches.feed(samples))
        return None

    def finish(self, min_samples: int = 0) -> tuple[Outputs, Frames | None]:
        """Return the outputs of the recording, and None for its frames.

        Args:
            min_samples: to which a shorter recording is padded, no more than a window; where
                silence is not computed, none is added.
        """
        if self.n_samples <= self.stretches.length and self.peak is None:
            samples = self.stretches.buffer.between(0, self.n_samples)
            return whole_outputs(self.engine, samples, min_samples)
        self._add(self.stretches.finish())
        if self.n_windows:
            means = {name: total / self.n_windows for name, total in self.sums.items()}
            return {name: mean.astype(np.float32) for name, mean in means.items()}, None
        sizes = {**self.engine.sizes, "clipwise_output": self.n_classes}
        return {name: np.zeros(sizes[name], np.float32) for name in sizes}, None

    def _add(self, batches: Iterable[Batch]) -> None:
        for batch in batches:
            loud = self._loud(batch)
            if not loud.any():
                continue
            self.n_windows += int(loud.sum())
            for name, values in self.engine.outputs(batch.waveforms[loud]).items():
                total = values.sum(axis=0, dtype=np.float64)
                self.sums[name] = self.sums[name] + total if name in self.sums else total

    def _loud(self, batch: Batch) -> NDArray[np.bool_]:
        """Return which windows are not silent, and count what is new in those that are."""
        loud = np.ones(len(batch.firsts), bool)
        for row, first in enumerate(batch.firsts):
            last = first + batch.n_valid[row]
            if self.peak is not None and not (np.abs(batch.waveforms[row]) > self.peak).any():
                loud[row] = False
                self.silence += last - max(first, self.end)
            self.end = last
        return loud

    def state(self) -> State:
        """Return all that is needed to go on."""
        counts = {name: np.asarray(getattr(self, name)) for name in ("n_windows", "silence", "end")}
        return {**nested({"stretches": self.stretches.state(), "sums": self.sums}), **counts}
