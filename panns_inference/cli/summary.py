"""`panns summary`: how long and how often sounds are there, by tables of events."""

from __future__ import annotations

import argparse

from . import options, wanted
from .figures import OUTPUT, target_of

EXAMPLE = "panns summary events.csv --by hour-of-day --classes Speech"


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
    groups = {"groups": [by], "events": wanted.EVENTS, "output": OUTPUT}
    options.add_groups(parser, groups)


def run(given: argparse.Namespace) -> int:
    """Write the groups of the events of some tables; return 0.

    Args:
        given: the command line.
    """
    from ..summary import keys_of, summarise
    from ..summary.output import figures

    by = keys_of(name for each in given.by or ["label"] for name in each.split(","))
    target = target_of(given, given.tables)
    groups = summarise(
        given.tables,
        by,
        classes=given.classes,
        exclude=given.exclude or (),
        min_probability=given.min_probability,
    )
    target.write("summary", *figures(by, groups))
    return 0
