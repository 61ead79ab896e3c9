"""The tasks, by the names that the command line knows them by."""

from __future__ import annotations

from . import dcase2018_task2, dcase2019_task1a, esc50, gtzan, msos, ravdess
from .task import Task

TASKS: dict[str, Task] = {
    "esc50": esc50.ESC50,
    "esc10": esc50.ESC10,
    "dcase2019-task1a": dcase2019_task1a.TASK,
    "dcase2018-task2": dcase2018_task2.TASK,
    "msos": msos.TASK,
    "gtzan": gtzan.TASK,
    "ravdess": ravdess.TASK,
}
