"""The network that a command uses if none is named: of those that are here, the best at its task.

What is best at tags and at embeddings says the published mAP, and at events what was measured of
them: an mAP says nothing of times. What was not measured comes behind what was.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import NamedTuple

from ..registry import NETWORKS, Checkpoint
from .once_a_day import is_due

LOG = logging.getLogger("panns_inference")

WORTH_OF_DOUBLING = 0.01
"""How much larger a figure must be for twice the multiply-adds, to be called better."""


def precision(checkpoint: Checkpoint) -> float | None:
    """Return the published mAP.

    Args:
        checkpoint: the weights.
    """
    return checkpoint.mean_average_precision


def event_f1(checkpoint: Checkpoint) -> float | None:
    """Return the event F1 that was measured.

    Args:
        checkpoint: the weights.
    """
    return NETWORKS[checkpoint.name].event_f1


class Judge(NamedTuple):
    """What says which network is better.

    Attributes:
        figure: the larger, the better; None where it is not known.
        better: at what a larger one is better; empty where it is a stand-in, and proves nothing.
    """

    figure: Callable[[Checkpoint], float | None]
    better: str


EVENTS = "framewise_output"
"""The output that events are found in."""

JUDGES = {
    "clipwise_output": Judge(precision, "tagging (AudioSet mAP {:.3f})"),
    EVENTS: Judge(event_f1, "events (event F1 {:.3f})"),
    "embedding": Judge(precision, ""),
}
"""By the output that a command needs."""


def best_here(output: str) -> str:
    """Return the name of the network on this machine that is best at an output, and log it.

    Where another one is better, the best for its cost is named, too, or for events the one that
    panns-inference 0.1 used, which was not measured; that once a day at most.

    Args:
        output: its name.
    """
    from ..checkpoints import CHECKPOINTS, usable
    from ..inference import SoundEventDetection

    judge, detects = JUDGES[output], output == EVENTS

    def rank(checkpoint: Checkpoint) -> tuple[float, float]:
        """What is not known comes behind what is, by its mAP."""
        figure = judge.figure(checkpoint)
        return (-1.0 if figure is None else figure), precision(checkpoint) or 0.0

    # A network without framewise probabilities slides, and its events may have been measured.
    able = [
        each
        for name, each in CHECKPOINTS.items()
        if output in NETWORKS[name].output_names or (detects and judge.figure(each) is not None)
    ]
    chosen = next(each for each in sorted(able, key=rank, reverse=True) if usable(each))
    known = [each for each in able if judge.figure(each) is not None]
    best = max(known, key=lambda each: _value(judge.figure(each), NETWORKS[each.name].multi_adds))
    hint = ""
    if judge.better and rank(best) > rank(chosen):
        better = judge.better.format(judge.figure(best))
        hint = f"; {best.name} is better at {better}: panns models download {best.name}"
    elif detects:
        other = SoundEventDetection.default
        hint = (
            f", whose events measured best; those of {other}, the network of panns-inference 0.1, "
            f"were not measured: --model {other}"
        )
    LOG.info("using %s%s", chosen.name, hint if hint and is_due("better-network") else "")
    return chosen.name


def _value(figure: float | None, multi_adds: int) -> float:
    """A figure, less what the cost has to bring to be worth it."""
    return (figure or 0) - WORTH_OF_DOUBLING * math.log2(multi_adds)
