"""Names of recordings and classes that are written in one way here and in another there.

`a/street.flac` of a table and `street` of a label track are one recording; `Dog bark` and
`dog_bark` one class.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath

from ..events import Event
from ..names import form_of
from .annotations import Annotated

Events = Mapping[str, Sequence[Event]]


def aligned(reference: Events, estimate: Events) -> tuple[Annotated, Annotated]:
    """Return the same events, with names that are the same where they mean the same.

    Recordings are called by the names of their files, without folder and ending; if several are
    called the same, by what follows the folder that all have in common, or by the whole path.
    Classes of the estimate are spelt as in the reference.

    Args:
        reference: events that are there, by recording.
        estimate: events that were found, by recording.
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
    return {name: [*events] for name, events in there.items()}, spelt


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
