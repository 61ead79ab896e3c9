"""Files that have several names: links, a name that is given twice, two paths to one file.

names     a.wav   b.wav   link-to-a.wav   ./b.wav
files     a.wav   b.wav                             each is processed once
results   a.wav   b.wav   link-to-a.wav   ./b.wav
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Container, Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from ..audio import Reading
from ..errors import AudioError, PannsError
from ..pipeline import Task
from ..pipeline.recordings import Outcome
from ..pipeline.run import run
from ..pipeline.workers import default_jobs
from ..results import Result
from .progress import Progress
from .recording import Recording

if TYPE_CHECKING:
    from .resume import StateFiles

R = TypeVar("R", bound=Result)

LOG = logging.getLogger("panns_inference")


def outcomes(
    task: Task[R],
    recordings: Sequence[Recording],
    reading: Reading,
    progress: Progress,
    *,
    jobs: int | None,
    increments: bool = False,
    refused: Mapping[int, PannsError] = MappingProxyType({}),
    done: Mapping[int, int] = MappingProxyType({}),
    state_of: Callable[[Recording], StateFiles] | None = None,
) -> Iterator[tuple[Outcome[R], Recording]]:
    """Yield the outcome of each recording that is not done, and the one that was read for it.

    Args:
        task: what is wanted of the model.
        recordings: the list.
        reading: how they are read.
        progress: counts what is processed.
        jobs: decoders that work at the same time; None leaves the cores to a network on the CPU.
        increments: as for `pipeline.run.run`.
        refused: recordings whose results cannot be kept, by their places in the list, and why: a
            file all of whose names are refused is left alone.
        done: recordings whose results are there, by their places in the list: their lengths in
            samples at the network's rate.
        state_of: gives where the state of a long recording is saved; None saves none.
    """
    for number, error in refused.items():
        progress.finish(number)
        yield Outcome(number, 0, error), recordings[number]
    groups = grouped(recordings, refused)
    files = [recordings[group[0]] for group in groups]
    found = run(
        task,
        [file.input(reading) for file in files],
        jobs=jobs or default_jobs(task),
        done={n: done[g[0]] for n, g in enumerate(groups) if all(each in done for each in g)},
        resume=lambda n: state_of(files[n]) if state_of else None,
        increments=increments,
        progress=progress,
    )
    read: set[str] = set()
    without_start: set[str] = set()
    for outcome in found:
        file = files[outcome.number]
        for number in groups[outcome.number]:
            if number not in done:
                if outcome.is_last:
                    progress.finish(number)
                recording, result = recordings[number], outcome.result
                if recording.name != file.name:
                    result = _renamed(result, recording, file, reading)
                if isinstance(result, Result):
                    read.add(recording.path)
                    if result.start is None:
                        without_start.add(recording.path)
                yield replace(outcome, number=number, result=result), file
        if state_of and outcome.is_last:
            state_of(file).remove()
    if reading.clock and without_start:
        LOG.warning(
            "warning: it is not known when %d of %d recordings began: %s",
            len(without_start),
            len(read),
            reading.clock.unknown,
        )


def grouped(recordings: Sequence[Recording], left_out: Container[int]) -> list[list[int]]:
    """Return the places of the recordings in the list, grouped by file.

    A file may have several names: links, a name that is given twice, two paths to it. Its tracks
    and channels count as files of their own.

    Args:
        recordings: the list.
        left_out: places that are in no group.
    """
    groups: dict[Hashable, list[int]] = {}
    for number, recording in enumerate(recordings):
        if number not in left_out:
            channel = recording.identity, recording.track, recording.channel
            groups.setdefault(channel, []).append(number)
    return list(groups.values())


def _renamed(
    result: R | PannsError, recording: Recording, file: Recording, reading: Reading
) -> R | PannsError:
    """The same result for another name of the file."""
    if isinstance(result, PannsError):
        return AudioError(f"{recording.name} is the same file as {file.name}: {result}")
    stretches: Sequence[Result] = getattr(result, "stretches", ())
    start = reading.clock.start_of(recording.source) if reading.clock else None
    known: dict[str, Any] = {"source": recording.name, "start": start}
    more: dict[str, Any] = {}
    if stretches:
        more["stretches"] = tuple(replace(each, **known) for each in stretches)
    return replace(result, **known, **more)
