"""`panns tag`: which sounds."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..results import Tagging
from . import options
from .run import run_task

if TYPE_CHECKING:
    from ..model import Model
    from ..pipeline import TaggingTask


def add_to(commands: options.Commands) -> None:
    """Add the command.

    Args:
        commands: where it is added.
    """
    summary = "print which sounds recordings hold"
    example = "panns tag --top 3 --json street.flac"
    parser = options.task(commands, "tag", summary, example, Tagging)
    group = parser.add_argument_group("tags")
    group.add_argument(
        "--top",
        type=options.count,
        default=10,
        metavar="N",
        help="how many tags at most; default: 10",
    )
    group.add_argument(
        "--threshold",
        type=options.probability,
        default=0.0,
        metavar="P",
        help="smallest probability",
    )
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Tag the recordings; return 1 if one of them failed.

    Args:
        given: the command line.
    """
    from ..pipeline import TaggingTask

    def make_task(model: Model) -> TaggingTask:
        return TaggingTask(model, **options.sliding(given))

    return run_task(given, "clipwise_output", make_task, top=given.top, threshold=given.threshold)
