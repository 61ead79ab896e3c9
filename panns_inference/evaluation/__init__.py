"""Anybody's events and tags compared with anybody's annotations.

files --read--> events by recording --aligned--> the same names in both --metrics--> figures
"""

from .align import aligned, of_the_only_recording
from .annotations import read_annotations
from .figures import Measures, figures
from .search import Choice, Known, best_rules
from .tags import tag_figures

__all__ = [
    "Choice",
    "Known",
    "Measures",
    "aligned",
    "best_rules",
    "figures",
    "of_the_only_recording",
    "read_annotations",
    "tag_figures",
]
