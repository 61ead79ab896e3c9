"""Results of many recordings to where a kill does not harm them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

from ..errors import PannsError, PathError
from ..results import Result
from .hearing import Heard, Hearing
from .journal import Journal
from .lines import Entry
from .names import by_name
from .place import Output
from .progress import progress_of
from .report import Failure, OnError, Report, fail

LOG = logging.getLogger("panns_inference")


def kept(
    hearing: Hearing,
    place: Output,
    journal: Journal,
    refused: Mapping[int, PannsError],
    on_error: OnError,
    progress: bool,
) -> Report:
    """Get the results that are not there yet, and put them where they belong.

    Args:
        hearing: of the recordings.
        place: of the results.
        journal: of the run.
        refused: recordings whose results cannot be kept, by their places in the list, and why.
        on_error: what becomes of failures.
        progress: shows how far it is on stderr, if that is a terminal.
    """
    recordings = hearing.recordings
    done = _done(hearing, place, journal)
    failures: dict[int, Failure] = {}
    written: set[str] = set()
    with progress_of(len(recordings), len(done), progress) as seen:
        hearing = replace(hearing, done=done, notes=journal.notes, tell=seen.hear)
        for heard in by_name(hearing, refused):
            recording = recordings[heard.number]
            cause = None
            if recording.key not in written:  # a name may be listed twice
                cause = _keep(place, journal, heard, recording.size)
            seen.count(failed=cause is not None)
            if cause:
                failures[heard.number] = fail(recording, cause, on_error)
            else:
                written.add(recording.key)
    place.finish(journal, hearing.verb.model.labels)
    if not failures:
        journal.forget_notes()
    told = tuple(failure for _, failure in sorted(failures.items()))
    return Report(len(recordings), seen.n_heard, len(done), told, seen.seconds, seen.elapsed)


def _done(hearing: Hearing, place: Output, journal: Journal) -> dict[int, int]:
    """Recordings whose results are there, by their places in the list: their lengths in samples."""
    done: dict[int, int] = {}
    lost: set[str] = set()
    for number, recording in enumerate(hearing.recordings):
        if not (entry := journal.done(recording)):
            continue
        if not place.holds(entry, number):
            lost.add(recording.key)
        elif recording.size is not None:  # what is gone is a failure, and its result stays
            done[number] = entry.n_samples
    for key in lost:
        journal.entries.pop(key)
    if lost:
        LOG.warning(
            "warning: results that are lost or were changed are computed again: %d", len(lost)
        )
    return done


def _keep(place: Output, journal: Journal, heard: Heard, size: int | None) -> PannsError | None:
    """Keep an outcome, and write down what it is; why it failed, or None."""
    recording = place.recordings[heard.number]
    entry = replace(
        Entry(recording.path, size, recording.mtime_ns, heard.n_samples),
        track=recording.track,
        channel=recording.channel,
    )
    outcome = heard.outcome
    if isinstance(outcome, Result):
        try:
            place.keep(journal, heard, entry, outcome)
        except PathError as error:
            outcome = error
        else:
            return None
    if not journal.done(recording):
        journal.note(replace(entry, n_samples=0, cause=str(outcome)))
    return outcome
