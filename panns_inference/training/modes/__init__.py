"""The ways in which a network moves to new classes: from scratch, frozen, fine-tuned.

network --new last layers--> stage --> stage --> network with the new classes
                               |
                 last layers alone, on features that were computed once; or all of it
"""

from .features import Features, OnFeatures
from .learning import learnt
from .mode import MODES, Mode, Stage
from .validation import CrossValidation, Division, cross_validated, divisions

__all__ = [
    "MODES",
    "CrossValidation",
    "Division",
    "Features",
    "Mode",
    "OnFeatures",
    "Stage",
    "cross_validated",
    "divisions",
    "learnt",
]
