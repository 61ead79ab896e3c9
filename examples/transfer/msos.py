"""MSoS, Making Sense of Sounds: 2,000 clips of 4 s in five classes, of which 500 are judged.

    Logsheet_Development.csv         Category,Event,File
    Development/Nature/0001.wav      1,500 clips, in a folder of their category
    Logsheet_EvaluationMaster.csv    Category,Event,File
    Evaluation/0001.wav              500 clips

C. Kroos et al., Generalisation in environmental sound classification: the 'Making Sense of
Sounds' data set and challenge, ICASSP 2019.
"""

from __future__ import annotations

from pathlib import Path

from panns_inference.training.data import Clip, Dataset, dataset

from .layout import all_there, rows, top
from .task import Task, row

LOGS = {
    "train": ("Logsheet_Development.csv", "Development/{Category}/{File}"),
    "test": ("Logsheet_EvaluationMaster.csv", "Evaluation/{File}"),
}
"""Split to its log, and to the path of a recording by the columns of the log."""


def read(folder: Path) -> Dataset:
    """Return the clips of both splits.

    Args:
        folder: where both archives were unpacked, into one folder or into one each.
    """
    clips = []
    for split, (log, path) in LOGS.items():
        place = top(folder, log)
        clips += [
            Clip(place / path.format_map(each), (each["Category"],), split=split)
            for each in rows(place / log, ("Category", "File"))
        ]
    return dataset(all_there(clips))


TASK = Task(
    "MSoS",
    read,
    n_recordings=1500 + 500,
    seconds=4,
    paper=row(0.930, 0.760, 0.960, 0.886, 0.930),
)
