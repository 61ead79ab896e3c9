"""The published weights: what there is, where it lies, how it gets here and onto a network.

    registry -> cache -> download -> verification -> state -> network
    (table)     (here?)  (fetch)     (checksums)     (file)   (load)

Neither torch nor requests is imported before a file is read or downloaded.
"""

from .cache import cached, destination
from .download import fetch
from .inspection import usable
from .loading import identify, load
from .registry import ADDRESS, CHECKPOINTS, CITATION, LICENCE, RECORD, Checkpoint, find
from .state import read_state
from .verification import Verification, verify

__all__ = [
    "ADDRESS",
    "CHECKPOINTS",
    "CITATION",
    "LICENCE",
    "RECORD",
    "Checkpoint",
    "Verification",
    "cached",
    "destination",
    "fetch",
    "find",
    "identify",
    "load",
    "read_state",
    "usable",
    "verify",
]
