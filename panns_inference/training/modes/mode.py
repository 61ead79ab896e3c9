"""The modes of transfer as a table: what a network starts with, and what learns, for how long.

Q. Kong et al., PANNs: Large-Scale Pretrained Audio Neural Networks for Audio Pattern Recognition,
section V: a system that is trained from scratch, the network as a feature extractor below one or
three dense layers (Freeze_L1, Freeze_L3), and a fine-tuned one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

ROW_STEPS = 10
"""Steps between rows of the scalars."""


@dataclass(frozen=True)
class Stage:
    """A run of learning.

    The learning rate is constant for the first half and falls in a straight line in the second.

    Attributes:
        whole: whether the whole network learns, or its new last layers alone.
        epochs: how often each clip is learnt from.
        learning_rate: of Adam.
        batch_size: clips of a batch.
        mixup: where clips are mixed in pairs, see `Supervised`.
        least_steps: that are taken however few the clips are.
        statistics: whether batch norms take those of the batches, or keep what they have.
    """

    whole: bool
    epochs: int
    learning_rate: float
    batch_size: int = 32
    mixup: str = "none"
    least_steps: int = 0
    statistics: bool = True

    def steps(self, n_clips: int) -> int:
        """Return the number of steps, a multiple of `ROW_STEPS`.

        Args:
            n_clips: that are learnt from.
        """
        wanted = max(self.least_steps, self.epochs * n_clips / self.batch_size)
        return math.ceil(wanted / ROW_STEPS) * ROW_STEPS


@dataclass(frozen=True)
class Mode:
    """A way in which a network learns new classes.

    Attributes:
        name: for folders.
        stages: of learning, one after the other.
        pretrained: whether the network starts with the weights that it has, but for its last
            layers; otherwise with random ones.
        hidden: widths of dense layers that come in front of the last one.
    """

    name: str
    stages: tuple[Stage, ...]
    pretrained: bool = True
    hidden: tuple[int, ...] = ()

    @property
    def is_frozen(self) -> bool:
        """Whether nothing learns but the last layers."""
        return not any(stage.whole for stage in self.stages)


LAST_LAYERS = Stage(whole=False, epochs=80, learning_rate=1e-3, least_steps=300)

MODES: Mapping[str, Mode] = {
    mode.name: mode
    for mode in (
        Mode(
            "scratch",
            (Stage(whole=True, epochs=60, learning_rate=1e-3, batch_size=16, mixup="logmel"),),
            pretrained=False,
        ),
        Mode("freeze-l1", (LAST_LAYERS,)),
        Mode("freeze-l3", (LAST_LAYERS,), hidden=(512, 512)),
        # Last layers that know nothing yet would spoil what the others know (A. Kumar et al.,
        # Fine-Tuning can Distort Pretrained Features, ICLR 2022): they learn first. Statistics of
        # few clips would do the same.
        Mode(
            "fine-tune",
            (LAST_LAYERS, Stage(whole=True, epochs=5, learning_rate=1e-4, statistics=False)),
        ),
    )
}
"""The modes by their names on the command line."""
