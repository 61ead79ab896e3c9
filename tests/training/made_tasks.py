"""Small data sets in the layouts in which those of the paper's transfer tasks were published.

The sound of a class is a tone of its own, with noise.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

RATE = 8000

SCENES = ("airport", "bus")


def tone(path: Path, number: int, seconds: float = 0.5) -> None:
    """Write the tone of a class, by its number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    times = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(zlib.crc32(path.name.encode())).normal(0, 0.01, len(times))
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 300 * 2**number * times) + noise, RATE)


def table(path: Path, columns: str, rows: Sequence[Sequence[object]], between: str = ",") -> None:
    """Write a table; `columns` are written with commas."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [columns.split(","), *rows]
    path.write_text("".join(between.join(map(str, line)) + "\n" for line in lines), "utf-8")


def esc50(folder: Path) -> Path:
    """Three classes, of which two are in ESC-10; two clips of each in each of the five folds."""
    classes = (("dog", 0, True), ("rooster", 1, True), ("airplane", 47, False))
    rows = []
    for fold, (name, target, is_free), take in itertools.product(range(1, 6), classes, "AB"):
        file = f"{fold}-{1000 + target}-{take}-{target}.wav"
        tone(folder / "audio" / file, target % 5)
        rows.append((file, fold, target, name, is_free, 1000 + target, take))
    table(folder / "meta/esc50.csv", "filename,fold,target,category,esc10,src_file,take", rows)
    return folder


def dcase2019_task1a(folder: Path) -> Path:
    """Two scenes: two clips of each to learn from, one to judge by, and one of neither."""
    place = folder / "TAU-urban-acoustic-scenes-2019-development"
    files = {
        scene: [f"audio/{scene}-lisbon-1000-{number}-a.wav" for number in range(4)]
        for scene in SCENES
    }
    for number, scene in enumerate(SCENES):
        for file in files[scene]:
            tone(place / file, number)
    for name, numbers in (("train", (0, 1)), ("evaluate", (2,))):
        rows = [(files[scene][number], scene) for scene in SCENES for number in numbers]
        table(place / f"evaluation_setup/fold1_{name}.csv", "filename,scene_label", rows, "\t")
    return folder


FREESOUND = {
    "train": (("Cello", 9.5), ("Bark", 4.1), ("Cello", 0.4), ("Bark", 6.0)),
    "test": (("Bark", 8.2), ("Cello", 3.0)),
}
"""Split to the label and the length in seconds of each recording."""


def fsdkaggle2018(folder: Path) -> Path:
    """The recordings of `FREESOUND`, as on Zenodo."""
    meta = folder / "FSDKaggle2018.meta"
    rows = recordings(folder / "FSDKaggle2018.audio_train", "train", "0,1,CC0")
    table(
        meta / "train_post_competition.csv",
        "fname,label,manually_verified,freesound_id,license",
        rows,
    )
    rows = recordings(folder / "FSDKaggle2018.audio_test", "test", "Private,1,CC0")
    table(
        meta / "test_post_competition_scoring_clips.csv",
        "fname,label,usage,freesound_id,license",
        rows,
    )
    return folder


def kaggle(folder: Path, train: str = "audio_train", test: str = "audio_test") -> Path:
    """The same as on Kaggle, with a clip that was never judged."""
    table(
        folder / "train.csv",
        "fname,label,manually_verified",
        recordings(folder / train, "train", "1"),
    )
    rows = recordings(folder / test, "test", "Public,1,CC0")
    rows.append(("99999999.wav", "None", "Ignored", "", ""))
    table(folder / "test_post_competition.csv", "fname,label,usage,freesound_id,license", rows)
    return folder


def recordings(folder: Path, split: str, rest: str) -> list[tuple[object, ...]]:
    """Write the recordings of a split of `FREESOUND`; return their rows."""
    rows = []
    for number, (label, seconds) in enumerate(FREESOUND[split]):
        tone(folder / f"{split}{number}.wav", label == "Cello", seconds)
        rows.append((f"{split}{number}.wav", label, *rest.split(",")))
    return rows


CATEGORIES = ("Effects", "Human", "Music", "Nature", "Urban")


def msos(folder: Path) -> Path:
    """Two clips a category to learn from, one to judge by, each archive in its own folder."""
    development = folder / "MSoS_challenge_2018_Development_v1-00"
    evaluation = folder / "MSoS_challenge_2018_Evaluation_v1-00"
    logs: dict[str, list[tuple[str, str, str]]] = {"Development": [], "EvaluationMaster": []}
    for number, category in enumerate(CATEGORIES):
        for take in range(2):
            tone(development / "Development" / category / f"{category}_{take}.wav", number)
            logs["Development"].append((category, "an event", f"{category}_{take}.wav"))
        tone(evaluation / "Evaluation" / f"{number:04}.wav", number)
        logs["EvaluationMaster"].append((category, "an event", f"{number:04}.wav"))
    for place, (name, rows) in zip((development, evaluation), logs.items(), strict=True):
        table(place / f"Logsheet_{name}.csv", "Category,Event,File", rows)
    return folder


def gtzan(folder: Path, name: str = "genres_original") -> Path:
    """Two genres with ten pieces each, one of which is broken."""
    for number, genre in enumerate(("blues", "jazz")):
        for piece in range(10):
            tone(folder / name / genre / f"{genre}.{piece:05}.wav", number)
    (folder / name / "jazz" / "jazz.00004.wav").write_bytes(b"\0" * 1000)
    return folder


def ravdess(folder: Path) -> Path:
    """All 24 actors with two of the emotions, and a song."""
    for actor, emotion in itertools.product(range(1, 25), (5, 8)):
        file = f"03-01-{emotion:02}-01-01-01-{actor:02}.wav"
        tone(folder / f"Actor_{actor:02}" / file, emotion - 5)
    tone(folder / "Actor_01" / "03-02-05-01-01-01-01.wav", 0)
    return folder
