"""`panns detect`: which sounds, and when."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..formats import FORMATS
from ..results import Detection
from . import options
from .run import run_task

if TYPE_CHECKING:
    from ..model import Model
    from ..pipeline import DetectionTask

# (option, name of the rule, what it means): all in seconds.
DURATIONS = (
    ("--smooth", "smooth", "length of a median filter over the probabilities"),
    ("--min-duration", "min_duration", "drop shorter events"),
    ("--merge-gap", "merge_gap", "join events of a class with a shorter gap between them"),
    ("--pad", "pad", "lengthen events at both ends"),
)


EXAMPLE = "panns detect --threshold 0.3 --classes Speech -f audacity talk.mp3 -o talk.txt"

EVENTS = [
    options.option(
        "--threshold",
        type=options.probability,
        default=0.5,
        metavar="P",
        help="probability from which on there is an event; default: %(default)s",
    ),
    options.option(
        "--threshold-off",
        type=options.probability,
        metavar="P",
        help="probability below which it ends; default: --threshold",
    ),
    *(
        options.option(name, dest=rule, type=float, default=0.0, metavar="SECONDS", help=meaning)
        for name, rule, meaning in DURATIONS
    ),
    *(
        options.option(
            name,
            action="append",
            metavar="LABEL",
            help=f"{which} this class (label, mid or index); may be given again",
        )
        for name, which in (("--classes", "only"), ("--exclude", "all but"))
    ),
]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command.

    Args:
        parser: of the command.
    """
    options.add_task(parser, Detection, events=EVENTS)


def run(given: argparse.Namespace) -> int:
    """Detect events in the recordings; return 1 if one of them failed.

    Args:
        given: the command line.
    """
    from ..pipeline import DetectionTask

    def make_task(model: Model) -> DetectionTask:
        return DetectionTask(
            model,
            threshold=given.threshold,
            threshold_off=given.threshold_off,
            classes=given.classes,
            exclude=given.exclude or (),
            # What is not written is not kept: an hour of it takes 0.76 GB.
            framewise=FORMATS[given.format].framewise,
            **{rule: getattr(given, rule) for _, rule, _ in DURATIONS},
            **options.sliding(given),
        )

    return run_task(given, "framewise_output", make_task)
