"""What is learnt from, in the forms in which people have it.

folders, tables of clips, lists of AudioSet, annotations --read--> data set of clips
"""

from .annotated import read_annotated
from .black_list import without
from .clips import Clip, Dataset, dataset
from .folders import read_folders
from .manifest import read_manifest, write_manifest
from .reading import read_dataset
from .segments import read_segments

__all__ = [
    "Clip",
    "Dataset",
    "dataset",
    "read_annotated",
    "read_dataset",
    "read_folders",
    "read_manifest",
    "read_segments",
    "without",
    "write_manifest",
]
