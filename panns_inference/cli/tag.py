"""`panns tag`: which sounds."""

from __future__ import annotations

import argparse

from ..results import Tagging
from . import known_names, options, values, wanted
from .clock import CLOCK, clock_of
from .run import run_task

EXAMPLE = "panns tag --top 3 --json street.flac"

TAGS = [
    options.option(
        "--top",
        type=values.count,
        default=10,
        metavar="N",
        help="how many tags at most; default: 10",
    ),
    options.option(
        "--threshold",
        type=values.probability,
        default=0.0,
        metavar="P",
        help="smallest probability; default: %(default)s",
    ),
    wanted.THRESHOLDS,
    *wanted.CLASSES,
]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command.

    Args:
        parser: of the command.
    """
    options.add_task(parser, Tagging, processing=options.CLIPWISE, tags=TAGS, clock=CLOCK)


def run(given: argparse.Namespace) -> int:
    """Tag the recordings; return 1 if one of them failed.

    Args:
        given: the command line.
    """
    from ..pipeline import TaggingTask

    settings = options.clipwise(given)
    return run_task(
        given,
        "clipwise_output",
        lambda model: TaggingTask(model, **settings),
        top=given.top,
        threshold=known_names.thresholds_of(given) or 0.0,
        classes=given.classes,
        exclude=given.exclude or (),
        clock=clock_of(given),
    )
