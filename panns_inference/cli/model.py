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
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from .. import cores
from ..arguments import is_weights
from . import signals
from .choice import best_here

if TYPE_CHECKING:
    from ..model import Model

LOG = logging.getLogger("panns_inference")

SHORT_SECONDS = 60.0
"""Length of a recording that is processed before copies of the weights have paid: on two cores,
CNN14 takes 0.3 s to lay them out, which two minutes of sound get back."""

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

        name, path = given.model, given.checkpoint
        if is_weights(name) and not path:
            name, path = None, name
        name = name or (identify(path, output) if path else best_here(output))
        is_short = len(inputs) == 1 and stated_length(inputs[0]) <= SHORT_SECONDS
        model = AudioTagging(
            name,
            path,
            given.device or "cuda",
            precision=given.precision,
            memory=given.memory or ("small" if is_short else "default"),
            threads=given.threads or cores.available(),
        )
    if given.device == "cuda" != model.device:
        LOG.warning("warning: device 'cuda' is not there: using the CPU")
    LOG.debug("%s on %s", model.name, model.device)
    return model


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
