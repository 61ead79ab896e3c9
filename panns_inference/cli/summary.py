"""`panns summary`: how long and how often sounds are there, by tables of events."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from ..errors import UsageError
from ..formats import FORMATS
from ..formats.spans import Selection
from . import options, wanted
from .tables import STDOUT, TABLES, for_stdout

EXAMPLE = "panns summary events.csv --by hour-of-day --classes Speech"

ENDINGS = {".txt": "table", ".csv": "csv", ".tsv": "tsv", ".xlsx": "xlsx", ".json": "json"}
"""The formats by how names of their files end."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command.

    Args:
        parser: of the command.
    """
    parser.add_argument(
        "tables",
        nargs="+",
        metavar="TABLE",
        help="what `panns detect` wrote as csv, tsv, xlsx, json, jsonl or parquet",
    )
    by = options.option(
        "--by",
        action="append",
        metavar="KEY",
        help="label, file, hour, day or hour-of-day, or several of them with commas; hours are "
        "those of the clock where `panns detect --clock` wrote it, else of the recording; default: "
        "label",
    )
    form = options.option(
        "-f",
        "--format",
        choices=tuple(ENDINGS.values()),
        metavar="NAME",
        help=f"{', '.join(ENDINGS.values())}; default: what the ending of -o says, table on stdout",
    )
    output = options.option("-o", "--output", metavar="PATH", help="file to write; default: stdout")
    overwrite = options.option("--overwrite", action="store_true", help="replace what is there")
    groups = {"groups": [by], "events": wanted.EVENTS, "output": [form, output, overwrite, *TABLES]}
    options.add_groups(parser, groups)


def run(given: argparse.Namespace) -> int:
    """Write the groups of the events of some tables; return 0.

    Args:
        given: the command line.
    """
    from ..files import atomic_write
    from ..summary import keys_of, summarise
    from ..summary.output import write

    by = keys_of(name for each in given.by or ["label"] for name in each.split(","))
    path = None if given.output in STDOUT else given.output
    form = FORMATS[given.format or _form_of(path)]
    form.require()
    dialect = {name: getattr(given, name) for name in ("excel", "delimiter", "decimal")}
    selection = Selection(None, 0.0, given.raw, **dialect)
    form.check_dialect(selection)
    if path is not None:
        _check_output(path, given.tables, given.overwrite)
    elif form.binary and sys.stdout.isatty():
        raise UsageError("name a file with -o")
    groups = summarise(
        given.tables,
        by,
        classes=given.classes,
        exclude=given.exclude or (),
        min_probability=given.min_probability,
    )
    if path is None:
        stdout = sys.stdout.buffer if form.binary else sys.stdout
        write(form.name, by, groups, stdout, for_stdout(selection))
    else:
        with atomic_write(path, binary=form.binary, replace=given.overwrite) as file:
            write(form.name, by, groups, file, selection)
    return 0


def _form_of(path: str | None) -> str:
    """The format that the ending of a name says."""
    if path is None:
        return "table"
    ending = os.path.splitext(path)[1].lower()
    if ending not in ENDINGS:
        raise UsageError(
            f"the ending of {path} is that of no format: end it in {', '.join(ENDINGS)}, or give -f"
        )
    return ENDINGS[ending]


def _check_output(path: str, tables: Sequence[str], overwrite: bool) -> None:
    """Refuse, before anything is read, to replace what is there, or a table itself."""
    if not os.path.exists(path):
        return
    if any(os.path.exists(table) and os.path.samefile(path, table) for table in tables):
        raise UsageError(f"{path} is one of the tables to read: give another name")
    if not overwrite:
        raise UsageError(
            f"{path} is there already: give another name, or replace it with --overwrite"
        )
