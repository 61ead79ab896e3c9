"""Scalars of a run: a CSV file and events of TensorBoard, which grow with it."""

from __future__ import annotations

import csv
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from ..errors import UsageError


class ScalarLog:
    """A table with a column `step` and one for each scalar: `scalars.csv`, and `tensorboard/`.

    It is a context manager: behind its block, all is on the disk.

    Args:
        folder: of the run; its rows are kept up to `step`.
        columns: names of the scalars, in their order.
        step: steps already done: later rows belong to a run that was killed before its next
            checkpoint, and are written again.

    Raises:
        UsageError: if TensorBoard is not installed.
    """

    def __init__(self, folder: str | Path, columns: Sequence[str], step: int = 0) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise UsageError(
                f"learning needs tensorboard ({error}): pip install 'panns-inference[train]'"
            ) from error
        self.path = Path(folder) / "scalars.csv"
        self.columns = ("step", *columns)
        kept = [row for row in read_scalars(self.path) if row["step"] <= step]
        with self.path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(self.columns)
            writer.writerows([_text(row.get(name)) for name in self.columns] for row in kept)
        events = Path(folder) / "tensorboard"
        _wait_for_a_later_second(events)
        # TensorBoard passes over what an earlier file says of steps from there on.
        self._events = SummaryWriter(events, purge_step=step + 1)

    def write(self, step: int, scalars: Mapping[str, float]) -> None:
        """Append a row.

        Args:
            step: number of steps done.
            scalars: values by name; a column without one stays empty.
        """
        row = {"step": float(step), **scalars}
        with self.path.open("a", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(
                [_text(row.get(name)) for name in self.columns]
            )
        for name, value in scalars.items():
            self._events.add_scalar(name, value, step)
        self._events.flush()

    def __enter__(self) -> ScalarLog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._events.close()


def read_scalars(path: str | Path) -> list[dict[str, float]]:
    """Return the rows of such a file, without their empty columns; none if there is no file.

    Args:
        path: the file.
    """
    if not Path(path).exists():
        return []
    with Path(path).open(encoding="utf-8", newline="") as file:
        return [
            {name: float(text) for name, text in row.items() if text}
            for row in csv.DictReader(file)
        ]


def _wait_for_a_later_second(events: Path) -> None:
    # TensorBoard reads the files of a folder in the order of their names, which begin with
    # `events.out.tfevents.SECOND`: of two from one second, either may be read last.
    seconds = [int(path.name.split(".")[3]) for path in events.glob("events.out.tfevents.*")]
    left = max(seconds, default=0) + 1 - time.time()
    time.sleep(min(max(left, 0), 1))


def _text(value: float | None) -> str:
    # Eight digits: enough to distinguish two runs, few enough to read.
    return "" if value is None else f"{value:.8g}"
