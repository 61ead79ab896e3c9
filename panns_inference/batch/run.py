"""Folders of recordings in, results out: as they come, or into files that outlive a kill."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ..audio import Clock, Reading
from ..audio.files import File
from ..errors import PannsError, UsageError
from ..events.columns import Class
from ..formats.endings import format_for
from ..formats.spans import Selection
from ..pipeline import Task
from ..pipeline.run import in_turn
from ..results import Result
from ..wording import argument
from .aliases import outcomes
from .discover import find
from .progress import OnError, Report, progress_of
from .recording import Recording, split_channels

if TYPE_CHECKING:
    from .resume import StateFiles

R = TypeVar("R", bound=Result)


def results(
    task: Task[R],
    inputs: Iterable[File],
    *,
    jobs: int | None = None,
    on_error: OnError = "raise",
    resampler: str = "soxr",
    strict: bool = False,
    track: int | str | None = None,
    channel: int | str = "mix",
    clock: Clock | None = None,
    progress: bool = False,
) -> Iterator[R]:
    """Yield the results of many recordings, in their order, as soon as they are known.

    Recordings are prefetched, and those of one length go through the network in one batch; by
    that no probability changes by more than 1e-6.

    Args:
        task: such as `TaggingTask(model)`.
        inputs: open files; files, folders and patterns, as for `find`.
        jobs: decoders that work at the same time; None leaves the cores to a network on the CPU.
        on_error: 'raise' ends with the first recording that cannot be used, 'skip' logs it; a
            function is called with the failure.
        resampler: 'soxr', or 'resampy' (extra `resampy`).
        strict: whether a file that is cut is an error.
        track: number of the sound track of a file, from 1; None is its default track; 'all' gives
            each track a result.
        channel: 'mix', 'left', 'right', or a number, from 1; 'each' gives each channel a result,
            and counts it as a recording.
        clock: how `start` of the results is found out; None does not look for it.
        progress: whether stderr shows how far it is, if that is a terminal.

    Raises:
        AudioError: if there is no recording, or for one that cannot be used.
        UsageError: if an argument makes no sense.
    """
    _check(jobs, on_error)
    reading = Reading(resampler, strict, track, channel, clock)
    recordings = split_channels(find(inputs), reading)
    settings: dict[str, Any] = {"jobs": jobs, "on_error": on_error, "progress": progress}
    return (result for result, _ in in_order(task, recordings, reading, **settings))


def run(
    task: Task[R],
    inputs: Iterable[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    *,
    format: str | None = None,  # noqa: A002 the word that users expect
    split: bool = False,
    overwrite: bool = False,
    spared: Iterable[str | os.PathLike[str]] = (),
    top: int | None = None,
    threshold: float | Mapping[Class, float] = 0.0,
    raw: bool = False,
    classes: Collection[Class] | None = None,
    exclude: Collection[Class] = (),
    excel: bool = False,
    delimiter: str | None = None,
    decimal: str = ".",
    jobs: int | None = None,
    on_error: OnError = "skip",
    resampler: str = "soxr",
    strict: bool = False,
    track: int | str | None = None,
    channel: int | str = "mix",
    clock: Clock | None = None,
    progress: bool = False,
) -> Report:
    """Write the results of many recordings; a run that is killed goes on when it is called again.

    What is done is kept in a journal: the folder `OUTPUT.panns`, or `OUTPUT/.panns` with `split`.
    Called again with the same arguments, it processes what is new, has changed or failed; the
    output is that of a run that was never stopped. Without `overwrite`, only a file that the run
    itself wrote and nobody changed since is replaced: in a tree, a file of others is a failure of
    one recording.

    Args:
        task: as for `results`.
        inputs: files, folders and patterns, as for `find`.
        output: the file to write; with `split` a folder, which gets a file for each recording, in
            subfolders like those of the recordings.
        format: name of one of `formats.FORMATS`; None is the one that the ending of `output` says,
            and with `split` CSV.
        split: whether each recording gets a file.
        overwrite: whether files that are there are replaced, whoever wrote them, and the journal of
            an earlier run is forgotten.
        spared: other files that are read, such as a list of the inputs, and never written.
        top: how many tags or events of a recording at most; None is all.
        threshold: as for `Format.write`, like the next six.
        raw: as there.
        classes: as there.
        exclude: as there.
        excel: as there.
        delimiter: as there.
        decimal: as there.
        jobs: as for `results`.
        on_error: as for `results`.
        resampler: as for `results`.
        strict: as for `results`.
        track: as for `results`.
        channel: as for `results`.
        clock: as for `results`.
        progress: as for `results`.

    Raises:
        AudioError: as `results`.
        UsageError: if an argument makes no sense, the format does not follow from the name of the
            output or contradicts it, what is there would be replaced, or an earlier run had another
            request.
        OutputError: if something cannot be written, or another process is at work on this output.
    """
    # Here, for `results` needs neither plan nor journal.
    from .plan import Plan
    from .save import carry_out

    _check(jobs, on_error)
    plan = Plan(
        inputs=list(inputs),
        reading=Reading(resampler, strict, track, channel, clock),
        path=os.fspath(output),
        format=format_for(os.fspath(output), format, split=split),
        selection=Selection(top, threshold, raw, classes, exclude, excel, delimiter, decimal),
        split=split,
        overwrite=overwrite,
        spared=tuple(spared),
    )
    return carry_out(plan, task, jobs=jobs, on_error=on_error, progress=progress)


def in_order(
    task: Task[R],
    recordings: Sequence[Recording],
    reading: Reading,
    *,
    jobs: int | None,
    on_error: OnError,
    progress: bool,
    increments: bool = False,
    state_of: Callable[[Recording], StateFiles] | None = None,
) -> Iterator[tuple[R, bool]]:
    """Yield the results of some recordings, in their order, as soon as they are known.

    With each comes whether it is the last of its recording: with `increments`, others come before.

    Args:
        task: as for `results`.
        recordings: in any order.
        reading: how they are read.
        jobs: as for `results`.
        on_error: as for `results`.
        progress: as for `results`.
        increments: as for `pipeline.run.run`.
        state_of: as for `outcomes`.
    """
    more: dict[str, Any] = {"jobs": jobs, "increments": increments, "state_of": state_of}
    with progress_of(recordings, progress) as counted:
        found = outcomes(task, recordings, reading, counted, **more)
        for each in in_turn(outcome for outcome, _ in found):
            if isinstance(each.result, PannsError):
                name = recordings[each.number].name
                counted.add_failure(each.number, name, each.result, on_error)
            else:
                yield each.result, each.is_last
                if each.is_last:
                    counted.add_done()


def none_is_there(recordings: Sequence[Recording], on_error: OnError) -> Report | None:
    """Return the report of recordings none of which is there; None if one is.

    For such recordings no network needs to be loaded.

    Args:
        recordings: the list.
        on_error: as for `results`.
    """
    if any(recording.size is not None for recording in recordings):
        return None
    with progress_of(recordings, shown=False) as counted:
        for number, recording in enumerate(recordings):
            counted.add_failure(number, recording.name, recording.missing(), on_error)
    return counted.report()


def _check(jobs: int | None, on_error: OnError) -> None:
    if jobs is not None and jobs < 1:
        raise UsageError(f"{argument('jobs', jobs)} is no number of decoders: give 1 or more")
    if isinstance(on_error, str) and on_error not in ("raise", "skip"):
        raise UsageError(f"on_error is 'raise', 'skip' or a function, not {on_error!r}")
