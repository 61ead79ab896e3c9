"""Options that say what is learnt from."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from . import options

if TYPE_CHECKING:
    from ..training.data import Dataset

FORMS = ("folders", "annotations", "manifest", "segments")

WHAT = (
    "folder with a subfolder for each class, or with annotations beside the recordings (Audacity, "
    "Raven, ELAN, CSV); or a table of clips (path, labels; a label that is empty: none of the "
    "classes), such as the hits of `panns search`; a file of annotations, or a list of AudioSet"
)
"""A data set, for help."""

DATA: list[options.Option] = [
    options.option(
        "--form",
        choices=FORMS,
        help="what it is, instead of what it is taken for",
    ),
    options.option(
        "--root",
        metavar="FOLDER",
        help="folder of the recordings; default: that of the table or of the annotations",
    ),
    options.option(
        "--labels",
        metavar="PATH",
        help="file with the classes in their order, one a line, or audioset for its 527; default: "
        "those that there are, sorted",
    ),
    options.option(
        "--black-list",
        metavar="PATH",
        help="file with recordings that are left out, one a line: path, name of the file with or "
        "without its ending, or identifier of AudioSet",
    ),
    options.option(
        "--only-events",
        action="store_true",
        help="leave out what lies between annotated events: not all of it was annotated",
    ),
]
"""How a data set is read."""


def data_set(given: argparse.Namespace, seconds: float) -> Dataset:
    """Return the data set of a command line.

    Args:
        given: the command line, with its path as `data`.
        seconds: length of the clips of annotated recordings.

    Raises:
        UsageError: if it cannot be read, makes no sense, or holds nothing to learn from.
        AudioError: if there is no recording.
    """
    from ..training.data import read_dataset, read_labels

    return read_dataset(
        given.data,
        form=given.form,
        root=given.root,
        labels=read_labels(given.labels) if given.labels is not None else (),
        black_list=given.black_list,
        seconds=seconds,
        negatives=not given.only_events,
    )
