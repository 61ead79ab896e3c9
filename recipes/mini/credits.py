"""Print whose sounds the network learnt from, for its card, and write all authors into a table.

    python -m recipes.mini.credits --shared ../shared --packages PACKAGES > table.md

The table beside the weights has a row for each repository, licence and author.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from panns_inference.checkpoints import CHECKPOINTS, cached
from panns_inference.files import atomic_write

from .collection import HELD_OUT, rows_of


class Credit(NamedTuple):
    """Whose sounds, and on which terms."""

    repository: str
    licence: str
    credit: str


def credits_of(folders: Iterable[Path]) -> Counter[Credit]:
    """Return how many sounds of training there are of each author.

    Args:
        folders: of the sounds, with `sources.csv`.
    """
    judges = {row["source"] for row in rows_of(HELD_OUT)}
    counts: Counter[Credit] = Counter()
    for folder in folders:
        for row in rows_of(folder / "sources.csv"):
            is_learnt = row.get("split", "train") == "train" and row["repository"] not in judges
            if is_learnt:
                counts[Credit(row["repository"], row["licence"], row.get("credit", ""))] += 1
    return counts


def summary(counts: Counter[Credit]) -> list[str]:
    """Return the lines of a table of repositories in Markdown.

    Args:
        counts: what `credits_of` returned.
    """
    sounds: Counter[str] = Counter()
    licences: dict[str, Counter[str]] = {}
    for credit, n in counts.items():
        sounds[credit.repository] += n
        licences.setdefault(credit.repository, Counter())[credit.licence] += n
    lines = ["| repository | recordings | licence |", "|---|---|---|"]
    for repository in sorted(sounds, key=str.lower):
        terms = ", ".join(licence for licence, _ in licences[repository].most_common())
        lines.append(f"| {repository} | {sounds[repository]} | {terms} |")
    return lines


def main() -> None:
    """Read the command line, write the table of authors and print that of repositories."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, required=True, help="folder of distill/, wild/, ...")
    parser.add_argument("--packages", type=Path, help="folder that recipes.mini.packages filled")
    weights = Path(str(cached(CHECKPOINTS["PannsMini"])))
    parser.add_argument("--table", type=Path, default=weights.with_name("PannsMini_credits.csv"))
    given = parser.parse_args()
    folders = [given.shared / name for name in ("distill", "wild", "everyday")]
    counts = credits_of([*folders, *([given.packages] if given.packages else [])])
    with atomic_write(given.table) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*Credit._fields, "recordings"))
        writer.writerows((*credit, n) for credit, n in sorted(counts.items()))
    print("\n".join(summary(counts)))


if __name__ == "__main__":
    main()
