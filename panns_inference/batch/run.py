"""Folders of recordings in, results out: as they come, or into files that outlive a kill."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from .. import cores
from ..audio.files import File
from ..errors import AudioError, OutputError, PannsError, UsageError
from ..formats import FORMATS
from ..names import closest
from ..results import Result
from ..verbs import Verb
from .finding import Recording, find, shared_folder
from .hearing import Hearing, in_turn, is_on_cpu, refusal
from .identity import check_format, identity_of
from .journal import Entry, Journal, opened
from .names import by_name
from .outputs import Form, Output, output_of, refuse_to_forget, refuse_to_replace
from .progress import progress_of
from .report import Failure, Report

LOG = logging.getLogger("panns_inference")

OpenVerb = Verb | Callable[[], Verb]
"""A verb, or what opens one when it is sure that there is something to hear."""

OnError = str | Callable[[Failure], object]
"""'raise', 'skip', or who is told."""

MOST_JOBS = 16
"""Decoders that no network outruns."""


def results(
    verb: OpenVerb,
    inputs: Iterable[File],
    *,
    jobs: int | None = None,
    on_error: OnError = "raise",
    resampler: str = "soxr",
    strict: bool = False,
    progress: bool = False,
) -> Iterator[Result]:
    """Results of many recordings, in their order, as soon as they are known.

    Recordings are decoded ahead, and those of one length go through the network together; by that
    no probability changes by more than 1e-6.

    Args:
        verb: as `model.verb("tag")` makes it, or a function that makes one.
        inputs: open files; files, folders and patterns, as for `find`.
        jobs: decoders that work at the same time; None leaves the cores to a network on the CPU.
        on_error: 'raise' ends with the first recording that cannot be used, 'skip' logs it; a
            function is told of it.
        resampler: 'soxr', 'resampy' or 'torch'.
        strict: whether a file that is cut is an error.
        progress: shows how far it is on stderr, if that is a terminal.

    Raises:
        AudioError: if there is no recording, or for one that cannot be used.
        UsageError: if an argument makes no sense.
    """
    _check(jobs, on_error)
    recordings = find(inputs)
    reading = {"resampler": resampler, "strict": strict}
    return _in_order(verb, recordings, jobs, on_error, progress, **reading)


def run(
    verb: OpenVerb,
    inputs: Iterable[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    *,
    format: str = "csv",  # noqa: A002 the word that users expect
    split: bool = False,
    overwrite: bool = False,
    top: int | None = None,
    threshold: float = 0.0,
    raw: bool = False,
    jobs: int | None = None,
    on_error: OnError = "skip",
    resampler: str = "soxr",
    strict: bool = False,
    progress: bool = False,
) -> Report:
    """Write the results of many recordings; a run that is killed goes on when it is called again.

    What is done is kept in a journal: the folder `OUTPUT.panns`, or `OUTPUT/.panns` with `split`.
    Called again with the same arguments, it hears what is new, has changed or failed; the output is
    that of a run that was never stopped. The journal of a single recording goes when it is done.

    Args:
        verb: as for `results`.
        inputs: files, folders and patterns, as for `find`.
        output: the file to write; with `split` a folder, which gets a file for each recording, in
            subfolders like those of the recordings.
        format: name of one of `formats.FORMATS`.
        split: whether each recording gets a file.
        overwrite: whether what is there is replaced, and the journal of an earlier run forgotten.
        top: how many tags of a recording at most; None is all.
        threshold: smallest probability of a tag.
        raw: as for `Format.write`.
        jobs: as for `results`.
        on_error: as for `results`.
        resampler: as for `results`.
        strict: as for `results`.
        progress: as for `results`.

    Raises:
        AudioError: as `results`.
        UsageError: if an argument makes no sense, what is there would be replaced, or an earlier
            run was asked something else.
        OutputError: if something cannot be written, or another process is at work on this output.
    """
    _check(jobs, on_error)
    inputs = list(inputs)
    selection = {"top": top, "threshold": threshold, "raw": raw}
    form = Form(FORMATS[closest(format, FORMATS, "format")], selection)
    form.format.require()
    recordings = find(inputs)
    folder = shared_folder(inputs)
    place = output_of(recordings, folder, os.fspath(output), split, form)
    refuse_to_replace(place, recordings, overwrite)
    if (asked := _asked(verb, recordings)) is None:
        failures = tuple(_fail(each, refusal(each), on_error) for each in recordings)
        return Report(len(recordings), 0, 0, failures, 0.0, 0.0)
    check_format(form.format, asked)
    run_json = {
        **identity_of(asked),
        "output": {"format": form.format.name, **form.selection, "split": split},
        "reading": {"resampler": resampler, "strict": strict},
        **({"folder": str(folder)} if split else {}),
        "inputs": [os.fspath(each) for each in inputs],
    }
    ears = Hearing(asked, recordings, jobs or default_jobs(asked), resampler, strict)
    with _explained(output), opened(place.journal, run_json, overwrite) as journal:
        refuse_to_forget(place, journal)
        journal.sweep({path.parent for path in place.files} if split else ())
        try:
            report = _kept(ears, place, journal, on_error, progress)
        except AudioError:
            if place.is_lone:
                journal.remove()
            raise
        if place.is_lone:
            journal.remove()
    return report


def default_jobs(verb: Verb) -> int:
    """Decoders that leave most cores to a network on the CPU, or feed one that is elsewhere.

    Args:
        verb: what is asked of it.
    """
    return max(2, min(MOST_JOBS, cores.available() // (4 if is_on_cpu(verb) else 1)))


def _in_order(
    verb: OpenVerb,
    recordings: Sequence[Recording],
    jobs: int | None,
    on_error: OnError,
    progress: bool,
    **reading: Any,
) -> Iterator[Result]:
    if (asked := _asked(verb, recordings)) is None:
        for recording in recordings:
            _fail(recording, refusal(recording), on_error)
        return
    with progress_of(len(recordings), 0, progress) as seen:
        n_jobs = jobs or default_jobs(asked)
        ears = Hearing(asked, recordings, n_jobs, tell=seen.hear, **reading)
        for heard in in_turn(by_name(ears, {})):
            seen.count(failed=isinstance(heard.outcome, PannsError))
            if isinstance(heard.outcome, PannsError):
                _fail(recordings[heard.number], heard.outcome, on_error)
            else:
                yield heard.outcome


def _kept(
    ears: Hearing, place: Output, journal: Journal, on_error: OnError, progress: bool
) -> Report:
    """Hear what is not done, and put it where a kill does not harm it."""
    recordings = ears.recordings
    entries = {number: journal.done(each) for number, each in enumerate(recordings)}
    done = {n: e.n_samples for n, e in entries.items() if e and place.holds(e, n)}
    failures: dict[int, Failure] = {}
    with progress_of(len(recordings), len(done), progress) as seen:
        ears = replace(ears, done=done, notes=journal.notes, tell=seen.hear)
        for heard in by_name(ears, {}):
            recording = recordings[heard.number]
            entry = Entry(recording.path, recording.size, recording.mtime_ns, heard.n_samples)
            seen.count(failed=isinstance(heard.outcome, PannsError))
            if isinstance(heard.outcome, PannsError):
                journal.note(replace(entry, cause=str(heard.outcome)))
                failures[heard.number] = _fail(recording, heard.outcome, on_error)
                continue
            output, n_bytes = place.keep(journal, heard, heard.outcome)
            journal.note(replace(entry, output=output, n_bytes=n_bytes))
    place.finish(journal, ears.verb.model.labels)
    if not failures:
        journal.forget_notes()
    told = tuple(failure for _, failure in sorted(failures.items()))
    return Report(len(recordings), seen.n_heard, len(done), told, seen.seconds, seen.elapsed)


def _check(jobs: int | None, on_error: OnError) -> None:
    if jobs is not None and jobs < 1:
        raise UsageError(f"jobs={jobs} is no number of decoders: give 1 or more")
    if isinstance(on_error, str) and on_error not in ("raise", "skip"):
        raise UsageError(f"on_error is 'raise', 'skip' or a function, not {on_error!r}")


def _asked(verb: OpenVerb, recordings: Sequence[Recording]) -> Verb | None:
    """The verb; None, without opening it, if none of the recordings is there."""
    if all(recording.size is None for recording in recordings):
        return None
    return verb if isinstance(verb, Verb) else verb()


def _fail(recording: Recording, error: PannsError, on_error: OnError) -> Failure:
    failure = Failure(recording.name, str(error))
    if on_error == "raise":
        raise error
    if callable(on_error):
        on_error(failure)
    else:
        LOG.error("error: %s", error)
    return failure


@contextlib.contextmanager
def _explained(output: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except PannsError:
        raise
    except OSError as error:
        raise OutputError(f"{output} cannot be written: {error.strerror or error}") from error
