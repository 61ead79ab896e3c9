"""Options that choose events, and find the recordings of a table."""

from __future__ import annotations

import argparse
import math

from . import options, values


def seconds(text: str) -> float:
    """Return a number of seconds, 0 or more.

    Args:
        text: what the user wrote.
    """
    if not 0 <= (number := values.decimal(text)) < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds: give 0 or more")
    return number


TOP = options.option(
    "--top",
    type=values.count,
    metavar="N",
    help="only the N most probable events of each recording; default: all",
)
"""How many events."""

THRESHOLDS = options.option(
    "--thresholds",
    metavar="FILE",
    help="file with a threshold for each class: CSV of label,threshold, or JSON or TOML; the "
    "others take --threshold",
)
"""A threshold for each class."""


CLASSES = [
    options.option(
        name,
        action="append",
        metavar="LABEL",
        help=f"{which} this class (label, mid or index), or several, with commas; may be repeated",
    )
    for name, which in (("--classes", "only"), ("--exclude", "all but"))
]
"""Of which classes."""

MIN_PROBABILITY = options.option(
    "--min-probability",
    type=values.probability,
    default=0.0,
    metavar="P",
    help="only events of a table that are at least as probable; default: %(default)s",
)

EVENTS = [*CLASSES, MIN_PROBABILITY]
"""Which events of a table."""

ROOT = options.option(
    "--root",
    metavar="FOLDER",
    help="folder of the recordings that a table names; without it they are where it names them, "
    "seen from this folder or from that of the table",
)
"""Where the recordings of a table are."""
