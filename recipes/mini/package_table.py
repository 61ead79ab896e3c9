"""Which Debian packages are learnt from: `packages.csv`, and what of it a caller wants."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from panns_inference.errors import UsageError

TABLE = Path(__file__).with_name("packages.csv")
HELD_OUT = ("gcompris", "scratch", "tuxpaint")
"""Packages whose names begin so are what the network is tested with: never learnt from."""


class Package(NamedTuple):
    """A row of `packages.csv`."""

    name: str
    version: str
    licence: str
    same_as: str = ""
    most: int | None = None
    """How many of its files are enough, about as many of each folder; None for all."""

    @property
    def repository(self) -> str:
        """What a split keeps on one side."""
        return self.same_as or f"debian:{self.name}"


def read_packages(path: Path = TABLE) -> dict[str, Package]:
    """Read a table of packages, by name.

    Args:
        path: a file with the columns of `packages.csv`.

    Raises:
        UsageError: if it lists a package that the network is tested with.
    """
    found = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            name, most = row["package"], int(row["most"]) if row["most"] else None
            found[name] = Package(name, row["version"], row["licence"], row["same_as"], most)
    if refused := [name for name in found if name.startswith(HELD_OUT)]:
        raise UsageError(f"{path}: {', '.join(refused)}: kept for tests, remove the row")
    return found


def chosen(packages: dict[str, Package], names: Iterable[str] | None) -> list[Package]:
    """Choose packages by their names, in the order of the table.

    Args:
        packages: of the table.
        names: some of them; None for all.

    Raises:
        UsageError: for a name that is not in the table.
    """
    wanted = set(packages if names is None else names)
    if unknown := sorted(wanted - set(packages)):
        raise UsageError(
            f"{', '.join(unknown)}: not in the table of packages, which has {', '.join(packages)}"
        )
    return [package for name, package in packages.items() if name in wanted]
