"""The paper's transfer tasks from a folder to the row beside the paper's, on made-up data sets."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import made_tasks
import numpy as np
import pytest

from examples.transfer import __main__ as program
from examples.transfer import run
from examples.transfer.table import comparison
from examples.transfer.task import Task
from examples.transfer.tasks import TASKS
from panns_inference import AudioTagging
from panns_inference.models import Network
from panns_inference.training.batches import Clips
from panns_inference.training.data import pack
from panns_inference.training.modes import MODES, CrossValidation, Mode, Stage, divisions

MADE = {
    "esc50": made_tasks.esc50,
    "dcase2019-task1a": made_tasks.dcase2019_task1a,
    "dcase2018-task2": made_tasks.fsdkaggle2018,
    "msos": made_tasks.msos,
    "gtzan": made_tasks.gtzan,
    "ravdess": made_tasks.ravdess,
}

N_FOLDS = {"esc50": 5, "gtzan": 10, "ravdess": 4}
"""The others have one split."""

FEW_STEPS = Stage(whole=False, epochs=1, learning_rate=0.05, batch_size=8, least_steps=10)

FROZEN = replace(MODES["freeze-l1"], stages=(FEW_STEPS,))


@pytest.fixture(scope="module")
def network() -> Network:
    return AudioTagging("PannsMini", device="cpu", verbose=False).model


@pytest.mark.parametrize("name", MADE)
def test_every_task_runs(name: str, network: Network, tmp_path: Path) -> None:
    clips = pack(
        TASKS[name].read(MADE[name](tmp_path / "data")), tmp_path / "pack", seconds=0.5, workers=1
    )
    figures = run.transferred(TASKS[name], clips, network, FROZEN, tmp_path / "run")
    assert len(figures) == N_FOLDS.get(name, 1)
    assert np.mean(figures) > 1.5 / len(clips.dataset.labels), "tones are told from one another"


def test_segments_of_a_recording_are_judged_as_one(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def judged(clips: Clips, *_: Any, **__: Any) -> CrossValidation:
        (division,) = divisions(clips.dataset)
        return CrossValidation(clips.dataset, (division,), (np.array(found),))

    monkeypatch.setattr(run, "cross_validated", judged)
    task = TASKS["dcase2018-task2"]
    clips = pack(
        task.read(made_tasks.fsdkaggle2018(tmp_path / "data")), tmp_path / "pack", workers=1
    )
    assert [clip.path.stem for clip in clips.dataset.clips[-3:]] == ["test0", "test0", "test1"]
    assert clips.dataset.labels == ("Bark", "Cello")
    # test0 is a Bark, the second in the mean (0.35, 0.45); test1 is a Cello, the second too.
    found = [[0.2, 0.6], [0.5, 0.3], [0.9, 0.1]]
    assert run.transferred(task, clips, network, FROZEN, tmp_path) == [0.5]
    found[1][0] = 0.8  # (0.5, 0.45): the first
    assert run.transferred(task, clips, network, FROZEN, tmp_path) == [0.75]


def test_a_broken_recording_is_named_and_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = []

    def judged(task: Task, clips: Clips, *_: Any) -> list[float]:
        seen.extend(clip.path.name for clip in clips.dataset.clips)
        return [0.5] * 10

    monkeypatch.setattr(program, "transferred", judged)
    folder = str(made_tasks.gtzan(tmp_path / "data"))
    options = ["--network", "PannsMini", "--folder", str(tmp_path / "run"), "--workers", "1"]
    assert program.main(["gtzan", folder, *options]) == 0
    assert len(seen) == 19
    assert "jazz.00004.wav" not in seen
    (line,) = [each for each in capsys.readouterr().err.splitlines() if "left out" in each]
    assert line.startswith(f"left out {folder}/genres_original/jazz/jazz.00004.wav: ")


def test_the_row_is_beside_the_papers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "MODES", {"freeze-l1": FROZEN})
    monkeypatch.setitem(program.TASKS, "msos", replace(TASKS["msos"], seconds=0.5))
    made_tasks.msos(tmp_path / "data")
    options = ["--network", "PannsMini", "--folder", str(tmp_path / "run"), "--workers", "1"]
    assert program.main(["msos", str(tmp_path / "data"), *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "MSoS: 15 recordings, 5 classes, splits for training and test",
        "It has 2,000 as published: the figures do not compare",
    ]
    assert lines[2].split() == (
        ["MSoS,", "accuracy", "best", "earlier", "scratch", "fine-tune", "freeze-l1", "freeze-l3"]
    )
    assert lines[3].split() == ["paper,", "Cnn14", "0.930", "0.760", "0.960", "0.886", "0.930"]
    *here, reached, last = lines[4].split()
    assert here == ["here,", "PannsMini", "-", "-", "-"]
    assert float(reached) in (0.2, 0.4, 0.6, 0.8, 1)
    assert last == "-"


def test_every_task_of_the_paper_is_run() -> None:
    assert MADE.keys() == {name for name, task in TASKS.items() if task.paper}


def test_folds_have_a_mean_and_a_deviation() -> None:
    *_, line = comparison(TASKS["gtzan"], "X", {"scratch": [0.5, 0.7, 0.9]}).splitlines()
    assert line.split() == ["here,", "X", "-", "0.700", "±", "0.163", "-", "-", "-"]
    *_, paper, _ = comparison(TASKS["esc10"], "X", {}).splitlines()
    assert paper.split() == ["paper,", "Cnn14", *"-----"]


def test_from_scratch_no_weights_are_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PANNS_OFFLINE", "1")
    scratch = Mode("scratch", (replace(FEW_STEPS, whole=True),), pretrained=False)
    monkeypatch.setattr(program, "MODES", {"scratch": scratch, "freeze-l1": FROZEN})
    monkeypatch.setattr(program, "transferred", lambda *_, **__: [0.5])
    monkeypatch.chdir(tmp_path)
    folder = str(made_tasks.ravdess(tmp_path))
    options = ["--network", "LeeNet11", "--workers", "1"]
    assert program.main(["ravdess", folder, *options, "--mode", "scratch"]) == 0
    assert "here, LeeNet11" in capsys.readouterr().out
    assert program.main(["ravdess", folder, *options]) == 1
    assert "LeeNet11" in capsys.readouterr().err


def test_a_wrong_folder_is_a_sentence_and_a_status(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "examples.transfer", "esc50", tmp_path],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(
        f"{tmp_path}: neither it nor one of its subfolders has meta/esc50"
    )
    assert done.stdout == ""
