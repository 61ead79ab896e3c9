"""Files that have several names: links, a name that is listed twice, two paths to one file.

names     a.wav   b.wav   link-to-a.wav   ./b.wav
files     a.wav   b.wav                             each goes through the network once
results   a.wav   b.wav   link-to-a.wav   ./b.wav
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..errors import AudioError, PannsError
from ..results import Result
from .finding import Recording
from .hearing import Heard, Hearing


def by_name(hearing: Hearing, refused: Mapping[int, PannsError]) -> Iterator[Heard]:
    """The outcome of each name that is not done, as soon as it is known.

    Args:
        hearing: of the recordings by their names.
        refused: names whose results cannot be kept, by their places in the list, and why: a file
            all of whose names are refused is left alone.
    """
    names = hearing.recordings
    yield from (Heard(number, 0, error, names[number]) for number, error in refused.items())
    groups = grouped(names, refused)
    files = [names[group[0]] for group in groups]
    done = {
        place: hearing.done[group[0]]
        for place, group in enumerate(groups)
        if all(number in hearing.done for number in group)
    }
    for each in replace(hearing, recordings=files, done=done).heard():
        for number in groups[each.number]:
            if number not in hearing.done:
                outcome = _named(each.outcome, names[number], each.heard_as)
                yield each._replace(number=number, outcome=outcome)
        if notes := hearing.notes(each.heard_as):
            notes.remove()


def grouped(names: Sequence[Recording], refused: Mapping[int, PannsError]) -> list[list[int]]:
    """Places of the names in the list, those of one file, or of one part of it, together.

    Args:
        names: recordings by their names.
        refused: places that are left out.
    """
    groups: dict[Hashable, list[int]] = {}
    for number, recording in enumerate(names):
        if number not in refused:
            groups.setdefault((recording.identity, recording.part), []).append(number)
    return list(groups.values())


def _named(outcome: Result | PannsError, name: Recording, first: Recording) -> Result | PannsError:
    """The same outcome for another name of the file."""
    if name.name == first.name:
        return outcome
    if isinstance(outcome, Result):
        parts = tuple(replace(each, source=name.name) for each in getattr(outcome, "stretches", ()))
        more: dict[str, Any] = {"stretches": parts} if parts else {}
        return replace(outcome, source=name.name, **more)
    return AudioError(f"{name.name} is the same file as {first.name}: {outcome}")
