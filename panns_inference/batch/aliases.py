"""Files that have several names: links, a name that is listed twice, two paths to one file.

names     a.wav   b.wav   link-to-a.wav   ./b.wav
files     a.wav   b.wav                             each is processed once
results   a.wav   b.wav   link-to-a.wav   ./b.wav
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..errors import AudioError, PannsError
from ..results import Result
from .hearing import Heard, Hearing
from .recording import Recording


def outcomes(hearing: Hearing, refused: Mapping[int, PannsError]) -> Iterator[Heard]:
    """Yield the outcome of each recording that is not done, as soon as it is known.

    Args:
        hearing: of the recordings.
        refused: recordings whose results cannot be kept, by their places in the list, and why: a
            file all of whose names are refused is left alone.
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
                outcome = _renamed(each.outcome, names[number], each.heard_as)
                yield each._replace(number=number, outcome=outcome)
        if state := hearing.notes(each.heard_as):
            state.remove()


def grouped(recordings: Sequence[Recording], left_out: Container[int]) -> list[list[int]]:
    """Return the places of the recordings in the list, those of one file together.

    A file may have several names: links, a name that is listed twice, two paths to it. Its tracks
    and channels count as files of their own.

    Args:
        recordings: the list.
        left_out: places that are in no group.
    """
    groups: dict[Hashable, list[int]] = {}
    for number, recording in enumerate(recordings):
        if number not in left_out:
            groups.setdefault((recording.identity, recording.suffix), []).append(number)
    return list(groups.values())


def _renamed(
    outcome: Result | PannsError, recording: Recording, first: Recording
) -> Result | PannsError:
    """The same outcome for another name of the file."""
    if recording.name == first.name:
        return outcome
    if isinstance(outcome, PannsError):
        return AudioError(f"{recording.name} is the same file as {first.name}: {outcome}")
    stretches: Sequence[Result] = getattr(outcome, "stretches", ())
    more: dict[str, Any] = {}
    if stretches:
        more["stretches"] = tuple(replace(each, source=recording.name) for each in stretches)
    return replace(outcome, source=recording.name, **more)
