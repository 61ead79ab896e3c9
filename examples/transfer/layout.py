"""Where a data set lies, and the tables that come with it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from panns_inference import UsageError
from panns_inference.training.data import Clip


def top(folder: Path, *marks: str) -> Path:
    """Return the folder, or the first of its subfolders, that holds what marks the data set.

    Args:
        folder: the data set, or where it was unpacked.
        marks: relative paths, one of which is enough.

    Raises:
        UsageError: if none is there.
    """
    for place in (folder, *sorted(path for path in folder.glob("*") if path.is_dir())):
        if any((place / mark).exists() for mark in marks):
            return place
    raise UsageError(
        f"{folder}: neither it nor one of its subfolders has {' or '.join(marks)}; give the folder "
        "of the data set as it was published"
    )


def rows(table: Path, columns: Sequence[str], delimiter: str = ",") -> list[dict[str, str]]:
    """Return the rows of a table, each as column to cell.

    Args:
        table: a CSV file with a heading.
        columns: those that it must have.
        delimiter: between cells.

    Raises:
        UsageError: if the table is not there, lacks a column, or has no row.
    """
    if not table.is_file():
        raise UsageError(f"{table} is not there; it comes with the data set")
    with table.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, delimiter=delimiter)
        found = list(reader)
    if missing := set(columns) - set(reader.fieldnames or ()):
        raise UsageError(
            f"{table} has no column {', '.join(sorted(missing))}; it has "
            f"{', '.join(reader.fieldnames or ()) or 'none'}"
        )
    if not found:
        raise UsageError(f"{table} has no rows below its heading")
    return found


def all_there(clips: Iterable[Clip]) -> list[Clip]:
    """Return the clips, all of whose recordings are there.

    Args:
        clips: as a table names them.

    Raises:
        UsageError: if some are not.
    """
    clips = list(clips)
    if missing := [clip.path for clip in clips if not clip.path.is_file()]:
        raise UsageError(
            f"{len(missing)} of {len(clips)} recordings are not there, such as {missing[0]}; "
            "unpack all of the data set"
        )
    return clips
