"""The forward pass over waveforms of any length: at once what fits into a block, else in blocks.

All that is computed goes through here: batches of clips by `outputs_of`, long recordings chunk by
chunk by `pass_over`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..audio import float32_samples
from ..engine import Engine, Outputs, Waveforms
from ..model import Model
from .blocks import Buffer, Waveform
from .segments import BlockwisePass, Frames, whole_outputs
from .state import SavedState, State
from .windowed import WindowedPass

BLOCK = 30
"""Seconds that go through the network at once."""


def outputs_of(model: Model, waveforms: Waveforms, *names: str) -> Outputs:
    """Return the outputs for a batch of waveforms, (batch, ...) each; long ones go in blocks.

    Args:
        model: the network.
        waveforms: (batch, samples).
        names: of outputs that are needed.

    Raises:
        UsageError: if the network has not one of them.
    """
    engine = model.engine
    is_long = waveforms.shape[1] > (engine.window or BLOCK * model.sample_rate)
    passes = [_pass(engine, model) for _ in waveforms] if is_long else []
    if passes and not isinstance(passes[0], WholePass):
        rows = list(map(_in_blocks, passes, map(float32_samples, waveforms)))
        outputs = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    else:
        outputs = engine.outputs(waveforms)
    for name in names:
        if name not in outputs:
            raise model.lacks(name)
    return outputs


def pass_over(model: Model, peak: float | None = None, state: SavedState | None = None) -> Pass:
    """Return a pass over one recording, which takes it chunk by chunk.

    Args:
        model: the network.
        peak: largest magnitude of silence, which is not computed; None computes everything.
        state: of another pass, to go on where it stood.
    """
    return _pass(model.engine, model, peak, state)


def _pass(
    engine: Engine, model: Model, peak: float | None = None, state: SavedState | None = None
) -> Pass:
    if engine.window is not None:
        return WindowedPass(engine, model.classes_num, peak, state)
    if engine.statistics is None:
        return WholePass(engine, state)
    return BlockwisePass(engine, BLOCK * model.sample_rate, model.classes_num, peak, state)


class WholePass:
    """Holds all samples until the end: for modules whose segments are not known.

    Args:
        engine: what computes the module.
        state: of another pass, to go on where it stood.
    """

    silence = 0
    """Samples that were not computed."""

    def __init__(self, engine: Engine, state: SavedState | None = None) -> None:
        self.engine = engine
        self.buffer = Buffer(state)

    @property
    def n_samples(self) -> int:
        """Samples so far."""
        return self.buffer.end

    def feed(self, samples: Waveform) -> Frames | None:
        """Return None: nothing is known before the end.

        Args:
            samples: what follows, (n,).
        """
        self.buffer.add(samples)
        return None

    def finish(self, min_samples: int = 0) -> tuple[Outputs, Frames | None]:
        """Return the clipwise outputs, and the framewise probabilities, if there are any.

        Args:
            min_samples: to which a shorter recording is padded.
        """
        return whole_outputs(self.engine, self.buffer.between(0, self.n_samples), min_samples)

    def state(self) -> State:
        """Return all that is needed to go on."""
        return self.buffer.state()


Pass = BlockwisePass | WindowedPass | WholePass


def _in_blocks(one: Pass, waveform: NDArray[np.float32]) -> Outputs:
    """All outputs for one waveform, (samples,), by a pass of its own."""
    first = one.feed(waveform)
    outputs, last = one.finish()
    frames = [rows for rows in (first, last) if rows is not None]
    return {**outputs, **({"framewise_output": np.concatenate(frames)} if frames else {})}
