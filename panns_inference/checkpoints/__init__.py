"""The published weights: where they lie, how they get here, and onto a network.

    registry -> cache -> download -> verification -> state -> loading
    (table)     (here?)  (fetch)     (checksums)     (file)   (network)

Neither torch nor requests is imported before a file is read or downloaded.
"""

from ..registry import CHECKPOINTS, Checkpoint, checkpoint_of
from .cache import cached, destination, usable
from .download import fetch
from .identity import identify
from .loading import load
from .state import read_state
from .verification import Verification, verify

__all__ = [
    "CHECKPOINTS",
    "Checkpoint",
    "Verification",
    "cached",
    "checkpoint_of",
    "destination",
    "fetch",
    "identify",
    "load",
    "read_state",
    "usable",
    "verify",
]
