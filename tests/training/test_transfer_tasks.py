"""The paper's transfer tasks: what is read of data sets in their published layouts."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path

import made_tasks
import numpy as np
import pytest

from examples.transfer import segments
from examples.transfer.tasks import TASKS
from panns_inference import UsageError
from panns_inference.training.data import Clip, Dataset


def rows(data: Dataset, below: Path) -> list[tuple[str, str, str, str]]:
    """Path, label, split and fold of each clip."""
    return [
        (clip.path.relative_to(below).as_posix(), *clip.labels, clip.split, clip.fold)
        for clip in data.clips
    ]


def test_esc50_has_the_folds_of_its_table(tmp_path: Path) -> None:
    data = TASKS["esc50"].read(made_tasks.esc50(tmp_path / "ESC-50-master").parent)
    assert data.labels == ("dog", "rooster", "airplane")  # by their targets: 0, 1, 47
    found = rows(data, tmp_path / "ESC-50-master/audio")
    assert found[0] == ("1-1000-A-0.wav", "dog", "", "1")
    assert found[-1] == ("5-1047-B-47.wav", "airplane", "", "5")
    assert Counter(row[1:] for row in found) == {
        (label, "", fold): 2 for label in data.labels for fold in "12345"
    }


def test_esc10_is_what_the_table_says_is_in_it(tmp_path: Path) -> None:
    data = TASKS["esc10"].read(made_tasks.esc50(tmp_path))
    assert data.labels == ("dog", "rooster")
    assert len(data.clips) == 20


def test_dcase2019_has_its_own_split(tmp_path: Path) -> None:
    made_tasks.dcase2019_task1a(tmp_path)
    place = tmp_path / "TAU-urban-acoustic-scenes-2019-development"
    wanted = [
        ("audio/airport-lisbon-1000-0-a.wav", "airport", "train", ""),
        ("audio/airport-lisbon-1000-1-a.wav", "airport", "train", ""),
        ("audio/bus-lisbon-1000-0-a.wav", "bus", "train", ""),
        ("audio/bus-lisbon-1000-1-a.wav", "bus", "train", ""),
        ("audio/airport-lisbon-1000-2-a.wav", "airport", "test", ""),
        ("audio/bus-lisbon-1000-2-a.wav", "bus", "test", ""),
    ]
    for folder in (tmp_path, place):
        assert rows(TASKS["dcase2019-task1a"].read(folder), place) == wanted


def test_dcase2018_is_cut_into_segments_of_4_s(tmp_path: Path) -> None:
    data = TASKS["dcase2018-task2"].read(made_tasks.fsdkaggle2018(tmp_path))
    found = [
        (clip.path.stem, *clip.labels, clip.split, clip.onset, clip.offset) for clip in data.clips
    ]
    assert found == [
        ("train0", "Cello", "train", 0, 4),  # of 9.5 s: a rest of 1.5 s is left out
        ("train0", "Cello", "train", 4, 8),
        ("train1", "Bark", "train", 0, 4),  # of 4.1 s
        ("train2", "Cello", "train", 0, 4),  # of 0.4 s
        ("train3", "Bark", "train", 0, 4),  # of 6 s: half a segment is one
        ("train3", "Bark", "train", 4, 8),
        ("test0", "Bark", "test", 0, 4),
        ("test0", "Bark", "test", 4, 8),
        ("test1", "Cello", "test", 0, 4),
    ]


@pytest.mark.parametrize("nested", [False, True])
def test_dcase2018_is_the_same_in_the_layout_of_kaggle(tmp_path: Path, nested: bool) -> None:
    names = ("audio_train/audio_train", "audio_test/audio_test") if nested else ()
    here = made_tasks.kaggle(tmp_path / "kaggle", *names)
    there = made_tasks.fsdkaggle2018(tmp_path / "zenodo")
    one, other = (TASKS["dcase2018-task2"].read(folder) for folder in (here, there))
    assert [(clip.path.name, clip.onset, clip.split) for clip in one.clips] == [
        (clip.path.name, clip.onset, clip.split) for clip in other.clips
    ]
    parent = "audio_train/audio_train" if nested else "audio_train"
    assert one.clips[0].path == here / parent / "train0.wav"


def test_msos_is_judged_by_its_evaluation_set(tmp_path: Path) -> None:
    data = TASKS["msos"].read(made_tasks.msos(tmp_path))
    assert data.labels == made_tasks.CATEGORIES
    found = rows(data, tmp_path)
    development = "MSoS_challenge_2018_Development_v1-00/Development"
    assert found[:3] == [
        (f"{development}/Effects/Effects_0.wav", "Effects", "train", ""),
        (f"{development}/Effects/Effects_1.wav", "Effects", "train", ""),
        (f"{development}/Human/Human_0.wav", "Human", "train", ""),
    ]
    evaluation = "MSoS_challenge_2018_Evaluation_v1-00/Evaluation"
    assert found[-1] == (f"{evaluation}/0004.wav", "Urban", "test", "")
    assert Counter(row[2] for row in found) == {"train": 10, "test": 5}


@pytest.mark.parametrize("name", ["genres_original", "genres"])
def test_gtzan_has_as_many_of_each_genre_in_each_fold(tmp_path: Path, name: str) -> None:
    data = TASKS["gtzan"].read(made_tasks.gtzan(tmp_path, name))
    found = rows(data, tmp_path / name)
    assert found[0][0] == "blues/blues.00000.wav"
    assert Counter(row[1:] for row in found) == {
        (genre, "", str(fold)): 1 for genre in ("blues", "jazz") for fold in range(1, 11)
    }
    assert TASKS["gtzan"].read(tmp_path) == data
    folds = [row[3] for row in found if row[1] == "blues"]
    assert folds != sorted(folds, key=int), "they are shuffled"


def test_ravdess_has_no_actor_in_two_folds(tmp_path: Path) -> None:
    data = TASKS["ravdess"].read(made_tasks.ravdess(tmp_path))
    assert data.labels[4] == "angry"
    assert len(data.labels) == 8
    found = rows(data, tmp_path)
    assert found[0] == ("Actor_01/03-01-05-01-01-01-01.wav", "angry", "", "1")
    assert found[-1] == ("Actor_24/03-01-08-01-01-01-24.wav", "surprised", "", "4")
    actors = {path.split("/")[0]: fold for path, _, _, fold in found}
    assert len(found) == 48, "songs are left out"
    assert Counter(actors.values()) == {"1": 6, "2": 6, "3": 6, "4": 6}
    for fold, first in {"1": 1, "2": 7, "3": 13, "4": 19}.items():
        assert [name for name in actors if actors[name] == fold] == [
            f"Actor_{actor:02}" for actor in range(first, first + 6)
        ]


@pytest.mark.parametrize("name", TASKS)
def test_another_folder_is_refused_with_what_it_should_have(tmp_path: Path, name: str) -> None:
    marks = {
        "esc50": "meta/esc50.csv",
        "esc10": "meta/esc50.csv",
        "dcase2019-task1a": "evaluation_setup",
        "dcase2018-task2": "FSDKaggle2018.meta/train_post_competition.csv or train.csv",
        "msos": "Logsheet_Development.csv",
        "gtzan": "genres_original or genres",
        "ravdess": "Actor_01",
    }
    sentence = f"{tmp_path}: neither it nor one of its subfolders has {marks[name]}; give"
    with pytest.raises(UsageError, match=re.escape(sentence)):
        TASKS[name].read(tmp_path)


def test_recordings_that_are_not_there_are_counted(tmp_path: Path) -> None:
    made_tasks.esc50(tmp_path)
    for path in (tmp_path / "audio").glob("3-*-A-*.wav"):
        path.unlink()
    sentence = f"3 of 30 recordings are not there, such as {tmp_path}/audio/3-1000-A-0.wav"
    with pytest.raises(UsageError, match=re.escape(sentence)):
        TASKS["esc50"].read(tmp_path)


def test_tables_that_are_none_are_refused(tmp_path: Path) -> None:
    meta = tmp_path / "meta/esc50.csv"
    made_tasks.table(meta, "filename,fold", [("a.wav", 1)])
    with pytest.raises(
        UsageError, match="no column category, esc10, target; it has filename, fold"
    ):
        TASKS["esc50"].read(tmp_path)
    made_tasks.table(meta, "filename,fold,target,category,esc10,src_file,take", [])
    with pytest.raises(UsageError, match=r"esc50.csv has no rows below its heading"):
        TASKS["esc50"].read(tmp_path)
    place = made_tasks.dcase2019_task1a(tmp_path) / "TAU-urban-acoustic-scenes-2019-development"
    (place / "evaluation_setup/fold1_evaluate.csv").unlink()
    with pytest.raises(
        UsageError, match=r"fold1_evaluate.csv is not there; it comes with the data"
    ):
        TASKS["dcase2019-task1a"].read(tmp_path)


def test_folders_without_recordings_are_refused(tmp_path: Path) -> None:
    kaggle = made_tasks.kaggle(tmp_path / "kaggle")
    shutil.rmtree(kaggle / "audio_train")
    with pytest.raises(UsageError, match=r"none of the folders of recordings: FSD.*, audio_train"):
        TASKS["dcase2018-task2"].read(kaggle)
    (tmp_path / "genres/blues").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"has no recordings such as blues/blues\.00000\.wav"):
        TASKS["gtzan"].read(tmp_path)
    (tmp_path / "Actor_01").mkdir()
    with pytest.raises(UsageError, match="has no speech, such as Actor_01/03-01"):
        TASKS["ravdess"].read(tmp_path)
    for name in ("03-01-happy.wav", "03-01-09-01-01-01-01.wav"):
        made_tasks.tone(tmp_path / "Actor_01" / name, 0)
        with pytest.raises(UsageError, match=f"{name} is not named as recordings of RAVDESS"):
            TASKS["ravdess"].read(tmp_path)


def test_figures_of_a_recording_are_the_means_of_its_segments() -> None:
    clips = [Clip(Path(name), ("x",)) for name in "abac"]
    targets = np.array([[1, 0], [0, 1], [1, 0], [1, 0]], np.float32)
    probabilities = np.array([[0.5, 0.25], [1, 0], [0, 0.75], [0.25, 0.5]], np.float32)
    there, found = segments.by_recording(clips, targets, probabilities)
    assert there.tolist() == [[1, 0], [0, 1], [1, 0]]
    assert found.tolist() == [[0.25, 0.5], [1, 0], [0.25, 0.5]]


@pytest.mark.shared("the paper's tables")
def test_rows_of_the_paper_are_those_of_its_tables(shared: Path) -> None:
    text = (shared / "paper.md").read_text("utf-8").partition("## Transfer")[2]
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    table = {line[0].partition(" (")[0]: line[1:] for line in lines[1:]}
    tasks = {task.title: task for task in TASKS.values() if task.paper}
    assert tasks.keys() == table.keys()
    for title, (metric, *figures) in table.items():
        assert tasks[title].metric == metric
        assert [*tasks[title].paper.values()] == [float(figure) for figure in figures]
