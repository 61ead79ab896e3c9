"""RAVDESS: 1,440 spoken sentences of 24 actors in eight emotions, four folds of six actors each.

    Actor_01/03-01-05-01-02-01-01.wav
             |  |  |           '-- actor: odd numbers are men, even ones women
             |  |  '-------------- emotion, see `EMOTIONS`
             |  '----------------- 01 speech, 02 song
             '-------------------- 03 sound alone

Nobody is in two folds: actors 1 to 6 are the first, 7 to 12 the second...

S. Livingstone, F. Russo, The Ryerson Audio-Visual Database of Emotional Speech and Song, PLoS ONE
13(5), 2018.
"""

from __future__ import annotations

from pathlib import Path

from panns_inference import UsageError
from panns_inference.training.data import Clip, Dataset, dataset

from .layout import top
from .task import Task, row

EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
"""Of the codes 01 to 08."""

ACTORS_OF_FOLD = 6

SPEECH = "Actor_*/03-01-*.wav"


def read(folder: Path) -> Dataset:
    """Return the spoken sentences with their folds; songs are left out.

    Args:
        folder: the one with a folder for each actor.

    Raises:
        UsageError: if there is no speech, or a name is none of RAVDESS.
    """
    folder = top(folder, "Actor_01")
    clips = list(map(clip, sorted(folder.glob(SPEECH))))
    if not clips:
        raise UsageError(f"{folder} has no speech, such as Actor_01/03-01-05-01-02-01-01.wav")
    return dataset(clips, EMOTIONS)


def clip(path: Path) -> Clip:
    """Return a sentence with its emotion, and the fold of its actor, by the name of its file.

    Args:
        path: of the recording.

    Raises:
        UsageError: if it is not named as in RAVDESS.
    """
    try:
        _, _, emotion, _, _, _, actor = map(int, path.stem.split("-"))
        label = dict(enumerate(EMOTIONS, 1))[emotion]
    except (ValueError, KeyError):
        raise UsageError(
            f"{path} is not named as recordings of RAVDESS are, 03-01-05-01-02-01-01.wav: seven "
            "numbers, the third of which is an emotion from 01 to 08"
        ) from None
    return Clip(path, (label,), fold=str((actor - 1) // ACTORS_OF_FOLD + 1))


TASK = Task(
    "RAVDESS",
    read,
    n_recordings=1440,
    seconds=5,
    paper=row(0.645, 0.692, 0.721, 0.397, 0.401),
)
