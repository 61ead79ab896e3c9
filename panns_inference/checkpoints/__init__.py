"""The published weights: what there is, where it lies, how it gets here and onto a network.

    registry -> cache -> download -> verification -> state -> network
    (table)     (here?)  (fetch)     (checksums)     (file)   (load)

Neither torch nor requests is imported before a file is read or downloaded.
"""

from ..registry import CHECKPOINTS, Checkpoint, checkpoint_of
from .cache import cached, destination
from .download import fetch
from .inspection import usable
from .loading import identify, load
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
