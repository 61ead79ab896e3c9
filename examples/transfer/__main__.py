"""Transfer a network to a task of the paper: `python -m examples.transfer esc50 DATA/ESC-50`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from panns_inference import AudioTagging, PannsError
from panns_inference.training.data import Dataset, pack
from panns_inference.training.modes import MODES

from .run import transferred
from .table import comparison
from .task import Task
from .tasks import TASKS


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, print the paper's row and one's own; return the exit status.

    Args:
        arguments: of the command line; None are those that the program was given.
    """
    parser = argparse.ArgumentParser(prog="python -m examples.transfer", description=__doc__)
    parser.add_argument("task", choices=TASKS, help="of README.md")
    parser.add_argument("data", type=Path, help="folder of the data set, as it was published")
    parser.add_argument("--network", default="Cnn14", help="a name, or a file of weights")
    parser.add_argument("--mode", nargs="+", choices=MODES, default=["freeze-l1"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--folder", type=Path, help="for waveforms and checkpoints; default: transfer/TASK"
    )
    parser.add_argument("--workers", type=int, help="processes that decode; default: one a core")
    given = parser.parse_args(arguments)
    try:
        run(TASKS[given.task], given)
    except PannsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def run(task: Task, given: argparse.Namespace) -> None:
    """Transfer a network in all modes that are wanted, and print what was reached.

    Args:
        task: the task.
        given: what the command line says.
    """
    data = task.read(given.data)
    print("\n".join(summary(task, data)), flush=True)
    modes = [MODES[name] for name in given.mode]
    pretrained = None if any(mode.pretrained for mode in modes) else False
    tagger = AudioTagging(given.network, device="cpu", pretrained=pretrained, verbose=False)
    network, folder = tagger.model, given.folder or Path("transfer") / given.task
    clips = pack(
        data,
        folder / f"{network.sample_rate} Hz",
        sample_rate=network.sample_rate,
        seconds=task.seconds,
        workers=given.workers,
        progress=True,
    )
    for path, cause in clips.broken:
        print(f"left out {path}: {cause}", file=sys.stderr)
    reached = {
        mode.name: transferred(
            task, clips, network, mode, folder / Path(given.network).stem, given.seed
        )
        for mode in modes
    }
    print(comparison(task, tagger.name, reached))


def summary(task: Task, data: Dataset) -> list[str]:
    """Return lines that say what was read, and whether it is what the paper had.

    Args:
        task: the task.
        data: its data set.
    """
    count = len({clip.path for clip in data.clips})
    folds = len({clip.fold for clip in data.clips if clip.fold})
    divided = f"{folds} folds" if folds else "splits for training and test"
    lines = [f"{task.title}: {count:,} recordings, {len(data.labels)} classes, {divided}"]
    if count != task.n_recordings:
        lines.append(f"It has {task.n_recordings:,} as published: the figures do not compare")
    return lines


if __name__ == "__main__":
    sys.exit(main())
