"""What is learnt from, in the forms in which people have it.

folders, tables of clips, lists of AudioSet, annotations --read--> data set of clips
                                                                        |
                                          batches of waveforms <--- packed once
"""

from .annotated import read_annotated
from .black_list import without
from .classes import read_labels
from .clips import Clip, Dataset, dataset
from .folders import read_folders
from .manifest import read_manifest, write_manifest
from .packed import Packed
from .packing import pack
from .reading import read_dataset
from .segments import read_segments

__all__ = [
    "Clip",
    "Dataset",
    "Packed",
    "dataset",
    "pack",
    "read_annotated",
    "read_dataset",
    "read_folders",
    "read_labels",
    "read_manifest",
    "read_segments",
    "without",
    "write_manifest",
]
