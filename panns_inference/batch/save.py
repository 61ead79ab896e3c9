"""Results of many recordings to where a kill does not harm them."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import TypeVar

from ..errors import OutputError, PannsError, PathError
from ..pipeline import Task
from ..pipeline.recordings import Outcome
from ..results import Result
from ..terminal import printable
from .aliases import outcomes
from .journal import Journal, opened
from .line import hours
from .outputs import Output
from .plan import Plan, check_nothing_lost
from .progress import OnError, Report, progress_of
from .recording import Recording, with_earlier_channels
from .records import FileRecord
from .request import check_format, request_of

R = TypeVar("R", bound=Result)

LOG = logging.getLogger("panns_inference")


def carry_out(
    plan: Plan, task: Task[R], *, jobs: int | None, on_error: OnError, progress: bool
) -> Report:
    """Compute the results of a plan that are not there yet, and write them.

    Args:
        plan: what is read and written.
        task: what is computed.
        jobs: decoders that work at the same time; None leaves the cores to a network on the CPU.
        on_error: 'raise', 'skip', or a function that is called with each failure.
        progress: whether stderr shows how far it is, if that is a terminal.

    Raises:
        UsageError: if what is there would be replaced, or an earlier run had another request.
        OutputError: if something cannot be written, or another process is at work on this output.
    """
    output = plan.output
    check_format(plan.format, task)
    settings = {"format": plan.format.name, **plan.selection._asdict(), "split": plan.split}
    more = {
        "output": settings,
        "reading": asdict(plan.reading),
        **({"folder": str(plan.folder)} if plan.split else {}),
        "inputs": [os.fspath(each) for each in plan.inputs],
    }
    request = request_of(task, more)
    with _explained(plan.path), opened(output.journal, request, plan.overwrite) as journal:
        if plan.reading.is_several:
            output = plan.output_for([*with_earlier_channels(plan.recordings, journal.records)])
        check_nothing_lost(output, journal)
        journal.sweep({path.parent for path in output.files} if plan.split else ())
        try:
            return _save_all(plan, task, output, journal, jobs, on_error, progress)
        except KeyboardInterrupt:
            if place := _place_of_stop(output, journal, task.model.sample_rate):
                LOG.info("stopped %s; the same command goes on", place)
            raise
        finally:
            journal.remove_if_empty()


def _save_all(
    plan: Plan,
    task: Task[R],
    output: Output,
    journal: Journal,
    jobs: int | None,
    on_error: OnError,
    progress: bool,
) -> Report:
    """Compute the results that are not there yet, and write them."""
    recordings = output.recordings
    done = _done(output, journal)
    written: set[str] = set()
    lengths = {number: n / task.model.sample_rate for number, n in done.items()}
    with progress_of(recordings, progress, lengths) as counted:
        found = outcomes(
            task,
            recordings,
            plan.reading,
            counted,
            jobs=jobs,
            refused=output.refused,
            done=done,
            state_of=journal.state_of,
        )
        for outcome, file in found:
            recording = recordings[outcome.number]
            # A recording may be named twice.
            is_new = recording.key not in written
            if is_new and (error := _save(output, journal, outcome, file)):
                counted.add_failure(outcome.number, recording.name, error, on_error)
            else:
                counted.add_done()
                written.add(recording.key)
    output.finish(journal, task.model.labels)
    if not counted.failures:
        journal.forget_states()
    return counted.report()


def _place_of_stop(output: Output, journal: Journal, sample_rate: int) -> str:
    """How far a run has come, as the journal has it; empty if the same command begins anew."""
    recordings = output.recordings
    lengths = ((each, journal.state_of(each).n_samples / sample_rate) for each in recordings)
    name, seconds = next(((each.name, length) for each, length in lengths if length), ("", 0.0))
    if len(recordings) == 1:
        return f"at {hours(seconds)}" if seconds else ""
    n_done = sum(journal.done(recording) is not None for recording in recordings)
    at = f", at {hours(seconds)} of {printable(name or '')}" if seconds else ""
    return f"after {n_done} of {len(recordings)} recordings{at}" if n_done or seconds else ""


def _done(output: Output, journal: Journal) -> dict[int, int]:
    """Recordings whose results are there, by their places in the list: their lengths in samples."""
    done: dict[int, int] = {}
    lost: set[str] = set()
    for number, recording in enumerate(output.recordings):
        if not (record := journal.done(recording)):
            continue
        if not output.holds(record, number):
            lost.add(recording.key)
        elif recording.size is not None:  # what is gone is a failure, and its result stays
            done[number] = record.n_samples
    for key in lost:
        journal.records.pop(key)
    if lost:
        LOG.warning(
            "warning: results that are lost or were changed are computed again: %d", len(lost)
        )
    return done


def _save(
    output: Output, journal: Journal, outcome: Outcome[R], file: Recording
) -> PannsError | None:
    """Write a result and its record, or the record of a failure; why it failed, or None."""
    recording = output.recordings[outcome.number]
    record = FileRecord(
        recording.path,
        recording.size,
        recording.mtime_ns,
        outcome.n_samples,
        track=recording.track,
        channel=recording.channel,
    )
    error: PannsError
    if isinstance(outcome.result, PannsError):
        error = outcome.result
    else:
        state = journal.state_of(file)
        try:
            output.keep(journal, record, outcome.number, outcome.result, state)
        except PathError as refusal:
            error = refusal
        else:
            return None
    if not journal.done(recording):
        journal.add(replace(record, n_samples=0, cause=str(error)))
    return error


@contextlib.contextmanager
def _explained(path: str) -> Iterator[None]:
    try:
        yield
    except PannsError:
        raise
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error
