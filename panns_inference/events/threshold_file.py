"""Files with a threshold for each class.

    thresholds.csv    label,threshold      a table as spreadsheets write it, of commas, semicolons
                      Dog,0.3              or tabs, also with decimal commas; mid or index may stand
                                           for the label
    thresholds.json   {"Dog": 0.3}
    thresholds.toml   Dog = 0.3

`*` stands for all classes that have no row.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..errors import UsageError
from .columns import Class

NAMES = ("label", "event_label", "display_name", "mid", "index", "class")
"""Headings of a column that names classes, the first that is there."""

VALUE = "threshold"
"""Heading of the column of thresholds."""


def read_thresholds(path: str | os.PathLike[str]) -> dict[Class, float]:
    """Return the thresholds in a file, by label, mid, index or `*`.

    Args:
        path: of a file that ends in .json or .toml, or else a table.

    Raises:
        UsageError: if it cannot be read, or a value is no probability above 0 and at most 1.
    """
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
        found = READERS.get(path.suffix.lower(), _of_table)(text)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path} holds no thresholds: {error}") from error
    if not found:
        raise UsageError(f"{path} holds no thresholds: a row is a label and a number, as Dog,0.3")
    return {name: _probability(value, name, path) for name, value in found.items()}


def _probability(value: Any, name: str, path: Path) -> float:
    text = str(value).strip()
    try:
        number = float(text if "." in text else text.replace(",", "."))
    except ValueError:
        number = 0.0
    if not 0 < number <= 1:
        raise UsageError(
            f"{path}: the threshold of {name} is {text!r}: it must be above 0 and at most 1"
        )
    return number


def _of_table(text: str) -> dict[str, Any]:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        return {}
    separator = max(";\t,", key=lambda each: each in lines[0])
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=separator)]
    heading = [cell.casefold() for cell in rows[0]]
    name, value = 0, len(heading) - 1
    if VALUE in heading:
        value = heading.index(VALUE)
        name = next((heading.index(each) for each in NAMES if each in heading), 0)
        rows = rows[1:]
    return dict(_pairs(rows, name, value, len(heading)))


def _pairs(rows: list[list[str]], name: int, value: int, width: int) -> Iterator[tuple[str, str]]:
    for row in rows:
        if len(row) < 2:
            raise ValueError(f"the row {row[0]!r} has no threshold")
        if width == 2 < len(row):
            # A label with a comma that nobody has put into quotes.
            yield ", ".join(row[:-1]), row[-1]
        elif len(row) != width:
            raise ValueError(f"the row of {row[0]!r} has {len(row)} cells instead of {width}")
        else:
            yield row[name], row[value]


def _of_json(text: str) -> dict[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError('it is no object such as {"Dog": 0.3}')
    return found


def _of_toml(text: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(text)


READERS: dict[str, Callable[[str], dict[str, Any]]] = {".json": _of_json, ".toml": _of_toml}
"""What reads a file, by how its name ends; else it is a table."""
