"""The row of a task in the paper, and what was reached here below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .task import COLUMNS, Task


def comparison(task: Task, network: str, reached: Mapping[str, Sequence[float]]) -> str:
    """Return a table of the paper's figures and of one's own.

    Args:
        task: the task.
        network: name of the network.
        reached: column to the figure of each fold; of several, the mean and the deviation are
            given.
    """
    lines = [
        [f"{task.title}, {task.metric}", *COLUMNS],
        ["paper, Cnn14", *(_cell([task.paper[each]] if task.paper else []) for each in COLUMNS)],
        [f"here, {network}", *(_cell(reached.get(each, [])) for each in COLUMNS)],
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join([first.ljust(widths[0]), *map(str.rjust, others, widths[1:])])
        for first, *others in lines
    )


def _cell(figures: Sequence[float]) -> str:
    if not figures:
        return "-"
    mean = sum(figures) / len(figures)
    if len(figures) == 1:
        return f"{mean:.3f}"
    deviation = (sum((each - mean) ** 2 for each in figures) / len(figures)) ** 0.5
    return f"{mean:.3f} ± {deviation:.3f}"
