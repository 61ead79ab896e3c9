"""Where figures go: a table on stdout, or a file whose name says its format."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..errors import UsageError
from ..formats import FORMATS, Format
from ..formats.spans import Selection
from . import options
from .tables import STDOUT, TABLES, for_stdout

if TYPE_CHECKING:
    from ..formats.figures import Kinds, Rows

ENDINGS = {
    ".txt": "table",
    ".csv": "csv",
    ".tsv": "tsv",
    ".xlsx": "xlsx",
    ".json": "json",
    ".jsonl": "jsonl",
    ".parquet": "parquet",
}
"""The formats by how names of their files end."""

OUTPUT = [
    options.option(
        "-f",
        "--format",
        choices=tuple(ENDINGS.values()),
        metavar="NAME",
        help=f"{', '.join(ENDINGS.values())}; default: what the ending of -o says, table on stdout",
    ),
    options.option(
        "--json", action="store_const", const="json", dest="format", help="the same as -f json"
    ),
    options.option("-o", "--output", metavar="PATH", help="file to write; default: stdout"),
    options.option("--overwrite", action="store_true", help="replace what is there"),
    *TABLES,
]
"""Options that say where figures go."""


class Target(NamedTuple):
    """Where figures go.

    Attributes:
        form: the format.
        path: of the file; None is stdout.
        overwrite: whether a file that is there is replaced.
        selection: how cells are written.
    """

    form: Format
    path: str | None
    overwrite: bool
    selection: Selection

    def write(self, title: str, kinds: Kinds, rows: Rows) -> None:
        """Write figures.

        Args:
            title: name of the sheet in a workbook.
            kinds: of the columns.
            rows: the figures.
        """
        from ..files import atomic_write
        from ..formats.figures import write

        form, path, overwrite, selection = self
        if path is None:
            stdout = sys.stdout.buffer if form.binary else sys.stdout
            write(form.name, title, kinds, rows, stdout, for_stdout(selection))
            return
        with atomic_write(path, binary=form.binary, replace=overwrite) as file:
            write(form.name, title, kinds, rows, file, selection)


def target_of(given: argparse.Namespace, inputs: Sequence[str]) -> Target:
    """Return where the figures of a command line go, before anything is read.

    Args:
        given: the command line.
        inputs: files that are read.

    Raises:
        UsageError: if the format is not known, or something is there that is not to be replaced.
    """
    path = None if given.output in STDOUT else given.output
    form = FORMATS[given.format or _form_of(path)]
    form.require()
    dialect = {name: getattr(given, name) for name in ("excel", "delimiter", "decimal")}
    selection = Selection(None, 0.0, given.raw, **dialect)
    form.check_dialect(selection)
    if path is not None:
        check_output(path, inputs, given.overwrite)
    elif form.binary and sys.stdout.isatty():
        raise UsageError("name a file with -o")
    return Target(form, path, given.overwrite, selection)


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


def check_output(path: str, inputs: Sequence[str], overwrite: bool) -> None:
    """Refuse, before anything is read, to replace what is there, or what is read.

    Args:
        path: of the output.
        inputs: files and folders that are read.
        overwrite: whether what is there is replaced.

    Raises:
        UsageError: if something is there that is not to be replaced.
    """
    if not os.path.exists(path):
        return
    if any(os.path.exists(each) and os.path.samefile(path, each) for each in inputs):
        raise UsageError(f"{path} is one of the files to read: give another name")
    if not overwrite:
        raise UsageError(
            f"{path} is there already: give another name, or replace it with --overwrite"
        )
