"""`panns clips`: the events of a table as files of sound."""

from __future__ import annotations

import argparse
import logging

from ..wording import counted
from . import options, values, wanted

LOG = logging.getLogger("panns_inference")

EXAMPLE = "panns clips events.csv -o review --margin 0.5 --top 20"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command.

    Args:
        parser: of the command.
    """
    parser.add_argument(
        "tables",
        nargs="+",
        metavar="TABLE",
        help="what `panns detect` or `panns tag` wrote as csv, tsv, xlsx, json, jsonl or parquet",
    )
    top = options.option(
        "--top",
        type=values.count,
        metavar="N",
        help="only the N most probable events of each class; default: all",
    )
    options.add_groups(
        parser,
        {
            "events": [*wanted.EVENTS, top],
            "recordings": [wanted.ROOT],
            "output": [
                options.option(
                    "-o",
                    "--output",
                    required=True,
                    metavar="FOLDER",
                    help="where each class gets a folder; files that are there stay as they are",
                ),
                options.option(
                    "-f",
                    "--format",
                    choices=("wav", "flac"),
                    default="wav",
                    help="wav, with the samples of the recording to the bit, or flac, in which "
                    "they have 24 bits at most; default: %(default)s",
                ),
                options.option(
                    "--margin",
                    type=wanted.seconds,
                    default=0.0,
                    metavar="SECONDS",
                    help="sound before and behind an event; default: %(default)s",
                ),
            ],
        },
    )


def run(given: argparse.Namespace) -> int:
    """Cut the clips; return 1 if a recording is missing or could not be used.

    Args:
        given: the command line.
    """
    from ..clips import cut_out

    failed = False
    for table in given.tables:
        report = cut_out(
            table,
            given.output,
            root=given.root,
            form=given.format,
            margin=given.margin,
            classes=given.classes,
            exclude=given.exclude or (),
            min_probability=given.min_probability,
            top=given.top,
        )
        for failure in report.failures:
            LOG.error("error: %s", failure.cause)
        there = f", {report.n_there} were there already" if report.n_there else ""
        LOG.info("%s written to %s%s", counted(len(report.written), "clip"), given.output, there)
        failed = failed or bool(report.failures)
    return int(failed)
