"""Anybody's events compared with anybody's annotations.

files --read--> events by recording --aligned--> the same names in both --metrics--> figures
"""

from .align import aligned
from .annotations import read_annotations
from .figures import Measures, figures

__all__ = ["Measures", "aligned", "figures", "read_annotations"]
