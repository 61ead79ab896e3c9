"""All networks in a table: what each costs and gives, known without torch.

Counting it anew takes a second for the import of torch, and two for thirty networks. A test
compares the table with the networks; `docs/make_networks.py` writes it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).with_name("data") / "networks.csv"
"""The packaged table: a header with the names of the attributes, and one row a network."""


@dataclass(frozen=True)
class Listed:
    """A network with its published settings.

    Attributes:
        name: of its class.
        parameters: number of those that are trained.
        multi_adds: multiply-adds for 10 s, counted as in the paper.
        sample_rate: of its waveforms in Hz.
        output_names: keys of what it returns.
        n_bytes: size of its weights in float32.
    """

    name: str
    parameters: int
    multi_adds: int
    sample_rate: int
    output_names: tuple[str, ...]
    n_bytes: int


def _read() -> dict[str, Listed]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        row["name"]: Listed(
            name=row["name"],
            parameters=int(row["parameters"]),
            multi_adds=int(row["multi_adds"]),
            sample_rate=int(row["sample_rate"]),
            output_names=tuple(row["output_names"].split()),
            n_bytes=int(row["n_bytes"]),
        )
        for row in rows
    }


LISTED: dict[str, Listed] = _read()
"""The networks by name, in the order of `models.NETWORKS`."""
