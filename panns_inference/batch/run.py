"""Folders of recordings in, results out: as they come, or into files that outlive a kill."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict

from .. import cores
from ..audio import Reading
from ..audio.files import File
from ..errors import OutputError, PannsError, UsageError
from ..formats import FORMATS
from ..names import closest
from ..results import Result
from ..verbs import Verb
from .finding import Recording, find, shared_folder
from .hearing import Hearing, in_turn, is_on_cpu, refusal
from .identity import check_format, identity_of
from .journal import opened
from .keeping import kept
from .names import by_name
from .outputs import output_of, refuse_to_forget, refuse_to_replace
from .place import Form
from .progress import progress_of
from .report import OnError, Report, fail
from .separated import separated, with_parts_before

LOG = logging.getLogger("panns_inference")

OpenVerb = Verb | Callable[[], Verb]
"""A verb, or what opens one when it is sure that there is something to hear."""

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
    track: int | str | None = None,
    channel: int | str = "mix",
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
        track: number of the sound track of a file, from 1; None is its default track; 'all' gives
            each track a result.
        channel: 'mix', 'left', 'right', or a number, from 1; 'each' gives each channel a result,
            and counts it as a recording.
        progress: shows how far it is on stderr, if that is a terminal.

    Raises:
        AudioError: if there is no recording, or for one that cannot be used.
        UsageError: if an argument makes no sense.
    """
    _check(jobs, on_error)
    reading = Reading(resampler, strict, track, channel)
    recordings = separated(find(inputs), reading)
    return _in_order(verb, recordings, jobs, on_error, progress, reading)


def run(
    verb: OpenVerb,
    inputs: Iterable[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    *,
    format: str = "csv",  # noqa: A002 the word that users expect
    split: bool = False,
    overwrite: bool = False,
    spared: Iterable[str | os.PathLike[str]] = (),
    top: int | None = None,
    threshold: float = 0.0,
    raw: bool = False,
    jobs: int | None = None,
    on_error: OnError = "skip",
    resampler: str = "soxr",
    strict: bool = False,
    track: int | str | None = None,
    channel: int | str = "mix",
    progress: bool = False,
) -> Report:
    """Write the results of many recordings; a run that is killed goes on when it is called again.

    What is done is kept in a journal: the folder `OUTPUT.panns`, or `OUTPUT/.panns` with `split`.
    Called again with the same arguments, it hears what is new, has changed or failed; the output is
    that of a run that was never stopped. Without `overwrite`, only a file that the run itself wrote
    and nobody changed since is replaced: in a tree, a file of others is a failure of one recording.

    Args:
        verb: as for `results`.
        inputs: files, folders and patterns, as for `find`.
        output: the file to write; with `split` a folder, which gets a file for each recording, in
            subfolders like those of the recordings.
        format: name of one of `formats.FORMATS`.
        split: whether each recording gets a file.
        overwrite: whether files that are there are replaced, whoever wrote them, and the journal of
            an earlier run is forgotten.
        spared: other files that are read, such as a list of the inputs, and never written.
        top: how many tags of a recording at most; None is all.
        threshold: smallest probability of a tag.
        raw: as for `Format.write`.
        jobs: as for `results`.
        on_error: as for `results`.
        resampler: as for `results`.
        strict: as for `results`.
        track: as for `results`.
        channel: as for `results`.
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
    reading = Reading(resampler, strict, track, channel)
    recordings = separated(find(inputs), reading)
    folder = shared_folder(inputs)
    place = output_of(recordings, folder, os.fspath(output), split, form)
    refused = refuse_to_replace(place, recordings, overwrite, spared)
    if (asked := _asked(verb, recordings)) is None:
        failures = tuple(fail(each, refusal(each), on_error) for each in recordings)
        return Report(len(recordings), 0, 0, failures, 0.0, 0.0)
    check_format(form.format, asked)
    run_json = {
        **identity_of(asked),
        "output": {"format": form.format.name, **form.selection, "split": split},
        "reading": asdict(reading),
        **({"folder": str(folder)} if split else {}),
        "inputs": [os.fspath(each) for each in inputs],
    }
    with _explained(output), opened(place.journal, run_json, overwrite) as journal:
        if reading.is_several:
            recordings = list(with_parts_before(recordings, journal.entries))
            place = output_of(recordings, folder, os.fspath(output), split, form)
            refused = refuse_to_replace(place, recordings, overwrite, spared)
        ears = Hearing(asked, recordings, jobs or default_jobs(asked), reading)
        refuse_to_forget(place, journal)
        journal.sweep({path.parent for path in place.files} if split else ())
        try:
            return kept(ears, place, journal, refused, on_error, progress)
        finally:
            journal.remove_if_empty()


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
    reading: Reading,
) -> Iterator[Result]:
    if (asked := _asked(verb, recordings)) is None:
        for recording in recordings:
            fail(recording, refusal(recording), on_error)
        return
    with progress_of(len(recordings), 0, progress) as seen:
        n_jobs = jobs or default_jobs(asked)
        ears = Hearing(asked, recordings, n_jobs, reading, tell=seen.hear)
        for heard in in_turn(by_name(ears, {})):
            seen.count(failed=isinstance(heard.outcome, PannsError))
            if isinstance(heard.outcome, PannsError):
                fail(recordings[heard.number], heard.outcome, on_error)
            else:
                yield heard.outcome


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


@contextlib.contextmanager
def _explained(output: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except PannsError:
        raise
    except OSError as error:
        raise OutputError(f"{output} cannot be written: {error.strerror or error}") from error
