"""Files that have several names: links, a name that is listed twice, two paths to one file.

names     a.wav   b.wav   link-to-a.wav   ./b.wav
files     a.wav   b.wav                             each is processed once
results   a.wav   b.wav   link-to-a.wav   ./b.wav
"""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from ..audio import Reading
from ..errors import AudioError, PannsError
from ..pipeline import Task
from ..pipeline.inputs import Input
from ..pipeline.run import Outcome, run
from ..results import Result
from .recording import Recording
from .resume import SavedState


def _no_state(recording: Recording) -> None:
    """Long recordings begin anew."""


def outcomes(
    task: Task[Any],
    recordings: Sequence[Recording],
    reading: Reading,
    jobs: int,
    report: Callable[[float], object],
    *,
    done: Mapping[int, int] = MappingProxyType({}),
    refused: Mapping[int, PannsError] = MappingProxyType({}),
    state_of: Callable[[Recording], SavedState | None] = _no_state,
) -> Iterator[tuple[Outcome[Any], Recording]]:
    """Yield the outcome of each recording that is not done, and the one that was read for it.

    Args:
        task: what the model is to say of them.
        recordings: the list.
        reading: how they are read.
        jobs: threads that decode.
        report: called with the seconds of audio that were processed, whenever some were.
        done: recordings whose results are there, by their places in the list: their lengths in
            samples at the network's rate.
        refused: recordings whose results cannot be kept, by their places in the list, and why: a
            file all of whose names are refused is left alone.
        state_of: a recording to where its state is saved while it is processed.
    """
    yield from (
        (Outcome(number, 0, error), recordings[number]) for number, error in refused.items()
    )
    groups = grouped(recordings, refused)
    files = [recordings[group[0]] for group in groups]
    found = run(
        task,
        [Input(each.source, reading.of(each.track, each.channel)) for each in files],
        jobs=jobs,
        done={
            place: done[group[0]]
            for place, group in enumerate(groups)
            if all(number in done for number in group)
        },
        resume=lambda place: state_of(files[place]),
        report=report,
    )
    for each in found:
        first = files[each.number]
        for number in groups[each.number]:
            if number not in done:
                result = _renamed(each.result, recordings[number], first)
                yield replace(each, number=number, result=result), first
        if state := state_of(first):
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
