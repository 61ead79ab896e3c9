"""`panns detect`: which sounds, and when."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..events.rules import (
    DEFAULT_METHOD,
    MERGE_DIFFERENCE,
    MERGE_RATIO,
    STEP_FILTER,
)
from ..events.rules_file import read_rules
from ..registry import DEFAULT_THRESHOLD, METHODS, NETWORKS
from ..results import Detection
from . import known_names, options, values, wanted
from .clock import CLOCK, clock_of
from .run import run_task
from .tables import format_of

if TYPE_CHECKING:
    from ..model import Model
    from ..pipeline import DetectionTask

# (option, name of the rule, what it is measured in, default, what it means)
NUMBERS = (
    ("--smooth", "smooth", "SECONDS", 0.0, "length of a median filter over the probabilities"),
    ("--min-duration", "min_duration", "SECONDS", 0.0, "drop shorter events"),
    (
        "--merge-gap",
        "merge_gap",
        "SECONDS",
        0.0,
        "join events of a class with a shorter gap between them",
    ),
    ("--pad", "pad", "SECONDS", 0.0, "lengthen events at both ends"),
    (
        "--step-filter",
        "step_filter",
        "SECONDS",
        STEP_FILTER,
        "boxes: length of the filter that finds changes; default: %(default)s",
    ),
    (
        "--merge-difference",
        "merge_difference",
        "P",
        MERGE_DIFFERENCE,
        "boxes: join those that are at most this far above what lies between them; default: "
        "%(default)s, which joins at any difference",
    ),
    (
        "--merge-ratio",
        "merge_ratio",
        "RATIO",
        MERGE_RATIO,
        "boxes: join only those that are at most so many times as probable as what lies between "
        "them; default: %(default)s",
    ),
)


EXAMPLE = "panns detect --threshold 0.3 --classes Speech -f audacity talk.mp3 -o talk.txt"

EVENTS = [
    options.option(
        "--method",
        choices=METHODS,
        help="threshold: events are where the probability is above --threshold; boxes: they lie "
        "between its changes, and --threshold chooses by their mean; "
        f"default: that of the network, else {DEFAULT_METHOD}",
    ),
    options.option(
        "--threshold",
        type=values.probability,
        metavar="P",
        help="probability from which on there is an event; default: that of the network, "
        f"{NETWORKS['PannsMini'].threshold} for PannsMini, {DEFAULT_THRESHOLD} for the others",
    ),
    options.option(
        "--threshold-off",
        type=values.probability,
        metavar="P",
        help="probability below which it ends; default: --threshold",
    ),
    *(
        options.option(
            name,
            dest=rule,
            type=float,
            metavar=unit,
            help=meaning.replace("%(default)s", str(default)),
        )
        for name, rule, unit, default, meaning in NUMBERS
    ),
    options.option(
        "--rules",
        metavar="FILE",
        help="file of rules that panns tune wrote: those that are not given here",
    ),
    wanted.THRESHOLDS,
    *wanted.CLASSES,
]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command.

    Args:
        parser: of the command.
    """
    options.add_task(parser, Detection, events=[*EVENTS, wanted.TOP], clock=CLOCK)


def make_task(given: argparse.Namespace, *, framewise: bool) -> Callable[[Model], DetectionTask]:
    """Return what makes the task of a command line with the options of `EVENTS`.

    Args:
        given: the command line.
        framewise: whether the framewise probabilities are kept.
    """
    from ..pipeline import DetectionTask

    names = ("method", "threshold_off", "classes", "exclude", *(rule for _, rule, *_ in NUMBERS))
    chosen = {name: getattr(given, name) for name in names}
    chosen["threshold"] = known_names.thresholds_of(given)
    rules = read_rules(given.rules) if given.rules else {}
    rules |= {name: value for name, value in chosen.items() if value is not None}
    return lambda model: DetectionTask(
        model, framewise=framewise, **rules, **options.sliding(given)
    )


def run(given: argparse.Namespace) -> int:
    """Detect events in the recordings; return 1 if one of them failed.

    Args:
        given: the command line.
    """
    # What is not written is not kept: an hour of it takes 0.76 GB.
    framewise = format_of(given).framewise
    return run_task(
        given,
        "framewise_output",
        make_task(given, framewise=framewise),
        top=given.top,
        clock=clock_of(given),
    )
