"""Names of recordings and classes that are written in one way here and in another there.

`a/street.flac` of a table and `street` of a label track are one recording; `Dog bark` and
`dog_bark` one class.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath

from ..errors import UsageError
from ..events import Event
from ..names import form_of
from .annotations import Annotated
from .channels import whole

LOG = logging.getLogger("panns_inference")

Events = Mapping[str, Sequence[Event]]


def aligned(reference: Events, estimate: Events) -> tuple[Annotated, Annotated]:
    """Return the same events, with names that are the same where they mean the same.

    Recordings are called by the names of their files, without folder and ending; if several are
    called the same, by what follows the folder that all have in common, or by the whole path.
    Classes of the estimate are spelt as in the reference. A recording that only the reference has
    by channels has the events of all of them.

    Args:
        reference: events that are there, by recording.
        estimate: events that were found, by recording.

    Raises:
        UsageError: if only the estimate has a recording by channels or tracks.
    """
    labels = {form_of(event.label): event.label for those in reference.values() for event in those}
    short = next(each for each in SHORTER if all(_differ(each(of)) for of in (reference, estimate)))
    there, found = (dict(zip(short(of), of.values(), strict=True)) for of in (reference, estimate))
    spelt = {
        name: [
            replace(event, label=labels.get(form_of(event.label), event.label)) for event in events
        ]
        for name, events in found.items()
    }
    return _joined(there, found), spelt


def of_the_only_recording(reference: Annotated, names: Collection[str]) -> Annotated:
    """Return what is known, of the only recording that there is on either side if that is so.

    A label track is often called `Label Track.txt`. A warning says what is taken for what.

    Args:
        reference: events that are there, by recording.
        names: of the recordings that they are compared with.
    """
    if len(reference) != 1 or len(names) != 1 or reference.keys() == {*names}:
        return reference
    [(name, events)], [found] = reference.items(), names
    LOG.warning("warning: %r is taken for %r: there is no other recording", name, found)
    return {found: events}


def _joined(there: Events, found: Collection[str]) -> Annotated:
    """Events that are there, channels as one where only a whole recording was looked at."""
    if split := sorted({whole(name) for name in found if name not in there} & there.keys()):
        raise UsageError(
            f"the estimate has channels or tracks of {split[0]!r}, which the reference annotates "
            "as a whole: leave --channel and --track out, or annotate each in a file of its own, "
            f"such as {split[0]}.channel1.txt, or by numbers in a column channel"
        )
    joined: Annotated = {}
    for name, events in there.items():
        is_whole = name not in found and whole(name) in found
        joined.setdefault(whole(name) if is_whole else name, []).extend(events)
    return joined


def _differ(names: Sequence[str]) -> bool:
    return len({*names}) == len(names)


def _stems(names: Iterable[str]) -> list[str]:
    return [PurePath(name).stem for name in names]


def _below_common_folder(names: Iterable[str]) -> list[str]:
    paths = [os.path.abspath(name) for name in names]
    folder = os.path.commonpath(map(os.path.dirname, paths)) if paths else ""
    return [os.path.splitext(os.path.relpath(path, folder))[0] for path in paths]


SHORTER: Sequence[Callable[[Iterable[str]], list[str]]] = (_stems, _below_common_folder, list)
"""Ways to shorten names, from the shortest to none."""
