"""What commands know of annotations: how they are given, and what of them counts."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Collection
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..events.columns import columns_of
from . import options, values, wanted

if TYPE_CHECKING:
    from ..evaluation.align import Events

LOG = logging.getLogger("panns_inference")

MOST_NAMED = 5
"""Recordings or classes that a warning names."""

REFERENCE = options.option(
    "--reference",
    required=True,
    metavar="PATH",
    help="what is known to be there: a table with onset, offset and label (csv, tsv, xlsx, json, "
    "jsonl, parquet), a label track of Audacity, a selection table of Raven, a document of ELAN, a "
    "TextGrid, or a folder of them",
)
"""Where annotations are."""

COLLARS = [
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
]
"""How exact events must be."""


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
            LOG.warning("warning: recordings that are %s: %s", message, named(names))
    if others:
        LOG.info("classes that do not count: %s", named(others))


def named(names: Collection[str]) -> str:
    """Return the first of some names, and how many more there are.

    Args:
        names: of recordings or classes.
    """
    first = ", ".join(map(repr, sorted(names)[:MOST_NAMED]))
    return first + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")
