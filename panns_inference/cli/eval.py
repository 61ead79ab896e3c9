"""`panns eval`: how good events are, by annotations, or tags, by the classes of recordings."""

from __future__ import annotations

import argparse
import logging
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..events.columns import columns_of
from . import options, values, wanted
from .figures import OUTPUT, target_of

if TYPE_CHECKING:
    from ..evaluation import Measures
    from ..evaluation.align import Events
    from ..formats.figures import Kinds, Rows

LOG = logging.getLogger("panns_inference")

EXAMPLE = "panns eval --reference annotations --estimate events.csv --per-class"

MOST_NAMED = 5
"""Recordings or classes that a warning names."""

FORMS = (
    "a table with onset, offset and label (csv, tsv, xlsx, json, jsonl, parquet), a label track of "
    "Audacity, a selection table of Raven, a document of ELAN, a TextGrid, or a folder of them"
)

COMPARED = [
    options.option(
        "--reference", required=True, metavar="PATH", help=f"what is known to be there: {FORMS}"
    ),
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
    options.option(
        "--collar",
        type=wanted.seconds,
        default=0.2,
        metavar="SECONDS",
        help="by which onset and offset may be off in event-based figures; default: %(default)s",
    ),
    options.option(
        "--offset-share",
        type=values.probability,
        default=0.2,
        metavar="SHARE",
        help="of the length of an event, by which its offset may be off, if that is more than the "
        "collar; default: %(default)s",
    ),
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
    from ..evaluation import aligned, figures, read_annotations

    reference, estimate = aligned(*map(read_annotations, (given.reference, given.estimate)))
    estimate = {
        name: [event for event in events if event.probability >= given.min_probability]
        for name, events in estimate.items()
    }
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
        LOG.warning("warning: recordings that only one of both has do not count: %s", _named(names))
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


def labels_of(given: argparse.Namespace, reference: Events) -> list[str]:
    """Return the classes that count.

    Args:
        given: the command line.
        reference: what is known to be there, by recording.

    Raises:
        UsageError: if there is none, or one is named that there is not.
    """
    known = sorted({event.label for events in reference.values() for event in events})
    if not known:
        raise UsageError(f"{given.reference} has no events: there is nothing to compare with")
    chosen = columns_of(given.classes or known, known)
    left_out = columns_of(given.exclude or (), known)
    if not (labels := [known[k] for k in chosen if k not in left_out]):
        raise UsageError("--exclude leaves no class out of those of the reference")
    return labels


def warn_of_differences(reference: Events, estimate: Events, labels: list[str]) -> None:
    """Say what is only in one of both.

    Args:
        reference: what is known to be there, by recording.
        estimate: what was found, by recording.
        labels: the classes that count.
    """
    others = {event.label for events in estimate.values() for event in events} - {*labels}
    for message, names in (
        ("not in the estimate, so that nothing was found in them", reference.keys() - estimate),
        ("not in the reference, so that all in them is wrong", estimate.keys() - reference),
    ):
        if names:
            LOG.warning("warning: recordings that are %s: %s", message, _named(names))
    if others:
        LOG.info("classes that do not count: %s", _named(others))


def _named(names: set[str]) -> str:
    first = ", ".join(map(repr, sorted(names)[:MOST_NAMED]))
    return first + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")
