"""Files of weights: where the published ones lie, how they get here, and all onto a network.

    registry -> cache -> download -> verification -> state -> opening -> loading
    (table)     (here?)  (fetch)     (checksums)     (file)   (weights)   (network)

Neither torch nor requests is imported before a file is read or downloaded.
"""

from ..registry import CHECKPOINTS, Checkpoint, checkpoint_of
from .cache import cached, destination, usable
from .download import fetch
from .identity import identify
from .loading import load
from .opening import read_state
from .saving import save
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
    "save",
    "usable",
    "verify",
]
