"""GTZAN: 1,000 pieces of music of 30 s in ten genres, ten folds.

    genres_original/blues/blues.00000.wav    or `genres`, as it was first published

The data set has no folds of its own. Here each genre is shuffled and dealt out to ten folds, so
that each has as many of every genre. Pieces come twice, and artists are in several folds (B. Sturm,
arXiv 1306.1461): figures are too good, and comparable only where the folds are the same. The copy
on Kaggle has a broken file, jazz.00054.wav, which is left out with a line that names it.

G. Tzanetakis, P. Cook, Musical genre classification of audio signals, IEEE Transactions on Speech
and Audio Processing, 2002.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from panns_inference import UsageError
from panns_inference.training.data import Clip, Dataset, dataset

from .layout import top
from .task import Task, row

FOLDERS = ("genres_original", "genres")

N_FOLDS = 10

SEED = 0
"""Of the folds."""


def read(folder: Path) -> Dataset:
    """Return the clips with their folds.

    Args:
        folder: the one with one of `FOLDERS`.

    Raises:
        UsageError: if no genre has a recording.
    """
    folder = top(folder, *FOLDERS)
    genres = next(folder / name for name in FOLDERS if (folder / name).exists())
    draw = np.random.default_rng(SEED)
    clips = []
    for genre in sorted(path for path in genres.iterdir() if path.is_dir()):
        pieces = sorted(genre.glob(f"{genre.name}.*"))
        folds = draw.permutation(len(pieces)) % N_FOLDS + 1
        clips += [
            Clip(piece, (genre.name,), fold=str(fold))
            for piece, fold in zip(pieces, folds.tolist(), strict=True)
        ]
    if not clips:
        raise UsageError(f"{genres} has no recordings such as blues/blues.00000.wav")
    return dataset(clips)


TASK = Task(
    "GTZAN",
    read,
    n_recordings=1000,
    seconds=30,
    paper=row(0.939, 0.758, 0.915, 0.827, 0.858),
)
