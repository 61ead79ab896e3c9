"""The model that a command line chooses, and memory for it.

A library must not change how its process takes memory, and a program may. What a network gives back
is kept for its next forward pass. glibc returns large pieces to the system as soon as they are
free, and gets them again page by page, each filled with zeros first: LeeNet11 takes 1.5 to 3 times
as long by that.

What is imported stays to the end. Torch makes some hundred thousand objects, and Python would look
through them for garbage time and again: a tenth of the time of that import.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import logging
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from .. import cores
from ..registry import NETWORKS
from . import signals

if TYPE_CHECKING:
    from ..model import Model
    from ..registry import Checkpoint

LOG = logging.getLogger("panns_inference")

SHORT_SECONDS = 60.0
"""Length of a recording that is processed before copies of the weights have paid: on two cores,
CNN14 takes 0.3 s to lay them out, which two minutes of sound get back."""

MEASURED = "clipwise_output"
"""The output that a published mAP is about: it says nothing of events and embeddings."""

WORTH_OF_DOUBLING = 0.01
"""Published mAP that a network must have more for twice the multiply-adds, to be called better."""

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Names of settings in `malloc.h`."""


def open_model(given: argparse.Namespace, output: str, inputs: Sequence[str] = ()) -> Model:
    """Return the model that a command line chooses.

    Args:
        given: the command line.
        output: what the command needs of a network, where none is named.
        inputs: what it is to process.
    """
    keep_what_is_freed()
    with without_garbage_collection(), signals.at_once():
        from ..audio import stated_length
        from ..checkpoints import identify
        from ..inference import AudioTagging

        name = given.model or (
            identify(given.checkpoint, output) if given.checkpoint else best_here(output)
        )
        is_short = len(inputs) == 1 and stated_length(inputs[0]) <= SHORT_SECONDS
        model = AudioTagging(
            name,
            given.checkpoint,
            given.device or "cuda",
            precision=given.precision,
            memory=given.memory or ("small" if is_short else "default"),
            threads=given.threads or cores.available(),
        )
    if given.device == "cuda" != model.device:
        LOG.warning("warning: device 'cuda' is not there: using the CPU")
    LOG.debug("%s on %s", model.name, model.device)
    return model


def best_here(output: str) -> str:
    """Return the name of the best network on this machine that has an output, and log it.

    It is the one with the largest published mAP. Where such figures say that another one is better
    at what is wanted, the best for its cost of these is named, too.

    Args:
        output: its name.
    """
    from ..checkpoints import CHECKPOINTS, usable

    able = [c for name, c in CHECKPOINTS.items() if output in NETWORKS[name].output_names]
    by_precision = sorted(able, key=_precision, reverse=True)
    chosen = next(c for c in by_precision if usable(c))
    best, hint = max(able, key=_value), ""
    if output == MEASURED and _precision(best) > _precision(chosen):
        hint = (
            f"; {best.name} is better at tagging (AudioSet mAP {_precision(best):.3f}): "
            f"panns models download {best.name}"
        )
    LOG.info("using %s%s", chosen.name, hint)
    return chosen.name


def _value(checkpoint: Checkpoint) -> float:
    """The published mAP, less what the cost has to bring to be worth it."""
    multi_adds = NETWORKS[checkpoint.name].multi_adds
    return _precision(checkpoint) - WORTH_OF_DOUBLING * math.log2(multi_adds)


def _precision(checkpoint: Checkpoint) -> float:
    """The published mAP; 0 where there is none."""
    return checkpoint.mean_average_precision or 0.0


def keep_what_is_freed() -> None:
    """Keep freed memory for the process from now on, where that is known: on Linux with glibc."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        allocator = ctypes.CDLL(None)
        allocator.mallopt(TRIM_THRESHOLD, 2**31 - 1)
        # The most that is allowed; larger pieces always come from the system.
        allocator.mallopt(MMAP_THRESHOLD, 2**25)


@contextlib.contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Switch garbage collection off in this context."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
