"""The results as a table, and the table of the documentation.

python -m recipes.esc10.results
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import fmean, pstdev
from typing import NamedTuple

from panns_inference.files import atomic_write

TABLE = Path(__file__).with_name("results.csv")


class Result(NamedTuple):
    """How good a network is in one fold."""

    network: str
    mode: str
    epochs: int
    seed: int
    fold: str
    accuracy: float
    mAP: float  # noqa: N815 (the name of the metric)


def read_results(path: Path = TABLE) -> list[Result]:
    """Return the results in a table; none if there is none.

    Args:
        path: of the table.
    """
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Result(
                row["network"],
                row["mode"],
                int(row["epochs"]),
                int(row["seed"]),
                row["fold"],
                float(row["accuracy"]),
                float(row["mAP"]),
            )
            for row in csv.DictReader(file)
        ]


def write_results(results: Iterable[Result], path: Path = TABLE) -> None:
    """Write results in their order; of two of the same, the later one counts.

    Args:
        results: of any networks.
        path: of the table.
    """
    by_what = {(each.network, each.mode, each.seed, each.fold): each for each in results}
    with atomic_write(path) as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(Result._fields)
        for each in sorted(by_what.values()):
            table.writerow([f"{v:.4f}" if isinstance(v, float) else v for v in each])


def summary(results: Iterable[Result]) -> Iterator[str]:
    """Yield the lines of a table in Markdown: means over folds, with deviations over seeds.

    Args:
        results: of any networks.
    """
    yield "| network | mode | epochs | seeds | accuracy | mAP | accuracy in folds 1, 2, 3, 5 |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    what = sorted(results)
    for (network, mode), group in itertools.groupby(what, key=lambda each: each[:2]):
        rows = list(group)
        seeds = sorted({each.seed for each in rows})
        rates, maps = (
            [fmean(getattr(each, name) for each in rows if each.seed == seed) for seed in seeds]
            for name in ("accuracy", "mAP")
        )
        folds = sorted({each.fold for each in rows})
        by_fold = [fmean(each.accuracy for each in rows if each.fold == fold) for fold in folds]
        epochs = str(rows[0].epochs or "")
        cells = [network, mode, epochs, str(len(seeds)), _cell(rates), _cell(maps)]
        yield f"| {' | '.join(cells)} | {', '.join(f'{each:.3f}' for each in by_fold)} |"


def _cell(figures: list[float]) -> str:
    mean = f"{fmean(figures):.3f}"
    return mean if len(figures) == 1 else f"{mean} ± {pstdev(figures):.3f}"


if __name__ == "__main__":
    print(*summary(read_results()), sep="\n")
