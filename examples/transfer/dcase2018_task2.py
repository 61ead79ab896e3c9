"""DCASE 2018 task 2, FSDKaggle2018: sounds of 41 classes, 0.3 to 30 s long, in segments of 4 s.

    FSDKaggle2018.audio_train/00044347.wav                       9,473 recordings
    FSDKaggle2018.audio_test/00326aa9.wav                        1,600 recordings
    FSDKaggle2018.meta/train_post_competition.csv                fname,label,...
    FSDKaggle2018.meta/test_post_competition_scoring_clips.csv   fname,label,usage,...

or, as the challenge gave them out: `audio_train`, `audio_test`, `train.csv` and
`test_post_competition.csv`. There, clips whose usage is `Ignored` were never judged.

E. Fonseca et al., General-purpose tagging of Freesound audio with AudioSet labels, DCASE 2018.
"""

from __future__ import annotations

from pathlib import Path

from panns_inference import UsageError
from panns_inference.training.data import Clip, Dataset, dataset

from .layout import all_there, rows, top
from .segments import in_segments
from .task import Task, row

SECONDS = 4.0

META = "FSDKaggle2018.meta/"

LAYOUTS = (
    {
        "train": (META + "train_post_competition.csv", "FSDKaggle2018.audio_train"),
        "test": (META + "test_post_competition_scoring_clips.csv", "FSDKaggle2018.audio_test"),
    },
    *(
        {"train": ("train.csv", train), "test": ("test_post_competition.csv", test)}
        for train, test in (
            ("audio_train/audio_train", "audio_test/audio_test"),  # as its archives unpack now
            ("audio_train", "audio_test"),
        )
    ),
)
"""Split to its table and to the folder of its recordings."""


def read(folder: Path) -> Dataset:
    """Return the segments of the recordings of both splits.

    Args:
        folder: one of `LAYOUTS`.

    Raises:
        UsageError: if the recordings of the table of training are nowhere.
    """
    folder = top(folder, *dict.fromkeys(layout["train"][0] for layout in LAYOUTS))
    layout = next(
        (each for each in LAYOUTS if all((folder / path).exists() for path in each["train"])), None
    )
    if layout is None:
        places = ", ".join(layout["train"][1] for layout in LAYOUTS)
        raise UsageError(f"{folder} has none of the folders of recordings: {places}")
    recordings = all_there(
        Clip(folder / audio / each["fname"], (each["label"],), split=split)
        for split, (table, audio) in layout.items()
        for each in rows(folder / table, ("fname", "label"))
        if each.get("usage") != "Ignored"
    )
    return dataset(in_segments(recordings, SECONDS))


TASK = Task(
    "DCASE 2018 task 2",
    read,
    n_recordings=9473 + 1600,
    seconds=SECONDS,
    metric="mAP@3",
    paper=row(0.954, 0.902, 0.941, 0.717, 0.768),
)
