"""Which format results have, and how the cells of tables are written."""

from __future__ import annotations

import argparse
import io
import os
import sys
from typing import Any

from ..errors import UsageError
from ..formats import FORMATS, Format
from ..formats.endings import format_for
from ..formats.format import DECIMALS
from ..formats.spans import Selection

NAMED = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}
"""Delimiters that are hard to write in a shell."""

STDOUT = (None, "-", "/dev/stdout")
"""What -o is where results go to stdout."""

STREAMS = ("/dev", "/dev/fd")
"""Folders of names for files that are open already."""


def delimiter(text: str) -> str:
    """Return what stands between cells.

    Args:
        text: what the user wrote: the character, or its name.
    """
    return NAMED.get(text, text)


TABLES: list[tuple[tuple[str, ...], dict[str, Any]]] = [
    (
        ("--raw",),
        {
            "action": "store_true",
            "help": "in csv: names and labels exactly as they are; without it, one that a "
            "spreadsheet would take for a formula gets a ' in front",
        },
    ),
    (
        ("--excel",),
        {
            "action": "store_true",
            "help": "csv that Excel opens with its umlauts: with a byte order mark",
        },
    ),
    (
        ("--delimiter",),
        {
            "type": delimiter,
            "metavar": "CHARACTER",
            "help": "between the cells of csv: , ; | or tab; default: a comma, with "
            "--decimal , a ;",
        },
    ),
    (
        ("--decimal",),
        {
            "choices": DECIMALS,
            "default": ".",
            "metavar": "CHARACTER",
            "help": "of the numbers of csv: . or , as in Germany or France; default: %(default)s",
        },
    ),
]
"""How the cells of CSV are written."""


def for_stdout(selection: Selection) -> Selection:
    """Return how cells are written to stdout: the mark of Excel is nothing for a terminal.

    Anywhere else it says that the text is UTF-8, and so it is.

    Args:
        selection: of the command line.
    """
    if sys.stdout.isatty():
        return selection._replace(excel=False)
    if selection.excel and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    return selection


def format_of(given: argparse.Namespace) -> Format:
    """Return the format of the results of a command line.

    Args:
        given: the command line.

    Raises:
        UsageError: if the name of the output does not say it, says another one than -f, or that of
            a format that cannot hold what the command gives.
    """
    path = given.output
    if path in STDOUT or (not given.format and not given.split and _has_no_name(path)):
        # These options mean CSV.
        of_csv = given.excel or given.delimiter or given.decimal != "."
        return FORMATS[given.format or ("csv" if of_csv else "table")]
    form = format_for(path, given.format, split=given.split)
    if form.name not in given.formats:
        raise UsageError(
            f"{path}: a file of format {form.name} cannot hold what this command gives: take "
            f"{', '.join(given.formats)}"
        )
    return form


def _has_no_name(path: str) -> bool:
    """Whether a path names no file that could have an ending; what is wrong is said later."""
    is_unnamed_stream = is_stream(path) and not os.path.splitext(path)[1]
    return not path or path.endswith(os.sep) or os.path.isdir(path) or is_unnamed_stream


def is_stream(path: str) -> bool:
    """Return whether a path is a device, a pipe or an open file: it takes results as they come.

    Args:
        path: what -o names.
    """
    if os.path.isfile(path):
        return os.path.dirname(os.path.abspath(path)) in STREAMS
    return os.path.exists(path) and not os.path.isdir(path)
