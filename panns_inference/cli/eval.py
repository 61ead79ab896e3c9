"""`panns eval`: how good events are, by annotations, or tags, by the classes of recordings."""

from __future__ import annotations

import argparse
import logging
from typing import TYPE_CHECKING

from ..errors import UsageError
from . import options, values, wanted
from .annotations import COLLARS, REFERENCE, labels_of, named, warn_of_differences
from .figures import OUTPUT, target_of

if TYPE_CHECKING:
    from ..evaluation import Measures
    from ..formats.figures import Kinds, Rows

LOG = logging.getLogger("panns_inference")

EXAMPLE = "panns eval --reference annotations --estimate events.csv --per-class"

COMPARED = [
    REFERENCE,
    options.option(
        "--estimate", required=True, metavar="PATH", help="what was found, in the same forms"
    ),
    options.option(
        "--tags",
        action="store_true",
        help="compare tags of whole recordings with their classes: the reference is a folder with "
        "a subfolder for each class, or a table with path and labels; the estimate is of panns "
        "tag, with --top so that all classes are in it",
    ),
]

MEASURES = [
    options.option(
        "--segment",
        type=wanted.seconds,
        default=1.0,
        metavar="SECONDS",
        help="length of the segments of segment-based figures; default: %(default)s",
    ),
    *COLLARS,
    options.option("--onset-only", action="store_true", help="leave offsets out"),
    options.option(
        "--dtc",
        type=values.probability,
        default=0.7,
        metavar="SHARE",
        help="of a found event that must be there, in intersection-based figures; default: "
        "%(default)s",
    ),
    options.option(
        "--gtc",
        type=values.probability,
        default=0.7,
        metavar="SHARE",
        help="of an event that is there that must be covered; default: %(default)s",
    ),
    options.option("--per-class", action="store_true", help="the figures of each class, too"),
]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command.

    Args:
        parser: of the command.
    """
    groups = {"events": [*COMPARED, *wanted.EVENTS], "figures": MEASURES, "output": OUTPUT}
    options.add_groups(parser, groups)


def run(given: argparse.Namespace) -> int:
    """Write the figures of events or tags; return 0.

    Args:
        given: the command line.
    """
    target = target_of(given, [given.reference, given.estimate])
    target.write("evaluation", *(_of_tags(given) if given.tags else _of_events(given)))
    return 0


def _of_events(given: argparse.Namespace) -> tuple[Kinds, Rows]:
    from ..evaluation import aligned, figures, of_the_only_recording, read_annotations

    reference, estimate = aligned(*map(read_annotations, (given.reference, given.estimate)))
    estimate = {
        name: [event for event in events if event.probability >= given.min_probability]
        for name, events in estimate.items()
    }
    reference = of_the_only_recording(reference, estimate)
    labels = labels_of(given, reference)
    warn_of_differences(reference, estimate, labels)
    return figures(reference, estimate, labels, _measures(given), per_class=given.per_class)


def _of_tags(given: argparse.Namespace) -> tuple[Kinds, Rows]:
    from ..evaluation import Measures, aligned, read_annotations, tag_figures
    from ..events import Event
    from ..training.data import read_dataset

    if _measures(given) != Measures() or given.min_probability:
        raise UsageError("with --tags, of the options for figures only --per-class has a meaning")
    there: dict[str, list[Event]] = {}
    for clip in read_dataset(given.reference).clips:
        if clip.onset or clip.offset is not None:
            raise UsageError(f"--tags is for whole recordings, not for stretches as of {clip.path}")
        there[str(clip.path)] = [Event(0, 0, label, "", -1, 1, 1) for label in clip.labels]
    reference, estimate = aligned(there, read_annotations(given.estimate))
    labels = labels_of(given, reference)
    if names := reference.keys() ^ estimate.keys():
        LOG.warning("warning: recordings that only one of both has do not count: %s", named(names))
    return tag_figures(reference, estimate, labels, per_class=given.per_class)


def _measures(given: argparse.Namespace) -> Measures:
    from ..evaluation import Measures

    return Measures(
        segment=given.segment,
        collar=given.collar,
        offset_collar=None if given.onset_only else given.collar,
        offset_share=given.offset_share,
        dtc=given.dtc,
        gtc=given.gtc,
    )
