"""`panns pack`: what is learnt from, decoded once."""

from __future__ import annotations

import argparse
import logging

from ..wording import counted
from . import data_set, options, values, wanted

LOG = logging.getLogger("panns_inference")

EXAMPLE = "panns pack recordings -o packed --seconds 5"

WAVEFORMS = [
    options.option(
        "--sample-rate",
        type=values.positive,
        default=32_000,
        metavar="HZ",
        help="of the waveforms: that of the network; default: %(default)s",
    ),
    options.option(
        "--seconds",
        type=wanted.seconds,
        default=10.0,
        metavar="SECONDS",
        help="length of a clip: what is longer is cut, what is shorter gets silence behind it; "
        "default: %(default)s",
    ),
]

OUTPUT = [
    options.option(
        "-o",
        "--output",
        required=True,
        metavar="FOLDER",
        help="a new folder; the same command goes on with a run that was stopped",
    ),
    options.option(
        "--overwrite", action="store_true", help="replace a pack of other clips or settings"
    ),
    options.option(
        "--workers",
        type=values.positive,
        metavar="N",
        help="processes that decode; default: one a core",
    ),
]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command.

    Args:
        parser: of the command.
    """
    parser.add_argument("data", metavar="PATH", help=data_set.WHAT)
    groups = {"clips": data_set.DATA, "waveforms": WAVEFORMS, "output": OUTPUT}
    options.add_groups(parser, groups)


def run(given: argparse.Namespace) -> int:
    """Pack the clips; return 1 if one of them is broken.

    Args:
        given: the command line.
    """
    from ..training.data import pack

    packed = pack(
        data_set.data_set(given, given.seconds),
        given.output,
        sample_rate=given.sample_rate,
        seconds=given.seconds,
        workers=given.workers,
        overwrite=given.overwrite,
        progress=given.verbosity >= 0,
    )
    broken = packed.broken
    if len(broken) == 1:
        LOG.error("error: %s", broken[0][1])
    elif broken:
        LOG.error(
            "error: %d clips could not be decoded, such as: %s\n  all are in %s",
            len(broken),
            broken[0][1],
            f"{given.output}/broken.csv",
        )
    LOG.info(
        "%s of %s in %s",
        counted(len(packed), "clip"),
        counted(len(packed.dataset.labels), "class", "classes"),
        given.output,
    )
    return int(bool(broken))
