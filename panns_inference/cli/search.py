"""`panns search`: more like this."""

from __future__ import annotations

import argparse
import logging
import os

from . import options, values, wanted
from .figures import OUTPUT, target_of
from .model import open_model

LOG = logging.getLogger("panns_inference")

EXAMPLE = "panns search wren.wav:2.5-4 recordings/ --not robin.wav -o hits.csv"

STRETCH = "FILE, or FILE:ONSET-OFFSET for a stretch of it, in seconds"

SEARCH = [
    options.option(
        "--not",
        action="append",
        dest="unlike",
        metavar="EXAMPLE",
        help="what is not looked for, which is subtracted; may be given more than once",
    ),
    options.option(
        "--top",
        type=values.count,
        default=20,
        metavar="N",
        help="how many hits at most; default: %(default)s",
    ),
    options.option(
        "--min-similarity",
        type=values.decimal,
        default=-1.0,
        metavar="COSINE",
        help="smallest similarity of a hit, -1 to 1; default: all",
    ),
    options.option(
        "--all-windows",
        action="store_true",
        help="all windows, also those of one recording that overlap; without it the best of them",
    ),
    options.option(
        "--window",
        type=wanted.seconds,
        metavar="SECONDS",
        help="length of the windows that are compared; default: 5, or that of the table",
    ),
    options.option(
        "--hop",
        type=wanted.seconds,
        metavar="SECONDS",
        help="from one window to the next; default: half a window, or that of the table",
    ),
    options.option(
        "--embeddings",
        metavar="FOLDER",
        help="where embeddings are kept; default: .panns-embeddings in IN",
    ),
    options.option(
        "--index",
        action="store_true",
        help="search an index, which is made if need be: nearly the same hits, sooner where there "
        "are more than ten million windows",
    ),
]

LABEL = options.option(
    "--label",
    metavar="NAME",
    help="what the column label has in all rows, a class for `panns transfer` once a column "
    "confirmed has yes for hits that are right and no for others; default: the name of the first "
    "example",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command.

    Args:
        parser: of the command.
    """
    parser.add_argument("examples", nargs="+", metavar="EXAMPLE", help=STRETCH)
    parser.add_argument(
        "within",
        metavar="IN",
        help="folder, recording, or table that `panns embed --window` wrote as parquet, csv or tsv",
    )
    groups = {"search": SEARCH, "reading": options.DECODING, "network": options.NETWORK}
    options.add_groups(parser, {**groups, "output": [LABEL, *OUTPUT]})


def run(given: argparse.Namespace) -> int:
    """Write the hits; return 1 if a recording failed.

    Args:
        given: the command line.
    """
    from ..batch import Failure
    from ..similar import search_similar
    from ..similar.examples import example_of
    from ..similar.output import check_label, figures
    from ..similar.search import is_table
    from ..similar.tables import Table

    examples = [*map(example_of, given.examples)]
    label = given.label or os.path.splitext(os.path.basename(examples[0].path))[0]
    check_label(label)
    target = target_of(given, [given.within, *(each.path for each in examples)])
    if is_table(given.within) and not (given.model or given.checkpoint):
        given.model = Table(given.within).model
    failures: list[Failure] = []
    hits = search_similar(
        examples,
        given.within,
        model=open_model(given, "embedding"),
        unlike=given.unlike or (),
        top=given.top,
        min_similarity=given.min_similarity,
        all_windows=given.all_windows,
        window=given.window,
        hop=given.hop,
        embeddings=given.embeddings,
        index=given.index,
        jobs=given.jobs,
        on_error=failures.append if given.on_error == "skip" else "raise",
        resampler=given.resampler,
        strict=given.strict,
        track=given.track,
        channel=given.channel,
        progress=given.verbosity >= 0,
    )
    for failure in failures:
        LOG.error("error: %s", failure.cause)
    target.write("hits", *figures(hits, label))
    return int(bool(failures))
