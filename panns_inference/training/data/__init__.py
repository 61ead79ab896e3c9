"""What is learnt from, in the forms in which people have it.

folders, ... --read--> data set of clips
"""

from .clips import Clip, Dataset, dataset
from .folders import read_folders

__all__ = ["Clip", "Dataset", "dataset", "read_folders"]
